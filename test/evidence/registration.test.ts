import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { closeLab } from '../../src/adapters/lab/process.ts'
import { findDataset, listDatasets, splitFiles } from '../../src/evidence/datasets.ts'
import { readLedger } from '../../src/evidence/ledger.ts'
import { recordStanding } from '../../src/evidence/registered-record.ts'
import { registerDataset } from '../../src/evidence/registration.ts'
import { hasLabels, labelsFile, requireLabels } from '../../src/evidence/vault.ts'
import { CHURN, readRows, writeChurn } from './fixtures/churn.ts'
import { sandbox } from './fixtures/sandbox.ts'

const everything = (folder: string): string[] =>
  existsSync(folder) ? readdirSync(folder, { recursive: true }).map(String).sort() : []

afterAll(closeLab)

describe.skipIf(!process.env.SPECWEAVE_LAB_DIR)('register', () => {
  it('splits, seals the test labels outside the workspace, and records it', async () => {
    const { workspace, state } = sandbox()
    writeChurn(workspace)
    const told: string[] = []
    const { record, reused, folder } = await registerDataset(workspace, CHURN, {
      progress: (m) => told.push(m),
    })
    expect(record).toMatchObject({
      dataset: 'churn@1',
      rows: 400,
      positive: 'yes',
      source: { path: 'data/churn.csv' },
    })
    expect(reused).toBe(false)
    expect(everything(join(folder, '..'))).toEqual([
      'v1',
      'v1/dataset.json',
      'v1/sample.csv',
      'v1/test.csv',
      'v1/train.csv',
      'v1/validation.csv',
    ])
    expect(Object.keys(readRows(join(folder, 'test.csv'))[0] ?? {})).toEqual(['row_id', 'calls', 'plan'])
    expect(labelsFile(record.hash).startsWith(state)).toBe(true)
    expect(statSync(labelsFile(record.hash)).mode & 0o777).toBe(0o600)
    expect(statSync(join(labelsFile(record.hash), '..')).mode & 0o777).toBe(0o700)
    expect(await requireLabels(record)).toBe(labelsFile(record.hash))
    expect(readLedger(workspace).lines[0]).toMatchObject({
      event: 'dataset.registered',
      data: {
        dataset: 'churn@1',
        dataset_hash: record.hash,
        labels_sha256: record.splits.test.labels_sha256,
      },
    })
    expect(told.length).toBeGreaterThan(1)
  })

  it('records what dataset.json says when it makes it, and never what somebody made of it', async () => {
    const { workspace } = sandbox()
    writeChurn(workspace)
    const { record, folder } = await registerDataset(workspace, CHURN)
    const file = join(folder, 'dataset.json')
    const text = readFileSync(file, 'utf8')
    const standing = () => recordStanding(findDataset(workspace, 'churn@1'), readLedger(workspace))
    expect(standing()).toEqual({ registered: true })
    // However it is laid out.
    writeFileSync(file, JSON.stringify(record))
    expect(standing()).toEqual({ registered: true })
    writeFileSync(file, text.replace('"seed": 0', '"seed": 1'))
    expect(await registerDataset(workspace, CHURN)).toMatchObject({ reused: true })
    expect(readLedger(workspace).lines).toHaveLength(1)
    expect(standing().problem).toMatch(/^dataset\.json of churn@1 was changed: what it says has SHA-256/)
    // What was lost is made again, at another time, and is a line of its own.
    rmSync(folder, { recursive: true })
    expect(await registerDataset(workspace, CHURN)).toMatchObject({
      reused: false,
      record: { dataset: 'churn@1', hash: record.hash },
    })
    expect(readLedger(workspace).lines).toHaveLength(2)
    expect(standing()).toEqual({ registered: true })
  })

  it('gives the version that exists for a repeat, and a new one for other data', async () => {
    const { workspace } = sandbox()
    writeChurn(workspace)
    const first = await registerDataset(workspace, CHURN)
    const again = await registerDataset(workspace, CHURN)
    expect(again).toMatchObject({
      reused: true,
      rebuilt: [],
      record: { dataset: 'churn@1', hash: first.record.hash },
    })
    writeChurn(workspace, 500)
    const told: string[] = []
    const second = await registerDataset(workspace, CHURN, { progress: (m) => told.push(m) })
    expect(told.filter((message) => message.startsWith('reading'))).toHaveLength(1)
    expect(second.record.dataset).toBe('churn@2')
    // A row once sealed stays sealed.
    const [sealed, later] = [first, second].map(({ folder }) =>
      readRows(join(folder, 'test.csv')).map((r) => r.row_id),
    )
    expect(later).toEqual(expect.arrayContaining(sealed ?? []))
    expect(findDataset(workspace, 'churn').version).toBe(2)
    expect(findDataset(workspace, 'churn@1').rows).toBe(400)
    expect(listDatasets(workspace).map(({ dataset }) => dataset)).toEqual(['churn@1', 'churn@2'])
    expect(readLedger(workspace).lines).toHaveLength(2)
  })

  it('makes rows and sealed labels again from the source', async () => {
    const { workspace, state } = sandbox()
    writeChurn(workspace)
    const { record, folder } = await registerDataset(workspace, CHURN)
    const train = readFileSync(join(folder, 'train.csv'), 'utf8')
    rmSync(join(state, 'vault'), { recursive: true })
    rmSync(join(folder, 'train.csv'))
    expect(splitFiles(workspace, record).train).toBeUndefined()
    const refusal = await requireLabels(record).catch((cause) => cause)
    expect(refusal).toMatchObject({
      code: 'VAULT_MISSING',
      message: expect.stringContaining('data/churn.csv'),
    })
    const { arguments: call } = refusal.next[0]
    expect(await registerDataset(workspace, call)).toMatchObject({
      reused: true,
      rebuilt: ['labels', 'rows'],
    })
    expect(await requireLabels(record)).toBeTruthy()
    expect(readFileSync(join(folder, 'train.csv'), 'utf8')).toBe(train)
    writeFileSync(labelsFile(record.hash), 'row_id,churned\n')
    await expect(requireLabels(record)).rejects.toMatchObject({ message: expect.stringContaining('differ') })
  })

  it('by two callers at once gives one version', async () => {
    const { workspace } = sandbox()
    writeChurn(workspace)
    const both = await Promise.all([registerDataset(workspace, CHURN), registerDataset(workspace, CHURN)])
    expect(both.map(({ record }) => record.dataset)).toEqual(['churn@1', 'churn@1'])
    expect(both.filter(({ reused }) => reused)).toHaveLength(1)
    expect(readLedger(workspace).lines).toHaveLength(1)
  })

  it('of two different sources at once seals in the second what the first sealed', async () => {
    const { workspace } = sandbox()
    writeChurn(workspace, 400)
    writeChurn(workspace, 500, 'data/more.csv')
    const both = await Promise.all([
      registerDataset(workspace, CHURN),
      registerDataset(workspace, { ...CHURN, source: 'data/more.csv' }),
    ])
    expect(both.map(({ record }) => record.dataset).sort()).toEqual(['churn@1', 'churn@2'])
    expect(
      everything(join(workspace.layout.datasets, 'churn')).filter((name) => name.includes('.new')),
    ).toEqual([])
  })

  it('reads a source outside the workspace, and writes down its name alone', async () => {
    const { workspace, folder } = sandbox()
    const path = writeChurn(workspace, 300, '../elsewhere/churn.csv')
    const { record, warnings, folder: made } = await registerDataset(workspace, { ...CHURN, source: path })
    expect(record.source.path).toBe('churn.csv')
    expect(warnings.join()).toContain('outside the workspace')
    expect(readFileSync(join(made, 'dataset.json'), 'utf8')).not.toContain(folder)
  })

  it('changes nothing where it refuses', async () => {
    const { workspace, state } = sandbox()
    writeChurn(workspace)
    const before = everything(workspace.root)
    const refused = (change: object) =>
      registerDataset(workspace, { ...CHURN, ...change }).then(String, (cause) => cause.code)
    expect(await refused({ target: 'churnd' })).toBe('DATASET_INVALID')
    expect(await refused({ source: 'data/none.csv' })).toBe('FILE_MISSING')
    expect(await refused({ source: '../outside.csv' })).toBe('PATH_OUTSIDE_WORKSPACE')
    expect(await refused({ source: 'data' })).toBe('DATASET_INVALID')
    for (const name of ['Churn data', '../x', 'ä', '', 'x'.repeat(300), 'a/b'])
      expect(await refused({ name })).toBe('INPUT_INVALID')
    expect(everything(workspace.root)).toEqual(before)
    expect(everything(state).filter((path) => path.includes('vault/'))).toEqual([])
  })
})

describe('datasets', () => {
  it('that are unknown are refused with the nearest', () => {
    const { workspace } = sandbox()
    expect(() => findDataset(workspace, 'churn')).toThrow(/No dataset is registered/)
    const folder = join(workspace.layout.datasets, 'churn', 'v1')
    mkdirSync(folder, { recursive: true })
    expect(() => findDataset(workspace, 'chrun')).toThrow(/Did you mean churn@1/)
    expect(() => findDataset(workspace, 'churn@7')).toThrow(/Did you mean churn@1/)
    expect(() => findDataset(workspace, '../../etc')).toThrow(
      expect.objectContaining({ code: 'DATASET_UNKNOWN' }),
    )
    writeFileSync(join(folder, 'dataset.json'), '{')
    expect(() => findDataset(workspace, 'churn')).toThrow(
      expect.objectContaining({ code: 'DATASET_INVALID' }),
    )
    writeFileSync(join(folder, 'dataset.json'), '{"format": 2}')
    expect(() => findDataset(workspace, 'churn')).toThrow(
      expect.objectContaining({ code: 'WORKSPACE_NEWER' }),
    )
    expect(hasLabels('f'.repeat(64))).toBe(false)
  })
})
