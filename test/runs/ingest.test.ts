import { appendFileSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { appendPoints, sampleIndexed } from '../../src/runs/curve-chunks.ts'
import { parseEvent } from '../../src/runs/events.ts'
import { indexRun } from '../../src/runs/index-run.ts'
import { metricsOf, summarizeRun } from '../../src/runs/summary.ts'
import { runWarnings } from '../../src/runs/warnings.ts'
import type { Index } from '../../src/store/index-db.ts'
import { indexedPoints } from '../support/indexed-points.ts'
import { LabWorkspace } from '../support/lab-workspace.ts'

let lab: LabWorkspace
let index: Index
const run = '0001/exp-001-sdk'
let folder: string

beforeEach(async () => {
  lab = new LabWorkspace()
  index = await lab.index()
  folder = join(lab.root, '.specweave/increments/0001-trial/experiments/exp-001-sdk')
  mkdirSync(join(folder, 'events'), { recursive: true })
  const record = {
    format: 1,
    run,
    created: '2026-01-01T00:00:00.000Z',
    made_by: 'sdk',
    command: ['python'],
    params: {},
  }
  writeFileSync(join(folder, 'run.json'), JSON.stringify(record))
})
afterEach(() => lab.dispose())

const metric = (n: string, v: number | string, s?: number, t = 1) =>
  `${JSON.stringify({ k: 'metric', n, v, s, t })}\n`
function log(text: string, writer = 'host-1-a'): void {
  appendFileSync(join(folder, 'events', `${writer}.jsonl`), text)
}
const valuesOf = (name: string) => indexedPoints(index, run, name).map(([, value]) => value)
const last = (name: string) => metricsOf(index, run).find((one) => one.name === name)?.value

describe("a metric's last value", () => {
  test('is that of its highest step, whatever the order of the lines', () => {
    log(metric('loss', 3, 1) + metric('loss', 1, 3) + metric('loss', 2, 2))
    indexRun(index, run, folder)
    expect(last('loss')).toBe(1)
    log(metric('loss', 9, 2, 99))
    indexRun(index, run, folder)
    expect(last('loss')).toBe(1)
  })

  test('without steps is the last line of a writer, then the highest t, then the writer', () => {
    log(metric('a', 1, undefined, 5) + metric('a', 2, undefined, 3))
    indexRun(index, run, folder)
    expect(last('a')).toBe(2)
    log(metric('a', 7, undefined, 4), 'host-2-b')
    indexRun(index, run, folder)
    expect(last('a')).toBe(7)
    log(metric('a', 8, undefined, 4), 'host-2-a')
    indexRun(index, run, folder)
    expect(last('a')).toBe(7)
  })
})

describe('ingestion', () => {
  test('leaves a torn line until it is whole, and passes over malformed ones', () => {
    log(`${metric('x', 1, 1)}{"k":"metr`)
    indexRun(index, run, folder)
    expect(last('x')).toBe(1)
    log(`ic","n":"x","v":2,"s":2,"t":1}\nnonsense\n{"k":"metric","n":"x","v":"three"}\n${metric('x', 4, 4)}`)
    indexRun(index, run, folder)
    expect(last('x')).toBe(4)
    expect(valuesOf('x')).toEqual([1, 2, 4])
    expect(runWarnings(index, run, folder)).toEqual(['events/host-1-a.jsonl: 2 malformed lines, passed over'])
  })

  test('takes each line up once, however often it looks', () => {
    for (let i = 0; i < 50; i++) {
      log(metric('x', i, i))
      indexRun(index, run, folder)
      indexRun(index, run, folder)
    }
    expect(valuesOf('x')).toEqual(Array.from({ length: 50 }, (_, i) => i))
  })

  test('begins anew where a file was rewritten or shortened', () => {
    log(metric('x', 1, 1) + metric('x', 2, 2))
    indexRun(index, run, folder)
    truncateSync(join(folder, 'events/host-1-a.jsonl'), metric('x', 1, 1).length)
    indexRun(index, run, folder)
    expect(valuesOf('x')).toEqual([1])
    writeFileSync(join(folder, 'events/host-1-a.jsonl'), metric('y', 5) + metric('y', 6) + metric('y', 7))
    indexRun(index, run, folder)
    expect(valuesOf('x')).toEqual([])
    expect(last('y')).toBe(7)
  })

  test('keeps values that are not finite, and says so', () => {
    log(metric('loss', 1, 1) + metric('loss', 'NaN', 2))
    indexRun(index, run, folder)
    expect(last('loss')).toBe('NaN')
    expect(runWarnings(index, run, folder)).toEqual(['loss became NaN by step 2'])
  })

  test('survives a line of 20 MB', () => {
    log(`${metric('x', 1, 1)}${'z'.repeat(20 * 1024 * 1024)}\n${metric('x', 2, 2)}`)
    indexRun(index, run, folder)
    expect(valuesOf('x')).toEqual([1, 2])
  })

  test('packs more points than one row holds', () => {
    const n = 10_000
    log(Array.from({ length: n }, (_, i) => metric('x', i, i)).join(''))
    indexRun(index, run, folder)
    log(metric('x', n, n))
    indexRun(index, run, folder)
    const points = indexedPoints(index, run, 'x')
    expect(points).toHaveLength(n + 1)
    expect(points.at(-1)?.[0]).toBe(n)
    expect(index.driver.get('SELECT count(*) AS n FROM curves')?.n).toBe(3)
  })

  test('takes up parameters, tags, notes, artifacts and the status', () => {
    const lines = [
      { k: 'param', n: 'lr', v: 0.1, t: 1 },
      { k: 'tag', n: 'team', v: 'core', t: 1 },
      { k: 'note', v: 'it works', t: 2 },
      { k: 'artifact', n: 'model.pkl', kind: 'model', bytes: 12, sha256: 'ab', t: 2 },
      { k: 'model', n: 'model.pkl', format: 'joblib', type: 'Ridge', t: 2 },
      { k: 'later', what: 'a kind that this version does not know', t: 2 },
      { k: 'status', v: 'succeeded', t: 3 },
    ]
    log(`${lines.map((line) => JSON.stringify(line)).join('\n')}\n`)
    indexRun(index, run, folder)
    expect(summarizeRun(index, run)).toMatchObject({
      state: 'succeeded',
      params: { lr: 0.1 },
      tags: { team: 'core', model_class: 'Ridge' },
      notes: ['it works'],
      artifacts: [{ path: 'model.pkl', kind: 'model', bytes: 12, sha256: 'ab' }],
    })
  })
})

test('an event line is of the format, of an unknown kind, or malformed', () => {
  expect(parseEvent('{"k":"metric","n":"a","v":1,"t":1}')).toMatchObject({ n: 'a' })
  expect(parseEvent('{"k":"new","t":1}')).toBeNull()
  for (const line of [
    '',
    '[]',
    'null',
    '3',
    '{"n":"a"}',
    '{"k":"metric","n":"","v":1}',
    '{"k":"metric","n":"a","v":null}',
    '{"k":"note","v":3}',
  ])
    expect(parseEvent(line)).toBeUndefined()
})

test('a sampled curve keeps its ends and its peaks', () => {
  const n = 100_000
  const values = Array.from({ length: n }, (_, i) => (i === 54_321 ? 99 : Math.sin(i / 1000)))
  appendPoints(index, run, 'x', 'host-1-a', { steps: values.map((_, i) => i), values, times: values })
  const curve = sampleIndexed(index, run, 'x', 60)
  expect(curve.points).toBe(n)
  expect(curve.sample.length).toBeLessThanOrEqual(60)
  expect(curve.sample[0]).toEqual([0, 0])
  expect(curve.sample.at(-1)?.[0]).toBe(n - 1)
  expect(curve.sample).toContainEqual([54_321, 99])
})

test('of several processes the latest status stands, whichever file is read first', () => {
  const status = (v: string, t: number) => `${JSON.stringify({ k: 'status', v, t })}\n`
  log(status('failed', 9), 'host-1-a')
  log(status('running', 3), 'host-2-b')
  indexRun(index, run, folder)
  expect(summarizeRun(index, run)?.state).toBe('failed')
})
