import { execFileSync } from 'node:child_process'
import { appendFileSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSqlite } from '../../src/store/sqlite/driver.ts'
import { PROGRAM } from '../hosts/mcp-client.ts'
import { lines, makeHistory, WRITER_A, writeSdkRun } from './history.ts'
import { found, Product } from './product.ts'

let product: Product
let reporting: string
let live: string
beforeAll(async () => {
  product = new Product('id: rebuilt\nlimits: {cpus: 2}\n')
  ;({ reporting, live } = await makeHistory(product))
})
afterAll(() => product.dispose())

/** Rows by natural key. Where a chunk of a curve ends depends on when its points were taken up: points are compared by the answers. */
const ROWS: Record<string, string> = {
  runs: 'SELECT * FROM runs ORDER BY run',
  params: 'SELECT * FROM params ORDER BY run, name',
  metrics: 'SELECT * FROM metrics ORDER BY run, name, split, source',
  notes: 'SELECT * FROM notes ORDER BY run, writer, line',
  tags: 'SELECT * FROM tags ORDER BY run, name',
  artifacts: 'SELECT * FROM artifacts ORDER BY run, path',
  curves:
    'SELECT run, name, writer, sum(n) AS n FROM curves GROUP BY run, name, writer ORDER BY run, name, writer',
  sources: 'SELECT * FROM sources ORDER BY run, file',
}

async function rows(): Promise<Record<string, unknown[]>> {
  const driver = await openSqlite(join(product.root, '.specweave/index.db'), { busyTimeoutMs: 5000 })
  try {
    return Object.fromEntries(Object.entries(ROWS).map(([table, query]) => [table, driver.all(query)]))
  } finally {
    driver.close()
  }
}

/** What every tool that reads answers, times of looking left out. */
async function answers(): Promise<Record<string, unknown>> {
  const { runs } = await product.call('list_runs', { limit: 200, sort: 'name' })
  const each = runs.map(({ run }: { run: string }) => run)
  const calls: [string, string, object][] = [
    ['list', 'list_runs', { limit: 200, sort: 'name' }],
    ['newest', 'list_runs', { limit: 3 }],
    ['by metric', 'list_runs', { sort: '-accuracy', limit: 200 }],
    ['by condition', 'list_runs', { where: ['lr>0.05', 'depth=4'] }],
    ['by tag', 'list_runs', { where: ['tags.team=core'] }],
    ['failed', 'list_runs', { state: ['failed', 'lost', 'timed_out'] }],
    ['increment', 'get_increment', { increment: '0001' }],
    ['compared', 'compare_runs', { increment: '0001', metric: 'accuracy' }],
    ['compared by loss', 'compare_runs', { increment: '0001', metric: 'loss' }],
    ...each.map((run: string): [string, string, object] => [
      run,
      'get_run',
      { run, curves: ['*'], log_lines: 50 },
    ]),
  ]
  const answered: Record<string, unknown> = {}
  for (const [name, tool, args] of calls) {
    const { check_after_s: _, ...answer } = await product.call<Record<string, unknown>>(tool, args)
    answered[name] = answer
  }
  return answered
}

function command(...args: string[]): string {
  return execFileSync(process.execPath, [PROGRAM, '--workspace', product.root, ...args], {
    encoding: 'utf8',
    env: product.env,
  })
}

async function stays(change: () => void | Promise<void>): Promise<void> {
  const before = { answers: await answers(), rows: await rows() }
  await change()
  expect(await answers()).toEqual(before.answers)
  expect(await rows()).toEqual(before.rows)
}

it('the history holds every kind of run', async () => {
  const { runs } = await product.call('list_runs', { limit: 200 })
  expect(new Set(runs.map(({ state }: { state: string }) => state))).toEqual(
    new Set(['succeeded', 'failed', 'timed_out', 'stopped', 'lost', 'running', 'queued']),
  )
  const run = await product.call('get_run', { run: reporting })
  const metrics = Object.fromEntries(
    run.metrics.map(({ name, source, value }: Record<string, unknown>) => [`${source} ${name}`, value]),
  )
  // The highest step; without steps the writer's last line, then the highest time.
  expect(metrics).toEqual({
    'reported accuracy': 0.8,
    'reported loss': 0.4,
    'reported norm': 'Infinity',
    'reported perplexity': 'NaN',
  })
  expect(run).toMatchObject({ notes: ['second writer', 'learning rate was too high'] })
  expect(run.warnings.join('\n')).toContain('events/host-1-a.jsonl: 2 malformed lines')
  // Typed into evidence.json: no line of the ledger holds it.
  expect(run.warnings.join('\n')).toContain('not those that the ledger holds')
})

describe('the same answers and rows', () => {
  it('after rebuild-index', () =>
    stays(() => void expect(command('rebuild-index')).toMatch(/\d+ runs indexed/)))

  it('after rebuild-index by a server that knew the old one', async () => {
    await answers()
    await stays(() => void command('rebuild-index'))
  })

  it('after the index was deleted under a running server', () =>
    stays(() => {
      for (const file of found(join(product.root, '.specweave'), /^index\.db/)) rmSync(file)
    }))

  it('after the index was deleted while no server ran', () =>
    stays(async () => {
      await product.close()
      for (const file of found(join(product.root, '.specweave'), /^index\.db/)) rmSync(file)
    }))

  it('after half of the index was lost', () =>
    stays(async () => {
      await product.close()
      const file = join(product.root, '.specweave/index.db')
      for (const suffix of ['-wal', '-shm']) rmSync(file + suffix, { force: true })
      truncateSync(file, Math.floor(readFileSync(file).length / 2 / 4096) * 4096)
    }))

  it('after the index was overwritten with something else', () =>
    stays(async () => {
      await product.close()
      for (const suffix of ['-wal', '-shm'])
        rmSync(join(product.root, `.specweave/index.db${suffix}`), { force: true })
      writeFileSync(
        join(product.root, '.specweave/index.db'),
        'this is no database, and longer than a header of one',
      )
    }))

  it('while a run goes on', async () => {
    command('rebuild-index')
    expect(await product.call('get_run', { run: live })).toMatchObject({ state: 'running' })
  })
})

it('leaves nothing of a run whose folder is gone', async () => {
  const gone = '0001/exp-091-vanished'
  const text = { k: 'note', v: 'soon gone', t: 30 }
  appendFileSync(
    join(product.folder(gone), 'events/host-9-z.jsonl'),
    lines(text, { k: 'tag', n: 'a', v: 'b', t: 30 }),
  )
  await product.call('get_run', { run: gone })
  expect(JSON.stringify(await rows())).toContain(gone)
  rmSync(product.folder(gone), { recursive: true })
  command('rebuild-index')
  expect(JSON.stringify(await rows())).not.toContain(gone)
})

describe('an events file', () => {
  const events = (run: string, file: string): string => join(product.folder(run), 'events', file)
  const reported = async (run: string): Promise<Record<string, unknown>> => {
    const { metrics } = await product.call('get_run', { run })
    return Object.fromEntries(
      metrics
        .filter(({ source }: { source: string }) => source === 'reported')
        .map(({ name, value }: { name: string; value: unknown }) => [name, value]),
    )
  }

  it('is taken up to its torn line, and further when that is whole', async () => {
    appendFileSync(events(reporting, 'host-2-b.jsonl'), '13}\n')
    expect(await reported(reporting)).toMatchObject({ loss: 0.1 })
  })

  it('that was shortened is taken up anew', async () => {
    writeFileSync(
      events(reporting, 'host-1-a.jsonl'),
      WRITER_A.split('\n').slice(0, 4).join('\n').concat('\n'),
    )
    expect(await reported(reporting)).toEqual({ loss: 0.1, accuracy: 0.6 })
    expect((await product.call('get_run', { run: reporting })).notes).toEqual(['second writer'])
    await stays(() => void command('rebuild-index'))
  })

  it('that was rewritten and grew is taken up anew', async () => {
    writeFileSync(
      events(reporting, 'host-1-a.jsonl'),
      WRITER_A.replace('"v":0.8', '"v":0.81') + lines({ k: 'tag', n: 'x', v: 'y', t: 30 }),
    )
    expect(await reported(reporting)).toMatchObject({ accuracy: 0.81 })
    await stays(() => void command('rebuild-index'))
  })

  // src/runs/ingest.ts takes a file of the same size for the same file.
  it('that was rewritten at the same length is taken up anew', async () => {
    const file = events(reporting, 'host-1-a.jsonl')
    writeFileSync(file, readFileSync(file, 'utf8').replace('"v":0.81', '"v":0.12'))
    expect(await reported(reporting)).toMatchObject({ accuracy: 0.12 })
  })

  // src/runs: a parameter that an events file set stays when the file no longer does (forgetEvents leaves params).
  it('that no longer sets a parameter leaves none behind', async () => {
    const run = writeSdkRun(
      product,
      'exp-092-params',
      lines({ k: 'param', n: 'a', v: 1, t: 1 }, { k: 'param', n: 'b', v: 2, t: 1 }),
    )
    expect((await product.call('get_run', { run })).params).toMatchObject({ a: 1, b: 2 })
    writeFileSync(events(run, 'host-9-z.jsonl'), lines({ k: 'param', n: 'a', v: 3, t: 1 }))
    expect((await product.call('get_run', { run })).params).not.toHaveProperty('b')
  })

  // src/runs/ingest.ts keeps one last line of all writers: where a clock was set back, the order of taking up decides.
  it('of a writer whose clock went back gives the same answer live and rebuilt', async () => {
    const run = writeSdkRun(product, 'exp-093-clock', lines({ k: 'metric', n: 'acc', v: 1, t: 50 }))
    await reported(run)
    writeFileSync(events(run, 'host-9-b.jsonl'), lines({ k: 'metric', n: 'acc', v: 2, t: 30 }))
    await reported(run)
    appendFileSync(events(run, 'host-9-z.jsonl'), lines({ k: 'metric', n: 'acc', v: 3, t: 20 }))
    const before = await reported(run)
    command('rebuild-index')
    expect(await reported(run)).toEqual(before)
  })
})

// src/runs/index-run.ts writes the parameters of run.json again with every change of state, over those of the events.
it('a parameter that a script sets over one of run.json is the same live and rebuilt', async () => {
  const other = new Product('id: params\n')
  try {
    await other.call('create_increment', { title: 'p', problem_type: 'classification' })
    const set = `import os; open(os.path.join(os.environ["SPECWEAVE_RUN_DIR"], "events", "h-1-a.jsonl"), "w").write('{"k":"param","n":"lr","v":0.2,"t":1}\\n')`
    const { run, params } = await other.run({
      increment: '0001',
      name: 'overriding',
      command: ['python3', '-c', set],
      params: { lr: 0.1 },
    })
    await other.close()
    for (const file of found(join(other.root, '.specweave'), /^index\.db/)) rmSync(file)
    expect((await other.call('get_run', { run })).params).toEqual(params)
  } finally {
    await other.dispose()
  }
})

// src/runs/summary.ts reads the text of a parameter as JSON where it looks like some.
it('a parameter that is text stays text', async () => {
  const run = writeSdkRun(product, 'exp-094-text', lines({ k: 'param', n: 'flag', v: 'true', t: 1 }))
  expect((await product.call('get_run', { run })).params).toMatchObject({ flag: 'true' })
})

describe('a workspace that was moved', () => {
  // src/runs: index.db moves along, and refreshFolder's indexRun does not write the new folder into a row that is else the same.
  it('keeps its runs', async () => {
    const moved = new Product('id: moved\n')
    try {
      await moved.call('create_increment', { title: 'm', problem_type: 'classification' })
      const { run } = await moved.run({
        increment: '0001',
        name: 'a',
        command: ['python3', '-c', 'print(1)'],
      })
      await moved.close()
      const away = join(moved.base, 'elsewhere')
      renameSync(moved.root, away)
      const shown = execFileSync(
        process.execPath,
        [PROGRAM, '--workspace', away, 'call', 'get_run', JSON.stringify({ run })],
        {
          encoding: 'utf8',
          env: moved.env,
        },
      )
      expect(JSON.parse(shown)).toMatchObject({ state: 'succeeded', logs: { stdout: ['1'] } })
    } finally {
      await moved.dispose()
    }
  })
})
