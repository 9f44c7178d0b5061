import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectAnswer, expectShowable, type Published, publishedTools } from './answers.ts'
import { holds, PROPERTY_MS } from './cases.ts'
import { changes, outside, Place } from './place.ts'
import { put, type Replacement, replacementOf } from './replacement.ts'

const VICTIM = '.specweave/increments/0001-churn-model/experiments/exp-001-forest'
const CHILD = '.specweave/increments/0001-churn-model/experiments/exp-003-seeds/s1'

/** Files that a run may have and this one has not, as they would be. */
const RIGHT: Record<string, object> = {
  'stop.json': { kind: 'stop', reason: 'enough', at: '2026-11-21T10:00:00.000Z' },
  'evidence.json': {
    format: 1,
    run: '0001/exp-001-forest',
    dataset: 'churn@1',
    dataset_hash: 'a'.repeat(64),
    evaluator: { version: '0.1.0', python: '3.11.0', packages: { numpy: '2.0.0' } },
    splits: {
      validation: {
        rows: 10,
        metrics: [{ name: 'accuracy', value: 0.9, ci: [0.8, 1], ci_method: 'wilson' }],
        warnings: [{ code: 'small', message: 'few rows' }],
        predictions_sha256: 'b'.repeat(64),
        labels_sha256: 'c'.repeat(64),
        lab: '0.1.0',
        at: '2026-11-21T10:00:00.000Z',
        confusion: {
          classes: ['0', '1'],
          matrix: [
            [1, 2],
            [3, 4],
          ],
        },
      },
    },
  },
  'asked.params.json': { lr: 0.1 },
}
const DATASET = {
  format: 1,
  dataset: 'churn@1',
  name: 'churn',
  version: 1,
  hash: 'a'.repeat(64),
  problem_type: 'classification',
  target: 'y',
  rows: 60,
  columns: [{ name: 'a', type: 'integer' }],
  classes: ['0', '1'],
  source: { path: 'data.csv', sha256: 'd'.repeat(64) },
  splits: {
    train: { rows: 40, path: 'train.csv' },
    validation: { rows: 10, path: 'validation.csv' },
    test: { rows: 10, path: 'test.csv', labels_sha256: 'e'.repeat(64) },
  },
  warnings: [],
}

let place: Place
let published: Published[]
let targets: { path: string; right: object }[]

beforeAll(async () => {
  place = await new Place().begin()
  await place.run({ name: 'other', command: ['python3', '-c', 'print(2)'], params: { lr: 0.2 } })
  await place.run({ name: 'seeds', command: ['true'], seeds: [1, 2] })
  published = await publishedTools(await place.wire())
  place.write('.specweave/datasets/churn/v1/dataset.json', JSON.stringify(DATASET))
  const names = [
    'run',
    'claim-1',
    'started',
    'exit',
    'end',
    'params',
    'metrics',
    'stop',
    'evidence',
    'asked.params',
  ]
  targets = [
    ...names.map((name) => `${VICTIM}/${name}.json`),
    ...['run', 'claim-1', 'end'].map((name) => `${CHILD}/${name}.json`),
    `${CHILD.replace(/\/s1$/, '')}/run.json`,
    '.specweave/increments/0001-churn-model/metadata.json',
    '.specweave/config.json',
    '.specweave/datasets/churn/v1/dataset.json',
  ].map((path) => {
    const file = join(place.root, path)
    const right = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : RIGHT[path.split('/').at(-1)!]
    return { path, right: right ?? { project: 'x', name: 'y' } }
  })
  place.keep()
})
afterAll(() => place.dispose())

/** @returns the refusal's code, where it was refused. */
async function ask(
  tool: string,
  args: object,
): Promise<{ refused?: string; content: Record<string, unknown> }> {
  const answer = await (await place.wire()).call(tool, args)
  const refused = expectAnswer(published.find(({ name }) => name === tool)!, answer, {})
  return { ...(refused ? { refused } : {}), content: answer.reply.result!.structuredContent! }
}

describe('a record of a run, a dataset or an increment that is something else', () => {
  it(
    'is said, or passed over; every other run stays readable, and nothing hangs',
    async () => {
      const before = place.tree()
      const seen = (await ask('get_run', { run: '0001/exp-002-other' })).content
      const one = fc
        .nat({ max: targets.length - 1 })
        .chain((n) =>
          replacementOf(targets[n]!.right).map((replacement) => ({ path: targets[n]!.path, replacement })),
        )
      const broken = fc.record({
        replacements: fc.array(one, { minLength: 1, maxLength: 2 }),
        /** Without its end a run is judged anew, by whatever else stands there. */
        unended: fc.boolean(),
        /** A new index has to be filled from these files. */
        rebuilt: fc.boolean(),
      })
      await holds<{
        replacements: { path: string; replacement: Replacement }[]
        unended: boolean
        rebuilt: boolean
      }>(broken, async ({ replacements, unended, rebuilt }) => {
        try {
          if (unended) for (const run of [VICTIM, CHILD]) rmSync(join(place.root, run, 'end.json'))
          for (const { path, replacement } of replacements)
            put(join(place.root, path), replacement, join(place.base, 'beside'))
          if (rebuilt)
            for (const suffix of ['', '-wal', '-shm'])
              rmSync(join(place.root, `.specweave/index.db${suffix}`), { force: true })
          const listed = await ask('list_runs', { limit: 200 })
          expect(listed.refused).toBeUndefined()
          expect((listed.content.runs as { run: string }[]).map(({ run }) => run)).toContain(
            '0001/exp-002-other',
          )
          expect((await ask('get_run', { run: '0001/exp-002-other' })).content).toEqual(seen)
          await ask('get_run', { run: '0001/exp-001-forest', curves: ['*'] })
          await ask('compare_runs', { increment: '0001' })
          await ask('get_increment', { increment: '0001' })
          const shown = await (await place.wire()).request('resources/read', {
            uri: 'specweave://run/0001/exp-001-forest',
          })
          expectShowable(shown.line)
          expect(shown.reply.error?.code, shown.line.slice(0, 2000)).not.toBe(-32603)
        } finally {
          await place.settled()
          const changed = changes(before, place.tree())
          place.restore(before)
          expect(outside(changed), 'was written outside of what is ours').toEqual([])
        }
      })
      expect((await place.wire()).stderr).not.toMatch(/failed by a defect/)
    },
    PROPERTY_MS,
  )
})
