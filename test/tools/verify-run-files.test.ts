import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Measurement } from '../../src/core/measurement.ts'
import { appendEvent, readLedger } from '../../src/evidence/ledger.ts'
import { isRecordChanged } from '../../src/evidence/run-record.ts'
import { openWorkspace } from '../../src/store/workspace.ts'
import { type Clone, Clones, edit } from './clone.ts'
import { git } from './git.ts'
import { evidenceIn, type JudgedWorkspace, judgedWorkspace } from './judged-workspace.ts'
import { NO_LAB } from './product.ts'

describe.skipIf(NO_LAB)(`verify, of the files of runs (${NO_LAB ?? 'with the lab'})`, () => {
  let made: JudgedWorkspace
  const clones = new Clones()
  beforeAll(async () => {
    made = await judgedWorkspace()
  })
  afterAll(() => clones.remove())

  const clone = (): Clone => clones.of(made.product.root)
  const metricsFile = (place: Clone, run = made.candidate) => join(place.folder(run), 'metrics.json')

  /** Changes the list of measurements by hand. */
  function retype(place: Clone, change: (metrics: Measurement[]) => unknown, run = made.candidate): void {
    const file = metricsFile(place, run)
    const metrics = JSON.parse(readFileSync(file, 'utf8')) as Measurement[]
    writeFileSync(file, JSON.stringify(change(metrics) ?? metrics, undefined, 2))
  }
  const on = (metrics: Measurement[], split: string, name = 'roc_auc') =>
    metrics.find((one) => one.name === name && one.split === split && one.source === 'measured')!

  it('names a measured figure of metrics.json that was typed, also with --recompute', async () => {
    const place = clone()
    const { value } = evidenceIn(place.folder(made.candidate)).splits.test!.metrics.find(
      ({ name }) => name === 'roc_auc',
    )!
    retype(place, (metrics) => {
      on(metrics, 'test').value = 0.991
    })
    const path = metricsFile(place).slice(place.root.length + 1)
    const { code, stdout, stderr } = place.verify()
    expect(stderr).toMatch(/^[^\n]+\n$/)
    expect(stderr).toContain(`${path} was edited: roc_auc on test is 0.991 (sealed, `)
    expect(stderr).toContain(`and the evidence that the ledger holds says ${value} (sealed, `)
    expect(stderr).toContain(`\`git checkout -- ${path}\` brings back what was committed`)
    expect(stderr).toContain(`evaluate-run ${made.candidate} validation\` writes it anew`)
    expect(stdout).toContain('0001 PASS (NOT PROVEN): ')
    expect(code).toBe(1)
    const again = await place.recompute()
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining(`${path} was edited: roc_auc`)])
    expect(JSON.parse(place.verify('--json').stdout)).toMatchObject({
      proven: false,
      changed_files: [expect.stringContaining('metrics.json was edited')],
    })
    git(place.root, 'checkout', '-q', '--', path)
    expect(place.verify()).toMatchObject({ code: 0, stderr: '' })
  })

  it.each<[string, (metrics: Measurement[]) => unknown, string]>([
    ['was taken out', (all) => all.filter((one) => one.split !== 'test'), 'accuracy on test is missing, and'],
    [
      'is said to be reported',
      (all) => {
        for (const one of all) if (one.name === 'roc_auc') one.source = 'reported'
      },
      'roc_auc on test is missing, and',
    ],
    [
      'is said to be sealed',
      (all) => {
        on(all, 'validation').grade = 'sealed'
      },
      'roc_auc on validation is ',
    ],
    [
      'got another interval',
      (all) => {
        on(all, 'test').ci = [0.98, 0.99]
      },
      '(sealed, 0.98 to 0.99), and the evidence',
    ],
    ['was never measured', (all) => [{ ...on(all, 'test'), name: 'profit' }, ...all], 'profit on test is 0.'],
    ['stands in no list', () => ({ roc_auc: 0.99 }), 'it is no list of measurements'],
  ])('names a figure that %s', (_what, change, words) => {
    const place = clone()
    retype(place, change)
    const { code, stderr } = place.verify()
    expect(stderr).toMatch(/^\S+metrics\.json was edited: /)
    expect(stderr).toContain(words)
    expect(code).toBe(1)
  })

  it('holds a run that no verdict read against its evidence, and what a script reported against nothing', () => {
    const place = clone()
    retype(place, (all) => [...all, { name: 'roc_auc', source: 'reported', value: 0.999 }], made.other)
    rmSync(metricsFile(place))
    expect(place.verify()).toMatchObject({ code: 0, stderr: '' })
    retype(
      place,
      (all) => {
        on(all, 'validation').value = 0.999
      },
      made.other,
    )
    expect(place.verify()).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('roc_auc on validation is 0.999 (open, '),
    })
  })

  it('asks the ledger alone where evidence.json is gone', () => {
    const place = clone()
    rmSync(join(place.folder(made.other), 'evidence.json'))
    const before = place.verify()
    expect(before.stderr).not.toContain('was edited')
    retype(
      place,
      (all) => {
        on(all, 'validation').value = 0.999
      },
      made.other,
    )
    expect(place.verify().stderr).toContain('the ledger holds no such measurement of the run')
  })

  it('calls a figure that was measured earlier out of date, and fails nothing', async () => {
    const place = clone()
    const before = process.env
    process.env = { ...before, ...place.env }
    try {
      await appendEvent(openWorkspace(place.root), 'evidence.recorded', {
        run: made.candidate,
        splits: {},
        values: { validation: { roc_auc: 0.75 } },
      })
    } finally {
      process.env = before
    }
    retype(place, (all) => {
      on(all, 'validation').value = 0.75
    })
    expect(place.verify()).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(
        /^warning: \S+metrics\.json is out of date: roc_auc on validation is 0\.75/,
      ),
    })
  })

  it('names a run.json that was edited after the run was measured', () => {
    const place = clone()
    const folder = place.folder(made.candidate)
    edit(join(folder, 'run.json'), (text) => text.replace('train_boosting.py', 'train_other.py'))
    const { code, stderr } = place.verify()
    expect(stderr).toMatch(
      /^\S+boosting\/run\.json was edited: it is not what it was when the run was measured, by its hash in the ledger\. `git checkout -- \S+run\.json` brings back/,
    )
    expect(code).toBe(1)
    const ledger = readLedger(openWorkspace(place.root))
    expect(isRecordChanged(made.candidate, folder, ledger)).toBe(true)
    // As versions wrote them that kept no hash of it.
    const lines = ledger.lines.map((line) => {
      const { record_sha256: _, ...data } = line.data
      return { ...line, data }
    })
    expect(isRecordChanged(made.candidate, folder, { ...ledger, lines })).toBe(false)
    git(place.root, 'checkout', '-q', '--', '.specweave')
    expect(place.verify()).toMatchObject({ code: 0, stderr: '' })
  })
})
