import { readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { ComparisonFacts } from '../../src/reports/comparison.ts'
import { putIntoFile, writeComparison, writeSummary } from '../../src/reports/write-documents.ts'
import * as facts from './facts.ts'
import { temporaryFolder } from './temporary-folder.ts'

const comparison: ComparisonFacts = {
  increment: '0042',
  title: 'Churn model',
  ...facts.ranking,
  runs: facts.runs,
}

describe('documents of an increment', () => {
  it('are made, then left alone while nothing changes', () => {
    const folder = temporaryFolder()
    const { path, outcome } = writeComparison(folder, comparison)
    expect(outcome).toBe('added')
    expect(readFileSync(path, 'utf8')).toMatch(
      /^# Experiments: Churn model \(0042\)\n\n<!-- specweave:begin comparison /,
    )
    const { ino } = statSync(path)
    expect(writeComparison(folder, comparison).outcome).toBe('unchanged')
    expect(statSync(path).ino).toBe(ino)
    expect(writeComparison(folder, { ...comparison, runs: [] }).outcome).toBe('updated')
  })

  it('keep what people wrote around, and inside', () => {
    const folder = temporaryFolder()
    const { path } = writeSummary(folder, facts.summaryFacts)
    const written = readFileSync(path, 'utf8')
    expect(written).toMatch(/^<!-- .* -->\n# Churn model - NOT PASSED\n/)
    writeFileSync(path, `${written}\n## Our view\n\nIt was the data.\n`)
    const passed = { ...facts.summaryFacts, outcome: 'passed' } as const
    expect(writeSummary(folder, passed).outcome).toBe('updated')
    expect(readFileSync(path, 'utf8')).toMatch(
      /# Churn model - COMPLETE\n[\s\S]*## Our view\n\nIt was the data\.\n$/,
    )

    const edited = readFileSync(path, 'utf8').replace('COMPLETE', 'SUPER')
    writeFileSync(path, edited)
    expect(writeSummary(folder, facts.summaryFacts).outcome).toBe('conflict')
    expect(readFileSync(path, 'utf8')).toBe(edited)
  })

  it('are never written through a link out of the folder', () => {
    const folder = temporaryFolder()
    const elsewhere = join(temporaryFolder(), 'x.md')
    symlinkSync(elsewhere, join(folder, 'COMPLETION-SUMMARY.md'))
    writeFileSync(elsewhere, 'mine')
    expect(() => writeSummary(folder, facts.summaryFacts)).toThrow(/outside the workspace/)
    expect(readFileSync(elsewhere, 'utf8')).toBe('mine')
  })

  it('are only judged where nothing may be written', () => {
    const folder = temporaryFolder()
    const { path, outcome } = putIntoFile(folder, 'a/b.md', { name: 'x', body: 'y' }, false)
    expect(outcome).toBe('added')
    expect(() => readFileSync(path)).toThrow('ENOENT')
  })
})
