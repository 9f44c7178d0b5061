import { readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { closeLab } from '../../src/adapters/lab/process.ts'
import { appendEvent, readLedger } from '../../src/evidence/ledger.ts'
import { openWorkspace } from '../../src/store/workspace.ts'
import { type Clone, Clones, edit } from './clone.ts'
import { git } from './git.ts'
import { type JudgedWorkspace, judgedWorkspace } from './judged-workspace.ts'
import { NO_LAB } from './product.ts'

const CHANGED =
  /^dataset\.json of churn@1 was changed: what it says has SHA-256 [0-9a-f]{12}\.\.\., and the ledger registered/m

describe.skipIf(NO_LAB)(`verify, of data that is here already (${NO_LAB ?? 'with the lab'})`, () => {
  let made: JudgedWorkspace
  const clones = new Clones()
  beforeAll(async () => {
    made = await judgedWorkspace()
  })
  afterAll(() => clones.remove())
  afterAll(closeLab)
  afterEach(() => void vi.unstubAllEnvs())

  const clone = (): Clone => clones.of(made.product.root)
  const source = (place: Clone): string => join(place.root, 'churn/churn.csv')
  const record = (place: Clone): string => join(place.root, '.specweave/datasets/churn/v1/dataset.json')
  const relabel = (text: string): string =>
    text.replace(/,(yes|no)$/m, (_, was) => (was === 'yes' ? ',no' : ',yes'))
  const reseed = (text: string): string => text.replace('"seed": 0', '"seed": 1')

  it('compares source and dataset.json though it has made labels and rows before', async () => {
    const place = clone()
    expect(await place.recompute()).toMatchObject({ code: 0, stderr: '' })
    expect(await place.recompute()).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('churn/churn.csv registered again gives what dataset.json says'),
    })
    edit(source(place), relabel)
    const edited = await place.recompute()
    expect(edited).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^churn@1: The source data was changed: churn\/churn\.csv has SHA-256/m),
      stdout: expect.stringContaining('0001 PASS (NOT PROVEN)'),
    })
    // What was recorded is what it was: without the proof it is said, and fails nothing.
    expect(place.verify()).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(
        /^warning: the source of churn@1 was changed: churn\/churn\.csv has SHA-256/,
      ),
    })
    rmSync(source(place))
    expect(await place.recompute()).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringMatching(
        /not compared with the source: its source is not here \(churn\/churn\.csv, /,
      ),
    })
    edit(record(place), reseed)
    expect(await place.recompute()).toMatchObject({ code: 1, stderr: expect.stringMatching(CHANGED) })
    git(place.root, 'checkout', '-q', '--', 'churn')
    const [, what] = /what its source gives, [^:]*: (.*)/.exec((await place.recompute()).stderr) ?? []
    expect(what).toContain('hash is')
    expect(place.verify()).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(CHANGED),
      stdout: expect.stringContaining('0001 PASS (NOT PROVEN)'),
    })
    const { code, stdout } = place.cli('validate-increment', '0001')
    expect(stdout).toMatch(
      /^fail +dataset\.registered: churn@1 is not as it was registered: dataset\.json of churn@1/m,
    )
    expect(code).toBe(1)
  })

  it('says what it could not compare, where an earlier version registered the data', async () => {
    const place = clone()
    vi.stubEnv('SPECWEAVE_STATE_DIR', place.state)
    const { lines } = readLedger(openWorkspace(place.root))
    const folder = join(place.root, '.specweave/ledger')
    renameSync(folder, join(place.root, 'away'))
    for (const { event, data } of lines) {
      const { record_sha256, ...older } = data
      await appendEvent(openWorkspace(place.root), event, older)
    }
    expect(
      readdirSync(folder)
        .map((name) => readFileSync(join(folder, name), 'utf8'))
        .join(),
    ).not.toContain('record_sha256')
    const NOTE = /^note: dataset\.json of churn@1: its hashes are those .* the rest of it was not compared/m
    expect(place.verify()).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(NOTE) })
    expect(place.cli('validate-increment', '0001')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        /^pass +dataset\.registered: .* was not compared, since an earlier version/m,
      ),
    })
    expect(await place.recompute()).toMatchObject({ code: 0, stderr: '' })
    edit(record(place), reseed)
    // The source tells what the ledger cannot.
    expect(await place.recompute()).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('dataset.json of churn@1 is not what its source gives'),
    })
  })
})
