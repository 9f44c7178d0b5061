import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { closeLab } from '../../src/adapters/lab/process.ts'
import { listDatasets, splitFiles } from '../../src/evidence/datasets.ts'
import { readLedger } from '../../src/evidence/ledger.ts'
import { rebuildDataset } from '../../src/evidence/rebuild.ts'
import { registerAgain } from '../../src/evidence/register-again.ts'
import { recordStanding } from '../../src/evidence/registered-record.ts'
import { type DatasetInput, registerDataset } from '../../src/evidence/registration.ts'
import { hasLabels, labelsFile } from '../../src/evidence/vault.ts'
import { openWorkspace, type Workspace } from '../../src/store/workspace.ts'
import { CHURN, writeChurn } from './fixtures/churn.ts'
import { sandbox } from './fixtures/sandbox.ts'

afterAll(closeLab)

/** What Git would hold, on a machine without rows and labels. */
function cloned(workspace: Workspace): Workspace {
  const root = `${workspace.root}-clone`
  cpSync(workspace.root, root, {
    recursive: true,
    filter: (path) => !/v\d+\/(?:train|validation|test)\./.test(path),
  })
  vi.stubEnv('SPECWEAVE_STATE_DIR', join(root, '../other-state'))
  return openWorkspace(root)
}

const KINDS: [what: string, input: DatasetInput, header: string, row: (i: number) => string][] = [
  [
    'a class that nobody named',
    { name: 'plain', source: 'data.csv', target: 'y', problem_type: 'classification' },
    'x,z,y',
    (i) => `${i},${(i * 7) % 31},${i % 3 === 0 ? 'yes' : 'no'}`,
  ],
  [
    'groups',
    {
      name: 'grouped',
      source: 'data.csv',
      target: 'y',
      problem_type: 'regression',
      split: { method: 'group', group_column: 'g', seed: 5, test: 0.3 },
    },
    'g,x,y',
    (i) => `g${i % 40},${i},${i / 3}`,
  ],
  [
    'times',
    {
      name: 'timed',
      source: 'data.csv',
      target: 'y',
      problem_type: 'time_series',
      split: { time_column: 't' },
    },
    't,y',
    (i) => `${new Date(Date.UTC(2024, 0, 1 + i)).toISOString().slice(0, 10)},${Math.sin(i)}`,
  ],
  [
    'times with a gap and a horizon',
    {
      name: 'gapped',
      source: 'data.csv',
      target: 'y',
      problem_type: 'regression',
      split: { method: 'time', time_column: 't', gap: '3d', horizon: 7 },
    },
    't,y',
    (i) => `${new Date(Date.UTC(2024, 0, 1 + i)).toISOString().slice(0, 10)},${Math.cos(i)}`,
  ],
  [
    'recommendations',
    {
      name: 'rated',
      source: 'data.csv',
      target: 'item',
      problem_type: 'recommendation',
      split: { group_column: 'user' },
    },
    'user,item,stars',
    (i) => `u${i % 25},i${(i * 13) % 97},${i % 5}`,
  ],
]

describe.skipIf(!process.env.SPECWEAVE_LAB_DIR)('rebuilding', () => {
  it.each(KINDS)(
    'gives the same labels and rows on another machine: %s',
    async (_what, input, header, row) => {
      const { workspace } = sandbox()
      const write = (rows: number): void =>
        writeFileSync(
          join(workspace.root, 'data.csv'),
          `${header}\n${Array.from({ length: rows }, (_, i) => row(i)).join('\n')}\n`,
        )
      write(300)
      const { record } = await registerDataset(workspace, input)
      // The call that refusals name is the same version, too.
      const { arguments: again } = registerAgain(record) as { arguments: object }
      expect(await registerDataset(workspace, again as DatasetInput)).toMatchObject({ reused: true })
      const labels = readFileSync(labelsFile(record.hash), 'utf8')
      const train = readFileSync(splitFiles(workspace, record).train ?? '', 'utf8')

      const there = cloned(workspace)
      expect(hasLabels(record.hash)).toBe(false)
      const before = readLedger(there).lines.length
      expect(await rebuildDataset(there, record)).toEqual({
        made: ['labels', 'train', 'validation', 'test'],
        source: 'data.csv',
      })
      expect(readFileSync(labelsFile(record.hash), 'utf8')).toBe(labels)
      expect(readFileSync(splitFiles(there, record).train ?? '', 'utf8')).toBe(train)
      expect(await rebuildDataset(there, record)).toEqual({ made: [] })
      expect(readLedger(there).lines).toHaveLength(before)
      expect(recordStanding(record, readLedger(there))).toEqual({ registered: true })
    },
  )

  it('takes what earlier versions sealed into account, from sources that are named', async () => {
    const { workspace, folder } = sandbox()
    const source = writeChurn(workspace)
    const old = join(folder, 'old.csv')
    cpSync(source, old)
    await registerDataset(workspace, { ...CHURN, split: { test: 0.4 } })
    writeChurn(workspace, 500)
    const { record } = await registerDataset(workspace, { ...CHURN, split: { test: 0.1 } })
    expect(record.split.carried).toBeGreaterThan(0)
    const [first] = listDatasets(workspace)
    if (!first) throw new Error('no version')
    const again = true
    expect(await rebuildDataset(workspace, record, { again })).toEqual({ made: [], source: 'data/churn.csv' })
    const gone = {
      made: [],
      notCompared: expect.stringMatching(/^its source is not here \(data\/churn\.csv, /),
    }
    expect(await rebuildDataset(workspace, first, { again })).toEqual(gone)
    writeChurn(workspace, 501)
    await expect(rebuildDataset(workspace, record, { again })).rejects.toThrow('The source data was changed')
    // The first version's file was replaced long before.
    expect(await rebuildDataset(workspace, first, { again })).toEqual(gone)
    writeChurn(workspace, 500)
    const there = cloned(workspace)
    await expect(rebuildDataset(there, first)).rejects.toMatchObject({
      code: 'VAULT_MISSING',
      message: expect.stringContaining('data/churn.csv is the source of churn@2 now'),
    })
    await expect(rebuildDataset(there, record)).rejects.toMatchObject({
      code: 'DATASET_INVALID',
      message: expect.stringMatching(/The source of churn@1 is not in this clone.*hash is/),
    })
    expect(hasLabels(record.hash)).toBe(false)
    const sources = new Map([['churn@1', old]])
    expect((await rebuildDataset(there, record, { sources })).made).toContain('labels')
    expect(await rebuildDataset(there, first, { sources })).toEqual({ made: [] })
  })

  it('takes nothing over from a source or a record that was changed, and reads no path out of the clone', async () => {
    const { workspace, folder } = sandbox()
    const source = writeChurn(workspace)
    const { record } = await registerDataset(workspace, CHURN)
    const there = cloned(workspace)
    const nothing = async (changed: typeof record, sources?: Map<string, string>): Promise<string> => {
      const refused = await rebuildDataset(there, changed, { sources }).catch((cause) => cause)
      expect(refused.code).toMatch(/^(?:DATASET_INVALID|VAULT_MISSING)$/)
      expect([hasLabels(record.hash), hasLabels(changed.hash)]).toEqual([false, false])
      expect(splitFiles(there, record).train).toBeUndefined()
      expect(splitFiles(there, record).test).toBeUndefined()
      return refused.message
    }
    expect(await nothing({ ...record, target: 'plan' })).toContain('what its source gives')
    expect(
      await nothing({ ...record, splits: { ...record.splits, train: { ...record.splits.train, rows: 7 } } }),
    ).toContain('splits.train.rows is')
    expect(await nothing({ ...record, positive: 'no' })).toContain('hash is')
    const outside = { ...record.source, path: '../project/data/churn.csv' }
    expect(await nothing({ ...record, source: outside })).toContain('not in this clone')
    mkdirSync(join(folder, 'elsewhere'))
    const other = join(folder, 'elsewhere/churn.csv')
    writeFileSync(other, `${readFileSync(source, 'utf8')}c999,1,1,no\n`)
    expect(await nothing(record, new Map([['churn', other]]))).toContain('The source data was changed')
    rmSync(join(there.root, 'data/churn.csv'))
    expect(await nothing(record)).toContain('not in this clone (data/churn.csv')
    expect(existsSync(join(folder, 'other-state/rebuild'))).toBe(true)
    expect(readdirSync(join(folder, 'other-state/rebuild'))).toEqual([])
  })
})
