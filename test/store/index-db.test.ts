import { execFile } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { refreshIndex } from '../../src/runs/refresh.ts'
import { closeIndexes, type Index, openIndex } from '../../src/store/index-db.ts'
import { IndexDamaged } from '../../src/store/index-trouble.ts'
import { INDEX_VERSION, migrate } from '../../src/store/migrations.ts'
import { openSqlite } from '../../src/store/sqlite/driver.ts'
import { openWorkspace, type Workspace } from '../../src/store/workspace.ts'
import { removeFolder } from '../support/remove-folder.ts'

const MAIN = resolve(import.meta.dirname, '../../dist/main.js')
const RUNS = 60

let folder: string
let workspace: Workspace
let file: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'specweave-index-'))
  workspace = makeWorkspace(folder)
  file = join(workspace.layout.folder, 'index.db')
})

afterEach(async () => {
  closeIndexes()
  await removeFolder(folder)
})

/** A workspace with runs as a script makes them by the SDK alone: enough for an index of many pages. */
function makeWorkspace(root: string): Workspace {
  const experiments = join(root, '.specweave/increments/0001-trial/experiments')
  for (let n = 1; n <= RUNS; n++) {
    const name = `exp-${String(n).padStart(3, '0')}-try`
    const run = { format: 1, run: `0001/${name}`, created: '2026-01-01T00:00:00.000Z', made_by: 'sdk' }
    mkdirSync(join(experiments, name, 'events'), { recursive: true })
    writeFileSync(
      join(experiments, name, 'run.json'),
      JSON.stringify({
        ...run,
        command: ['python', 't.py'],
        cwd: '.',
        params: { n },
        metrics_from: [],
        env: {},
      }),
    )
    const points = Array.from({ length: 50 }, (_, s) =>
      JSON.stringify({ k: 'metric', n: 'loss', v: 1 / (s + n), s, t: s }),
    )
    const end = JSON.stringify({ k: 'status', v: 'succeeded', t: 99 })
    writeFileSync(join(experiments, name, 'events', 'h-1-a.jsonl'), `${points.join('\n')}\n${end}\n`)
  }
  return openWorkspace(root)
}

async function open(): Promise<Index> {
  const index = await openIndex(workspace.layout)
  refreshIndex(workspace, index)
  return index
}

function runsIn(index: Index): number {
  return Number(index.driver.get('SELECT count(*) AS n FROM runs')?.n)
}

/** One command of the program, in a process of its own. */
async function program(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, ...args], {
    cwd: folder,
    env: { ...process.env, SPECWEAVE_STATE_DIR: join(folder, 'state') },
  })
  return stdout
}

async function totalRuns(): Promise<number> {
  return (JSON.parse(await program('call', 'list_runs', '{"limit":1}')) as { total: number }).total
}

describe('the index', () => {
  it('is filled from the files, and the same after it was opened again', async () => {
    const index = await open()
    expect(runsIn(index)).toBe(RUNS)
    expect(await open()).toBe(index)
    closeIndexes()
    expect(runsIn(await openIndex(workspace.layout))).toBe(RUNS)
  })

  it.each([
    ['garbage', () => writeFileSync(file, 'this is no database, whatever its name says '.repeat(200))],
    ['a page of zeros', () => writeFileSync(file, Buffer.alloc(4096))],
    ['empty', () => writeFileSync(file, '')],
    ['cut off in its header', () => truncateSync(file, 60)],
    ['cut off after a page', () => truncateSync(file, 4096)],
    ['cut off in its middle', () => truncateSync(file, Math.floor(statSync(file).size / 2))],
    ['overwritten where its runs are', () => overwrite(placeOfRuns)],
    ['beside a write-ahead log of garbage', () => writeFileSync(`${file}-wal`, 'x'.repeat(10_000))],
  ])('is made anew from the files where it is %s', async (_, harm) => {
    const page = (await open()).driver.get("SELECT rootpage FROM sqlite_master WHERE name = 'runs'")?.rootpage
    placeOfRuns = (Number(page) - 1) * 4096
    closeIndexes()
    harm()
    expect(await totalRuns()).toBe(RUNS)
    const index = await open()
    expect(runsIn(index)).toBe(RUNS)
    expect(index.driver.get('PRAGMA integrity_check')).toEqual({ integrity_check: 'ok' })
  })

  it('is made anew by rebuild-index where it is damaged', async () => {
    await open()
    closeIndexes()
    overwrite(4096)
    expect(await program('rebuild-index')).toContain(`${RUNS} runs`)
    expect(await totalRuns()).toBe(RUNS)
  })

  it('is made anew where a newer version made it', async () => {
    const { driver } = await open()
    driver.exec('DROP TABLE params; CREATE TABLE params (unheard_of TEXT); PRAGMA user_version = 999')
    closeIndexes()
    const index = await open()
    expect(index.driver.get('PRAGMA user_version')).toEqual({ user_version: INDEX_VERSION })
    expect(runsIn(index)).toBe(RUNS)
  })

  it('is opened again where it was deleted or replaced while open', async () => {
    const first = await open()
    for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true })
    const second = await open()
    expect(second).not.toBe(first)
    expect(runsIn(second)).toBe(RUNS)
    // A call that began before goes on with what it holds.
    expect(first.driver.all('SELECT 1 AS one')).toEqual([{ one: 1 }])

    const other = join(folder, 'other.db')
    const driver = await openSqlite(other, { busyTimeoutMs: 0 })
    migrate(driver)
    driver.close()
    for (const suffix of ['-wal', '-shm']) rmSync(file + suffix, { force: true })
    renameSync(other, file)
    expect(runsIn(await open())).toBe(RUNS)
  })

  it('is made anew where its log was overwritten while it was open, and nobody writes', async () => {
    const first = await open()
    const other = await openSqlite(file, { busyTimeoutMs: 5000 })
    for (let row = 0; row < 300; row++) other.run('UPDATE runs SET reason = ?', ['x'.repeat(row + 500)])
    writeFileSync(`${file}-wal`, 'this is no log. '.repeat(1000))
    expect(() => runsIn(first)).toThrow(IndexDamaged)
    other.close()
    expect(runsIn(await open())).toBe(RUNS)
  })

  it('goes up to the current version once, and a second time changes nothing', async () => {
    const driver = await openSqlite(join(folder, 'new.db'), { busyTimeoutMs: 0 })
    const schema = () => driver.all('SELECT name, sql FROM sqlite_schema ORDER BY name')
    expect(migrate(driver)).toBe(true)
    const first = schema()
    expect(first.map(({ name }) => name)).toContain('runs')
    driver.run("INSERT INTO folders VALUES ('a', 'b')")
    expect(migrate(driver)).toBe(true)
    expect(schema()).toEqual(first)
    expect(driver.all('SELECT * FROM folders')).toEqual([{ path: 'a', changed: 'b' }])
    driver.close()
  })

  it('leaves nothing of a migration that breaks in its middle', async () => {
    const driver = await openSqlite(join(folder, 'new.db'), { busyTimeoutMs: 0 })
    // The last table of the first migration is there already: all that stands before it must be undone.
    driver.exec('CREATE TABLE sources (x)')
    expect(() => migrate(driver)).toThrow(/already exists/)
    expect(driver.all('SELECT name FROM sqlite_schema')).toEqual([{ name: 'sources' }])
    expect(driver.get('PRAGMA user_version')).toEqual({ user_version: 0 })
    driver.close()
  })

  it.each([
    ['there is none', () => rmSync(file, { force: true })],
    ['it is garbage', () => writeFileSync(file, 'garbage '.repeat(1000))],
  ])('is whole where several processes open it at once and %s', async (_, before) => {
    for (let round = 0; round < 3; round++) {
      for (const suffix of ['-wal', '-shm']) rmSync(file + suffix, { force: true })
      before()
      const totals = await Promise.all([totalRuns(), totalRuns(), totalRuns(), totalRuns()])
      expect(totals).toEqual([RUNS, RUNS, RUNS, RUNS])
      expect(await totalRuns()).toBe(RUNS)
    }
    expect((await open()).driver.get('PRAGMA integrity_check')).toEqual({ integrity_check: 'ok' })
  })

  it('is no part of the record: nothing else changes where it is deleted', async () => {
    await open()
    closeIndexes()
    const before = readFileSync(
      join(workspace.layout.folder, 'increments/0001-trial/experiments/exp-001-try/run.json'),
    )
    rmSync(file)
    expect(await totalRuns()).toBe(RUNS)
    expect(existsSync(file)).toBe(true)
    expect(
      readFileSync(join(workspace.layout.folder, 'increments/0001-trial/experiments/exp-001-try/run.json')),
    ).toEqual(before)
  })
})

/** Where the first page of the table of runs lies: every listing reads it. */
let placeOfRuns = 0

function overwrite(from: number): void {
  const bytes = readFileSync(file)
  bytes.fill(0xab, from, from + 12_288)
  writeFileSync(file, bytes)
}
