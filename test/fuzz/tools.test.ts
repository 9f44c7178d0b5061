import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tools } from '../../src/tools/registry.ts'
import { NO_LAB } from '../tools/product.ts'
import { expectAnswer, type Published, publishedTools } from './answers.ts'
import { holds, PROPERTY_MS } from './cases.ts'
import { NASTY_TEXTS, nastyText } from './nasty.ts'
import { changes, outside, Place } from './place.ts'
import { argumentsFor } from './schema.ts'

let place: Place
let published: Published[]

beforeAll(async () => {
  place = await new Place().begin()
  published = await publishedTools(await place.wire())
})
afterAll(() => place.dispose())

/** Commands that are started in earnest; what is hostile stands in their arguments. */
const command = fc.oneof(
  { weight: 6, arbitrary: fc.constant(['true']) },
  { weight: 2, arbitrary: fc.constant(['python3', '-c', 'pass']) },
  { weight: 3, arbitrary: fc.array(nastyText, { maxLength: 3 }).map((rest) => ['true', ...rest]) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>([], [''], [' '], ['\0'], 'true', [1], null, ['no-such-program']),
  },
)
const increment = fc.oneof(
  { weight: 12, arbitrary: fc.constant('0001') },
  { weight: 1, arbitrary: nastyText },
)
const run = fc.oneof(
  { weight: 4, arbitrary: fc.constant('0001/exp-001-forest') },
  { weight: 1, arbitrary: nastyText },
  { weight: 1, arbitrary: fc.array(nastyText, { maxLength: 4 }) },
)
const name = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('a', 'b c', 'Ä 1', 'exp-007-x') },
  { weight: 3, arbitrary: nastyText },
)
/** A wait that is long is right, and costs the tests' time. */
const wait_s = fc.constantFrom<unknown>(
  undefined,
  undefined,
  undefined,
  undefined,
  0,
  0.01,
  0.01,
  -1,
  41,
  'soon',
)
/** What few requests get by with when it is generated, so that the rest of them would never be reached. */
const resources = fc.oneof(
  { weight: 5, arbitrary: fc.constant(undefined) },
  {
    weight: 2,
    arbitrary: fc.constantFrom<unknown>(
      { cpus: 1 },
      { cpus: 1e9 },
      { gpus: 1e9 },
      { memory_gb: 1e-9 },
      { cpus: -1 },
      {},
    ),
  },
)
const cwd = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(undefined, '.', '.specweave') },
  { weight: 1, arbitrary: nastyText },
)
const dataset = fc.oneof(
  { weight: 5, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: nastyText },
)
const source = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      'data.csv',
      'data.csv',
      'link-out/secret.txt',
      'pipe',
      '/dev/zero',
      '.',
      '.specweave',
    ),
  },
  { weight: 2, arbitrary: nastyText },
)
const target = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('y', 'a') },
  { weight: 1, arbitrary: nastyText },
)
const where = fc.array(
  fc.oneof(fc.constantFrom(...NASTY_TEXTS), fc.constantFrom('lr=0.1', 'accuracy>0', 'tags.a=1')),
  { maxLength: 3 },
)

const SENSIBLE: Record<string, Record<string, fc.Arbitrary<unknown>>> = {
  create_increment: {
    dataset,
    id: fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: nastyText }),
  },
  get_increment: { increment },
  register_dataset: { source, target, increment, name },
  run_baselines: { increment, wait_s },
  run_experiment: { command, increment, name, wait_s, resources, cwd, dataset },
  get_run: { run, wait_s },
  list_runs: { increment, where },
  stop_run: { run },
  compare_runs: { increment, where },
  evaluate_run: { run, wait_s },
  reproduce_run: { run, wait_s },
  validate_increment: { increment },
  complete_increment: { increment },
  sync_docs: { increment },
}
const NEEDS_LAB = new Set(['register_dataset', 'run_baselines', 'evaluate_run'])
/** Spends about a second a call where it is carried out. */
const SLOW: Record<string, number> = { register_dataset: 0.5 }

describe('whatever a tool is given, it answers or refuses as it says, and a refusal changes nothing', () => {
  it.each(tools.map((tool) => tool.name))(
    '%s',
    async (toolName) => {
      if (NEEDS_LAB.has(toolName) && NO_LAB) return
      const tool = published.find((each) => each.name === toolName)!
      place.keep()
      const before = place.tree()
      await holds(
        argumentsFor(tool.inputSchema, SENSIBLE[toolName]),
        async (args) => {
          const wire = await place.wire()
          const answer = await wire.call(toolName, args)
          const refused = expectAnswer(tool, answer, args)
          await place.settled()
          const changed = changes(before, place.tree())
          if (changed.length === 0) return
          place.restore(before)
          if (refused)
            expect({ refused, changed, answer: answer.line.slice(0, 500) }).toEqual({ refused, changed: [] })
          expect(outside(changed), 'was written outside of what is ours').toEqual([])
        },
        { share: SLOW[toolName] },
      )
      expect((await place.wire()).stderr).not.toMatch(/failed by a defect/)
    },
    PROPERTY_MS,
  )
})
