import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { indexRun } from '../../src/runs/index-run.ts'
import type { Index } from '../../src/store/index-db.ts'
import { LabWorkspace } from '../support/lab-workspace.ts'
import { expectAnswer, type Published, publishedTools } from './answers.ts'
import { holds, PROPERTY_MS } from './cases.ts'
import { nastyJson, nastyText } from './nasty.ts'
import { Place } from './place.ts'

const name = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('loss', 'accuracy', 'lr', 'a b') },
  { weight: 2, arbitrary: nastyText },
  { weight: 1, arbitrary: fc.constantFrom('n'.repeat(500), 'n'.repeat(501), 'n'.repeat(1_000_000)) },
)
/** As they stand in the text: JSON.stringify would take the edge off many of them. */
const number = fc.oneof(
  fc.constantFrom(
    '0',
    '-0',
    '1e999',
    '-1e999',
    '9007199254740993',
    '-1',
    '0.5',
    '1e-999',
    '123456789012345678901234567890',
  ),
  fc.constantFrom('"NaN"', '"Infinity"', '"-Infinity"', 'NaN', 'null', 'true', '"1"', '[]', '""'),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.integer({ min: 0, max: 50 }).map(String),
)
const kind = fc.oneof(
  { weight: 6, arbitrary: fc.constant('metric') },
  {
    weight: 5,
    arbitrary: fc.constantFrom(
      'param',
      'tag',
      'note',
      'artifact',
      'predictions',
      'model',
      'status',
      'future',
    ),
  },
  { weight: 1, arbitrary: nastyText },
)
const event = fc
  .record({
    k: kind,
    n: name,
    v: number,
    s: fc.option(number),
    t: fc.option(number),
    text: nastyText,
    plain: fc.boolean(),
  })
  .map(({ k, n, v, s, t, text, plain }) => {
    const value = plain || k === 'metric' ? v : JSON.stringify(text)
    const rest = `${s === null ? '' : `,"s":${s}`}${t === null ? '' : `,"t":${t}`}`
    return `{"k":${JSON.stringify(k)},"n":${JSON.stringify(n)},"v":${value}${rest}}`
  })
const line = fc.oneof(
  { weight: 12, arbitrary: event.map((text) => Buffer.from(`${text}\n`)) },
  {
    weight: 3,
    arbitrary: event.chain((text) =>
      fc.nat({ max: text.length }).map((n) => Buffer.from(`${text.slice(0, n)}\n`)),
    ),
  },
  { weight: 2, arbitrary: nastyJson.map((value) => Buffer.from(`${JSON.stringify(value)}\n`)) },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 120 }).map((bytes) => Buffer.from(bytes)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('\n\n', '\r\n', '\u2028\n', '\0\n').map((text) => Buffer.from(text)),
  },
)
const file = fc.array(line, { maxLength: 12 }).map((lines) => Buffer.concat(lines))

describe('events that are anything', () => {
  let place: Place
  let published: Published[]
  beforeAll(async () => {
    place = await new Place().begin()
    await place.run({ name: 'other', command: ['python3', '-c', 'print(2)'], params: { lr: 0.2 } })
    published = await publishedTools(await place.wire())
  })
  afterAll(() => place.dispose())

  async function ask(tool: string, args: object): Promise<Record<string, unknown>> {
    const answer = await (await place.wire()).call(tool, args)
    const refused = expectAnswer(published.find((each) => each.name === tool)!, answer, {})
    expect(refused, answer.line.slice(0, 1000)).toBeUndefined()
    return answer.reply.result!.structuredContent!
  }

  it(
    'are taken up or counted as malformed; the run and the others stay readable',
    async () => {
      const folder = '.specweave/increments/0001-churn-model/experiments/exp-001-forest/events'
      const other = await ask('get_run', { run: '0001/exp-002-other' })
      await holds(fc.tuple(file, file), async (files) => {
        for (const [n, bytes] of files.entries()) place.write(`${folder}/h-${n}-x.jsonl`, bytes)
        const shown = await ask('get_run', { run: '0001/exp-001-forest', curves: ['*'] })
        expect(shown.state).toBe('succeeded')
        expect(((await ask('list_runs', {})).runs as unknown[]).length).toBe(2)
        await ask('compare_runs', { increment: '0001', metric: 'loss' })
        expect(await ask('get_run', { run: '0001/exp-002-other' })).toEqual(other)
      })
    },
    PROPERTY_MS,
  )

  it('that are no lines of ours are counted, and said', async () => {
    const folder = '.specweave/increments/0001-churn-model/experiments'
    const written = `import os, pathlib
p = pathlib.Path(os.environ["SPECWEAVE_RUN_DIR"]) / "events" / "h-1-a.jsonl"
p.write_bytes(b'{"k":"metric","n":"loss","v":1,"s":0,"t":1}\\n{"k":"met\\n\\xff\\xfe\\n[]\\n{"k":"metric","n":"loss","v":0.5,"s":1,"t":2}\\n')`
    const view = await place.run({ name: 'malformed', command: ['python3', '-c', written] })
    expect(view.warnings).toContainEqual(expect.stringMatching(/h-1-a\.jsonl: 3 malformed lines/))
    expect(view.metrics).toMatchObject([{ name: 'loss', value: 0.5, step: 1 }])
    expect(folder).toBeTruthy()
  })
})

describe('events taken up in pieces', () => {
  let lab: LabWorkspace
  let index: Index
  beforeAll(async () => {
    lab = new LabWorkspace()
    index = await lab.index()
  })
  afterAll(() => lab.dispose())

  const TABLES = ['metrics', 'params', 'tags', 'notes', 'artifacts', 'curves', 'sources'] as const

  function rows(run: string): unknown {
    return TABLES.map((table) =>
      index.driver
        .all(`SELECT * FROM ${table} WHERE run = ?`, [run])
        .map(({ run: _run, size: _upToATornLine, ...row }) =>
          JSON.stringify(row, (_key, value) =>
            value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
          ),
        )
        .sort(),
    )
  }

  function begin(number: number): string {
    const folder = lab.folderOf(`0001/exp-${String(number).padStart(3, '0')}-x`)
    mkdirSync(join(folder, 'events'), { recursive: true })
    const record = {
      format: 1,
      run: '',
      created: '2026-11-21T10:00:00.000Z',
      made_by: 'lab',
      command: ['true'],
      cwd: '.',
      params: { lr: 0.1 },
      resources: { cpus: 1, gpus: 0, memory_gb: null },
      metrics_from: [],
      env: {},
      request: '',
    }
    writeFileSync(join(folder, 'run.json'), JSON.stringify(record))
    writeFileSync(
      join(folder, 'end.json'),
      JSON.stringify({ state: 'succeeded', ended: '2026-11-21T10:01:00.000Z', warnings: [] }),
    )
    return folder
  }

  it(
    'give the same index as at once',
    async () => {
      let number = 0
      const cut = fc.tuple(file, file, fc.array(fc.nat({ max: 400 }), { maxLength: 6 }))
      await holds(cut, ([first, second, lengths]) => {
        const whole = begin(++number)
        const pieces = begin(++number)
        const [one, other] = [`0001/exp-${number - 1}-x`, `0001/exp-${number}-x`]
        for (const [n, bytes] of [first, second].entries())
          writeFileSync(join(whole, `events/w${n}.jsonl`), bytes)
        indexRun(index, one, whole)
        const left = [first, second]
        for (const [i, length] of lengths.entries()) {
          const turn = i % 2
          appendFileSync(join(pieces, `events/w${turn}.jsonl`), left[turn]!.subarray(0, length))
          left[turn] = left[turn]!.subarray(length)
          indexRun(index, other, pieces)
        }
        for (const [n, bytes] of left.entries()) appendFileSync(join(pieces, `events/w${n}.jsonl`), bytes)
        indexRun(index, other, pieces)
        expect(rows(other)).toEqual(rows(one))
      })
    },
    PROPERTY_MS,
  )
})
