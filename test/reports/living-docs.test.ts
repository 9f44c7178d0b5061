import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { syncDocs } from '../../src/reports/living-docs.ts'
import type { SyncFacts } from '../../src/reports/sync-facts.ts'
import { layoutOf } from '../../src/store/layout.ts'
import * as facts from './facts.ts'
import { temporaryFolder } from './temporary-folder.ts'

const PAGE = '.specweave/docs/internal/architecture/ml-models.md'
const ADR = '.specweave/docs/internal/architecture/adr'
const RUNBOOK = '.specweave/docs/internal/operations/runbooks/churn-model.md'

function workspace() {
  const root = temporaryFolder()
  const read = (path: string) => readFileSync(join(root, path), 'utf8')
  const write = (path: string, text: string) => writeFileSync(join(root, path), text)
  return { root, layout: layoutOf(root), read, write }
}
const other: SyncFacts = {
  ...facts.syncFacts,
  increment: '0043',
  folder: '0043-fraud',
  title: 'Fraud',
  candidate: undefined,
}

describe('syncDocs', () => {
  it('makes the three documents and then leaves them', () => {
    const here = workspace()
    const files = [PAGE, `${ADR}/0001-churn-model-algorithm.md`, RUNBOOK]
    expect(syncDocs(here, [facts.syncFacts])).toEqual({ changed: files, unchanged: [], conflicts: [] })
    expect(syncDocs(here, [facts.syncFacts])).toEqual({ changed: [], unchanged: files, conflicts: [] })
    expect(here.read(PAGE)).toContain('(adr/0001-churn-model-algorithm.md)')
    expect(here.read(PAGE)).toContain('(../operations/runbooks/churn-model.md)')
    expect(here.read(files[1] ?? '')).toMatch(/^# 1\. Algorithm of Churn model\n/)
  })

  it('writes nothing in check mode, and says what would change', () => {
    const here = workspace()
    expect(syncDocs(here, [facts.syncFacts], 'check').changed).toHaveLength(3)
    expect(readdirSync(here.root)).toEqual([])
    syncDocs(here, [facts.syncFacts])
    expect(syncDocs(here, [facts.syncFacts], 'check').changed).toEqual([])
    const more = { ...facts.syncFacts, runs: [...facts.runs, facts.run('exp-007-svm', { state: 'failed' })] }
    expect(syncDocs(here, [more], 'check').changed).toEqual([`${ADR}/0001-churn-model-algorithm.md`, RUNBOOK])
  })

  it('keeps what people wrote around blocks, and reports what they edited inside', () => {
    const here = workspace()
    syncDocs(here, [facts.syncFacts])
    here.write(PAGE, `Intro by us.\n\n${here.read(PAGE)}\nOutro.\n`)
    here.write(RUNBOOK, here.read(RUNBOOK).replace('### Retrain', '### Retrain on Mondays'))
    const edited = here.read(RUNBOOK)
    const result = syncDocs(here, [{ ...facts.syncFacts, status: 'abandoned' }])
    expect(result.conflicts).toEqual([RUNBOOK])
    expect(result.changed).toContain(PAGE)
    expect(here.read(RUNBOOK)).toBe(edited)
    expect(here.read(PAGE)).toMatch(/^Intro by us\.\n[\s\S]*Status: not passed[\s\S]*\nOutro\.\n$/)
  })

  it('numbers decisions after the highest, one a increment, and finds a renamed one again', () => {
    const here = workspace()
    mkdirSync(join(here.root, ADR), { recursive: true })
    for (const name of ['0007-use-postgres.md', 'ADR-0011-queue.md', 'README.md'])
      here.write(`${ADR}/${name}`, '# x\n')
    syncDocs(here, [other, facts.syncFacts])
    const names = readdirSync(join(here.root, ADR))
    expect(names).toContain('0012-churn-model-algorithm.md')
    expect(names).toContain('0013-fraud-algorithm.md')
    expect(here.read(`${ADR}/README.md`)).toBe('# x\n')

    renameSync(
      join(here.root, ADR, '0012-churn-model-algorithm.md'),
      join(here.root, ADR, '0012-boosting.md'),
    )
    const again = syncDocs(here, [facts.syncFacts, other])
    expect(again.changed).toEqual([PAGE])
    expect(here.read(PAGE)).toContain('(adr/0012-boosting.md)')
    expect(readdirSync(join(here.root, ADR))).toHaveLength(5)
  })

  it('puts a deleted block back into its own file', () => {
    const here = workspace()
    syncDocs(here, [facts.syncFacts])
    const adr = `${ADR}/0001-churn-model-algorithm.md`
    here.write(adr, '# 1. Ours\n')
    expect(syncDocs(here, [facts.syncFacts]).changed).toEqual([adr])
    expect(here.read(adr)).toMatch(/^# 1\. Ours\n\n<!-- specweave:begin adr-algorithm-0042 /)
    rmSync(join(here.root, adr))
    expect(syncDocs(here, [facts.syncFacts]).changed).toEqual([adr])
  })

  it('gives increments of one name each their own block and decision', () => {
    const here = workspace()
    const later = { ...facts.syncFacts, increment: '0051', folder: '0051-churn-model' }
    syncDocs(here, [facts.syncFacts, later])
    expect(readdirSync(join(here.root, ADR))).toEqual([
      '0001-churn-model-algorithm.md',
      '0002-churn-model-algorithm.md',
    ])
    expect(here.read(RUNBOOK)).toContain('runbook-0042')
    expect(here.read(RUNBOOK)).toContain('runbook-0051')
    expect(syncDocs(here, [later, facts.syncFacts]).changed).toEqual([])
  })

  it('records no decision where nothing was measured', () => {
    const here = workspace()
    expect(
      syncDocs(here, [{ ...facts.syncFacts, runs: [facts.broken], verdict: undefined }]).changed,
    ).toEqual([PAGE, RUNBOOK])
    expect(syncDocs(here, []).changed).toEqual([])
  })
})
