import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectAnswer, type Published, publishedTools } from './answers.ts'
import { holds, PROPERTY_MS } from './cases.ts'
import { nastyJson, nastyText } from './nasty.ts'
import { changes, outside, Place } from './place.ts'

const INCREMENT = '.specweave/increments/0001-churn-model'

/** Each alias stands for nine of the one before: written out it would fill the memory. */
const BOMB = ['a: &a [x, x, x, x, x, x, x, x, x]']
  .concat(
    'bcdefghi'
      .split('')
      .map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[i]}`).join(', ')}]`),
  )
  .join('\n')

const YAML = [
  BOMB,
  'a: &a\n  b: *a',
  'a: *nobody',
  '<<: {title: x}\ntitle: y',
  'title: x\ntitle: y',
  '\ttitle: x',
  'title: !!js/function "function () { return 1 }"',
  'title: !!binary x\nml: !!set {a, b}',
  '? [complex, key]\n: value',
  'title: "open',
  '--- \ntitle: second document',
  '[1, 2',
  `${'['.repeat(3000)}`,
  `a: ${'{b: '.repeat(2000)}`,
  `${'- '.repeat(3000)}x`,
  'x',
  '- a\n- b',
  'null',
  'ml: null',
  'ml: []',
  'ml: {problem: {type: classification}, success: 7}',
  'title: {a: b}\nml: {looks: 1e999}',
  'ml: {looks: .nan}',
  '__proto__: {polluted: true}\nconstructor: {prototype: 1}',
  `title: ${'t'.repeat(200_000)}`,
  '%YAML 9.9\n---\ntitle: x',
  'title: \u0000',
  'title: "\u001b]52;c;ZXZpbA==\u0007 \u202e"',
]

let place: Place
let published: Published[]
let spec: string
let tasks: string
beforeAll(async () => {
  place = await new Place().begin()
  published = await publishedTools(await place.wire())
  spec = readFileSync(join(place.root, INCREMENT, 'spec.md'), 'utf8')
  tasks = readFileSync(join(place.root, INCREMENT, 'tasks.md'), 'utf8')
  place.keep()
})
afterAll(() => place.dispose())

const yaml = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...YAML) },
  { weight: 2, arbitrary: nastyJson.map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: nastyText },
)

function asSpec(front: string): string {
  return `---\n${front}\nml:\n  looks: 2\n---\n# Spec\n`
}

/** A text with one of its lines replaced, taken away or repeated, or with other line ends. */
function edited(text: () => string): fc.Arbitrary<string> {
  const line = fc.oneof(
    yaml,
    nastyText,
    nastyJson.map((value) => `ml: ${JSON.stringify(value)}`),
  )
  const edit = fc.record({
    at: fc.nat({ max: 60 }),
    how: fc.constantFrom('replace', 'key', 'remove', 'repeat', 'crlf', 'bom'),
    line,
  })
  return edit.map(({ at, how, line }) => {
    const lines = text().split('\n')
    const n = at % lines.length
    if (how === 'crlf') return text().replaceAll('\n', '\r\n')
    if (how === 'bom') return `\ufeff${text()}`
    if (how === 'remove') lines.splice(n, 1)
    else if (how === 'repeat') lines.splice(n, 0, lines[n]!)
    else if (how === 'key') lines[n] = `${lines[n]!.split(':')[0]}: ${line}`
    else lines[n] = line
    return lines.join('\n')
  })
}

async function answersWell(tools: readonly string[]): Promise<void> {
  let before = place.tree()
  for (const tool of tools) {
    const args = ['list_runs', 'create_increment'].includes(tool) ? {} : { increment: '0001' }
    const answer = await (await place.wire()).call(tool, args)
    const refused = expectAnswer(published.find(({ name }) => name === tool)!, answer, {})
    const after = place.tree()
    const changed = changes(before, after)
    before = after
    if (refused || tool === 'get_increment') expect({ tool, changed }).toEqual({ tool, changed: [] })
    expect(outside(changed)).toEqual([])
  }
}

async function replaced(path: string, content: string | Buffer, tools: readonly string[]): Promise<void> {
  const before = place.tree()
  try {
    place.write(path, content)
    await answersWell(tools)
  } finally {
    place.restore(before)
  }
}

describe('a document that is anything is read as far as it goes, or refused', () => {
  const TOOLS = ['get_increment', 'validate_increment', 'sync_docs']

  it(
    'spec.md',
    async () => {
      const text = fc.oneof(
        { weight: 4, arbitrary: edited(() => spec) },
        { weight: 4, arbitrary: yaml.map(asSpec) },
        { weight: 1, arbitrary: nastyText },
      )
      await holds(text, (content) => replaced(`${INCREMENT}/spec.md`, content, TOOLS), {
        examples: YAML.map(asSpec),
      })
    },
    PROPERTY_MS,
  )

  it(
    'spec.md, of bytes',
    async () => {
      await holds(
        fc.uint8Array({ maxLength: 300 }),
        (bytes) => replaced(`${INCREMENT}/spec.md`, Buffer.concat([Buffer.from('---\nml:\n'), bytes]), TOOLS),
        { share: 0.3 },
      )
    },
    PROPERTY_MS,
  )

  it(
    'tasks.md',
    async () => {
      const task = fc.tuple(
        fc.constantFrom(
          '### T-001: ',
          '- [x] T-00',
          '- [ ] **T-003** ',
          '**Status**: [x] ',
          '```\n',
          '**Status**: skipped: ',
          '# ',
        ),
        nastyText,
      )
      const made = fc
        .array(
          task.map(([head, text]) => head + text),
          { maxLength: 20 },
        )
        .map((lines) => lines.join('\n'))
      await holds(
        fc.oneof(
          edited(() => tasks),
          made,
        ),
        (content) => replaced(`${INCREMENT}/tasks.md`, content, TOOLS),
        { share: 0.4 },
      )
    },
    PROPERTY_MS,
  )

  it(
    'ml.yaml',
    async () => {
      const key = fc.constantFrom('format', 'id', 'interpreter', 'stall_after_s', 'limits')
      // An interpreter that is named is asked what it is: none is named that does something.
      const setting = fc.tuple(key, nastyJson).map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
      await holds(
        fc.oneof(
          yaml,
          setting,
          edited(() => 'id: test\nlimits:\n  cpus: 2\nformat: 1\n'),
        ),
        (content) =>
          replaced('.specweave/ml.yaml', content, ['list_runs', 'get_increment', 'validate_increment']),
        { share: 0.5, examples: YAML },
      )
    },
    PROPERTY_MS,
  )
})
