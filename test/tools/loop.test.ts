import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NO_LAB, Product, type ShownRun } from './product.ts'

const EXAMPLES = resolve(import.meta.dirname, '../../examples/churn')

/** Hands in what another run predicted, one row turned round: a candidate of its own in no time. */
const JITTER = `
import os, sys
source, row = sys.argv[1], int(sys.argv[2])
os.makedirs(os.path.join(os.environ["SPECWEAVE_RUN_DIR"], "predictions"), exist_ok=True)
for split in ("train", "validation", "test"):
    lines = open(os.path.join(source, "predictions", split + ".csv")).read().splitlines()
    cells = lines[row].split(",")
    cells[1] = "no" if cells[1] == "yes" else "yes"
    lines[row] = ",".join(cells)
    with open(os.path.join(os.environ["SPECWEAVE_RUN_DIR"], "predictions", split + ".csv"), "w") as out:
        out.write("\\n".join(lines) + "\\n")
`

interface Check {
  id: string
  status: string
  message: string
}

describe.skipIf(NO_LAB)(`the loop on the churn data (${NO_LAB ?? 'with the lab'})`, () => {
  let product: Product
  let candidate: ShownRun
  const increment = '.specweave/increments/0001-churn-model'
  beforeAll(() => {
    product = new Product('id: loop\ninterpreter: lab\n')
    cpSync(EXAMPLES, join(product.root, 'churn'), { recursive: true })
    product.write('jitter.py', JITTER)
  })
  afterAll(() => product.dispose())

  const validate = async (
    id = '0001',
  ): Promise<{ verdict: string; candidate?: string; checks: Check[]; warnings: string[] }> =>
    product.call('validate_increment', { increment: id })
  const check = (checks: Check[], id: string): Check | undefined => checks.find((one) => one.id === id)
  const another = (row: number): Promise<ShownRun> =>
    product.run({
      increment: '0001',
      name: 'other',
      command: ['python', 'jitter.py', product.folder(candidate.run), String(row)],
    })

  it('creates, registers and runs the baselines', async () => {
    await product.call('create_increment', {
      title: 'build a churn model',
      problem_type: 'classification',
      success_metrics: ['roc_auc >= 0.75', 'accuracy >= 80%'],
      baseline_lift: 0.05,
    })
    expect(
      await product.call('register_dataset', {
        name: 'churn',
        source: 'churn/churn.csv',
        target: 'churn',
        positive: 'yes',
        problem_type: 'classification',
        increment: '0001',
      }),
    ).toMatchObject({ dataset: 'churn@1', rows: 5000, reused: false })
    expect(product.read(`${increment}/spec.md`)).toContain('dataset: churn@1')
    const { runs } = await product.call('run_baselines', { increment: '0001', wait_s: 40 })
    for (const one of runs) expect(await product.ended(one)).toMatchObject({ state: 'succeeded' })
    expect(runs).toHaveLength(3)
    // Again: the same runs answer.
    const again = await product.call('run_baselines', { increment: '0001', wait_s: 40 })
    expect(again.runs.map(({ run, reused }: ShownRun) => [run, reused])).toEqual(
      runs.map(({ run }: ShownRun) => [run, true]),
    )
  })

  it('does not pass by a number that a script typed', async () => {
    const typed = await product.run({
      increment: '0001',
      name: 'too-good',
      command: ['python', 'churn/typed_accuracy.py'],
    })
    expect(typed.state).toBe('succeeded')
    expect(typed.metrics.map(({ name, source }) => [name, source])).toEqual([
      ['accuracy', 'reported'],
      ['roc_auc', 'reported'],
    ])
    const { verdict, checks, candidate: judged } = await validate()
    expect([verdict, judged]).toEqual(['incomplete', undefined])
    expect(check(checks, 'criterion.roc_auc.test')?.status).toBe('missing')
    expect((await product.refusal('complete_increment', { increment: '0001' })).code).toBe(
      'VALIDATION_NOT_PASSED',
    )
  })

  it('trains, is measured, and stands above the typed number', async () => {
    candidate = await product.run({
      increment: '0001',
      name: 'logistic',
      command: ['python', 'churn/train_logistic.py'],
    })
    expect(candidate).toMatchObject({ state: 'succeeded', params: { C: 1 } })
    expect(candidate.metrics).toContainEqual(
      expect.objectContaining({ name: 'roc_auc', split: 'validation', source: 'measured', grade: 'open' }),
    )
    expect(candidate.metrics.some(({ split }) => split === 'test')).toBe(false)
    const { best, rows, differences } = await product.call('compare_runs', { increment: '0001' })
    expect(best).toBe(candidate.run)
    expect(rows[0].run).toBe(candidate.run)
    expect(rows.at(-1).run).toContain('too-good')
    expect(differences.length).toBeGreaterThan(0)
  })

  it('counts one look for one set of predictions, however often it is asked', async () => {
    const look = await product.call('evaluate_run', { run: candidate.run, split: 'test' })
    expect(look.look).toEqual({ used: 1, budget: 3 })
    expect(look.repeated).toBe(false)
    expect(look.metrics.every(({ grade }: { grade: string }) => grade === 'sealed')).toBe(true)
    const again = await product.look(candidate.run)
    expect(again).toMatchObject({ repeated: true, look: { used: 1, budget: 3 } })
    expect(again.metrics).toEqual(look.metrics)
    const verdict = await validate()
    expect(verdict.checks.filter(({ status }) => status !== 'pass')).toEqual([])
    expect(verdict).toMatchObject({ verdict: 'pass', candidate: candidate.run })
  })

  it('refuses looks beyond the budget', async () => {
    const looks = []
    for (const row of [1, 2, 3]) {
      const { run } = await another(row)
      looks.push(run)
    }
    for (const [i, run] of looks.slice(0, 2).entries())
      expect(await product.call('evaluate_run', { run, split: 'test' })).toMatchObject({
        look: { used: i + 2, budget: 3 },
      })
    const refusal = await product.refusal('evaluate_run', { run: looks[2], split: 'test' })
    expect(refusal).toMatchObject({ code: 'LOOKS_SPENT', message: expect.stringContaining('3') })
    expect(await product.call('get_increment', { increment: '0001' })).toMatchObject({
      looks: { used: 3, budget: 3 },
    })
    // What was looked at before is still the same answer.
    expect(await product.call('evaluate_run', { run: candidate.run, split: 'test' })).toMatchObject({
      repeated: true,
    })
    expect((await validate()).candidate).toBe(candidate.run)
  })

  it('does not count evidence that was edited', async () => {
    const file = join(product.folder(candidate.run), 'evidence.json')
    const text = readFileSync(file, 'utf8')
    const evidence = JSON.parse(text)
    for (const metric of evidence.splits.test.metrics) metric.value = 0.99
    writeFileSync(file, JSON.stringify(evidence))
    const { verdict, checks } = await validate()
    expect(verdict).not.toBe('pass')
    expect(check(checks, 'criterion.roc_auc.test')?.status).not.toBe('pass')
    const compared = await product.call('compare_runs', { increment: '0001', split: 'test' })
    expect(JSON.stringify(compared)).not.toContain('0.99,')
    writeFileSync(file, text)
    expect((await validate()).verdict).toBe('pass')
  })

  it('shows criteria that were changed after the first look', async () => {
    const spec = product.read(`${increment}/spec.md`)
    const eased = spec.replace(/(metric: roc_auc.*value: )0\.75/, '$10.5')
    expect(eased).not.toBe(spec)
    product.write(`${increment}/spec.md`, eased)
    const changed = await validate()
    expect(changed.warnings).toContainEqual(
      expect.stringMatching(
        /^criterion\.roc_auc\.test was changed after the first look.*roc_auc >= 0\.75 on test/,
      ),
    )
    const dropped = spec.replace(/^.*metric: roc_auc.*value: 0\.75.*\n/m, '')
    expect(dropped).not.toBe(spec)
    product.write(`${increment}/spec.md`, dropped.replace('lift: 0.05', 'lift: 0.01'))
    expect((await validate()).warnings).toContainEqual(
      expect.stringMatching(/^baseline\.lift was changed.*roc_auc 5 % better than the best baseline/),
    )
    product.write(`${increment}/spec.md`, dropped)
    expect((await validate()).warnings).toContainEqual(expect.stringContaining('roc_auc >= 0.75 on test'))
    product.write(`${increment}/spec.md`, spec)
    expect((await validate()).verdict).toBe('pass')
  })

  it('completes: summary, model and documents', async () => {
    const done = await product.complete({ increment: '0001' })
    expect(done).toMatchObject({ status: 'completed', model: '0001-v1' })
    const summary = product.read(done.summary_path)
    expect(summary).toMatch(/^# Churn model - COMPLETE\n+\*\*Verdict: pass\*\*/m)
    expect(summary).not.toMatch(/NOT PASSED/)
    expect(summary).toContain(candidate.run)
    expect(JSON.parse(product.read(`${increment}/metadata.json`))).toMatchObject({ status: 'completed' })
    for (const doc of done.docs) expect(product.read(doc).length).toBeGreaterThan(0)
  })

  it('takes no runs, and no second end, after that', async () => {
    const before = product.tree()
    for (const [tool, args] of [
      ['run_experiment', { name: 'late', command: ['python', '-c', '1'] }],
      ['run_baselines', {}],
      ['complete_increment', {}],
      ['complete_increment', { outcome: 'not_passed', reason: 'after all' }],
    ] as const)
      expect((await product.refusal(tool, { increment: '0001', ...args })).code).toBe('INCREMENT_CLOSED')
    expect(product.tree()).toEqual(before)
  })

  it('stays closed where somebody writes another status into metadata.json', async () => {
    const file = `${increment}/metadata.json`
    const closed = product.read(file)
    product.write(file, closed.replace('"status": "completed"', '"status": "active"'))
    for (const tool of ['run_experiment', 'run_baselines']) {
      const args = tool === 'run_experiment' ? { name: 'late', command: ['python', '-c', '1'] } : {}
      expect(await product.refusal(tool, { increment: '0001', ...args })).toMatchObject({
        code: 'INCREMENT_CLOSED',
        message: expect.stringMatching(/the ledger holds that it was closed as completed .* no more runs\.$/),
      })
    }
    product.write(file, closed)
  })

  it('keeps the living documents as the records say, and what people wrote as they wrote it', async () => {
    expect(await product.call('sync_docs', { mode: 'check' })).toMatchObject({ changed: [], conflicts: [] })
    const page = '.specweave/docs/internal/architecture/ml-models.md'
    const text = product.read(page)
    const aside = `${text}\n## Ours\n\nAsk the retention team first.\n`
    product.write(page, aside)
    expect(await product.call('sync_docs')).toMatchObject({ changed: [], conflicts: [] })
    expect(product.read(page)).toBe(aside)
    const edited = text.replace(/Logistic|logistic/, 'Magic')
    expect(edited).not.toBe(text)
    product.write(page, edited)
    const conflict = await product.call('sync_docs')
    expect(conflict.conflicts).toEqual([expect.stringContaining('ml-models.md')])
    expect(product.read(page)).toBe(edited)
  })

  it('ends honestly where nothing passed', async () => {
    await product.call('create_increment', {
      title: 'churn by tenure',
      problem_type: 'classification',
      dataset: 'churn@1',
      success_metrics: ['accuracy >= 99.9%'],
    })
    const failed = await product.run({
      increment: '0002',
      name: 'broken',
      command: ['python', 'churn/train_broken.py'],
    })
    expect(failed.state).toBe('failed')
    const passed = { increment: '0002', outcome: 'passed' }
    expect((await product.refusal('complete_increment', passed)).code).toBe('VALIDATION_NOT_PASSED')
    const done = await product.complete({
      increment: '0002',
      outcome: 'not_passed',
      reason: 'Tenure alone says nothing.',
    })
    expect(done.status).toBe('abandoned')
    const summary = product.read(done.summary_path)
    expect(summary).toMatch(/^#+ .*NOT PASSED/m)
    expect(summary).toContain('Tenure alone says nothing.')
    expect(summary).toContain('accuracy >= 0.999')
    expect(await product.call('get_increment', { increment: '0002' })).toMatchObject({ status: 'abandoned' })
    const runbook = done.docs.find((path: string) => path.includes('runbooks'))
    expect(product.read(runbook)).toMatch(/exp-001-broken` failed: exit code 1.*Noted: FAILED/)
  })
})
