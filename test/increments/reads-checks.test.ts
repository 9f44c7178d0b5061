import { describe, expect, it } from 'vitest'
import type { GateFacts } from '../../src/increments/gate-facts.ts'
import { readsChecks, readsWarning, type SeenRun } from '../../src/increments/reads-checks.ts'
import { run } from './workspace.ts'

const clean: SeenRun = { run: '0001/exp-002-gb', recorded: true, files: 2, complete: true, forbidden: [] }
const source = { path: 'data/churn.csv', what: 'the registered source, which holds the sealed rows' }

const facts = (reads: SeenRun[] | undefined, candidate = run('exp-002-gb')) =>
  ({ increment: '0001', dataset: 'churn@1', candidate, reads }) as unknown as GateFacts

describe('candidate.reads', () => {
  it('is not there without a candidate, or where nothing can be held against it', () => {
    expect(readsChecks(facts(undefined))).toEqual([])
    expect(readsChecks(facts([]))).toEqual([])
    expect(readsChecks({ ...facts([clean]), candidate: undefined })).toEqual([])
  })

  it('passes what was not seen, and says that this is no proof', () => {
    const [check] = readsChecks(facts([clean]))
    expect(check).toMatchObject({ id: 'candidate.reads', status: 'pass' })
    expect(check?.message).toMatch(
      /was not seen opening the source of churn@1.*2 data files seen\).*no proof/,
    )
    expect(readsChecks(facts([{ ...clean, complete: false }]))[0]?.message).toContain('cut off')
    expect(readsChecks(facts([clean, { ...clean, run: '0001/exp-001-features' }]))[0]?.message).toContain(
      '0001/exp-002-gb and 1 that it builds on was not seen',
    )
  })

  it('tells of files with test rows alone, and of files that were not looked through', () => {
    const features = [{ path: 'x.csv', what: 'which holds 90 of 90 test rows' }]
    const unsearched = [{ path: 'big.csv', sha256: 'a' }]
    const [check] = readsChecks(facts([{ ...clean, features, unsearched }]))
    expect(check?.status).toBe('pass')
    expect(check?.message).toMatch(
      /^0001.* 1 of them were not looked through .*not done.* x\.csv, which holds 90 of 90/,
    )
  })

  it('warns of files that could not be searched, by name and with the reason', () => {
    const left = { path: 'ext.pkl', sha256: 'a', why: 'pickle is never loaded' }
    expect(readsChecks(facts([{ ...clean, unsearched: [left] }]))[0]).toMatchObject({
      status: 'pass',
      message: expect.stringMatching(
        /^warning, not blocking: 1 data file was not searched .*: ext\.pkl \(pickle is never loaded\)\. 0001.* was not seen/,
      ),
    })
    const [check] = readsChecks(facts([{ ...clean, unsearched: Array(5).fill(left) }]))
    expect(check?.message).toMatch(/: 5 data files were not searched .*, and 2 more\. /)
  })

  it('is not done, and blocks nothing, where nothing was noted', () => {
    const [check] = readsChecks(facts([{ ...clean, recorded: false, files: 0 }]))
    expect(check).toMatchObject({
      status: 'pass',
      message: expect.stringContaining('not done, not blocking'),
    })
  })

  it('fails a run that was seen opening sealed rows, and tells the remedy', () => {
    const [check] = readsChecks(facts([{ ...clean, forbidden: [source] }]))
    expect(check).toMatchObject({ status: 'fail', evidence: '0001/exp-002-gb' })
    expect(check?.message).toContain(
      '0001/exp-002-gb was seen opening data/churn.csv, the registered source, which holds the sealed rows.',
    )
    expect(check?.message).toContain('specweave.load_dataset()')
  })

  it('tells programs that were started with the source from files that were opened', () => {
    const git = {
      path: 'git show HEAD:data/churn.csv',
      what: 'which names the source',
      started: true,
    } as const
    expect(readsChecks(facts([{ ...clean, forbidden: [source, git, git] }]))[0]?.message).toContain(
      'was seen opening data/churn.csv, the registered source, which holds the sealed rows; starting git show HEAD:data/churn.csv, which names the source; git show',
    )
    expect(readsWarning({ ...clean, forbidden: [git] })[0]).toMatch(/^was seen starting git show/)
  })

  it('fails a run that builds on one that was, also where nothing was noted of one of them', () => {
    const parent = { ...clean, run: '0001/exp-001-features', forbidden: Array(5).fill(source) }
    const [check] = readsChecks(facts([{ ...clean, recorded: false }, parent]))
    expect(check).toMatchObject({ status: 'fail', evidence: '0001/exp-001-features' })
    expect(check?.message).toContain('0001/exp-001-features, whose files 0001/exp-002-gb was seen to read,')
    expect(check?.message).toContain('and 2 more')
  })
})

it('a run that explores is warned', () => {
  expect(readsWarning(clean)).toEqual([])
  expect(readsWarning({ ...clean, forbidden: [source, source] })[0]).toMatch(
    /^was seen opening data\/churn.csv, .* \(and 1 more\): it may explore, and a verdict on it fails/,
  )
})
