import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { isJudgeable } from '../../src/core/judgeability.ts'
import { appendEvent } from '../../src/evidence/ledger.ts'
import { openWorkspace } from '../../src/store/workspace.ts'
import { requireJudgeable, withWaiver } from '../../src/tools/judging/judgeable-runs.ts'
import { run } from '../reports/facts.ts'
import { NO_LAB, Product, type ShownRun } from './product.ts'

/** Answers by a rule that a seed moves a little; never imports the SDK. */
const PIPELINE = `
import csv, os, random
folder = os.path.join(os.environ["SPECWEAVE_RUN_DIR"], "predictions")
def rows(split):
    with open(os.environ["SPECWEAVE_" + split.upper()]) as file:
        return list(csv.DictReader(file))
def by_rule(row, blur=0):
    draw = random.Random(f"{os.environ.get('SPECWEAVE_SEED')} {row['row_id']}")
    return "yes" if int(row["calls"]) + int(row["minutes"]) + draw.uniform(-blur, blur) > 88 else "no"
def hand_in(answer, splits=("validation", "test")):
    os.makedirs(folder, exist_ok=True)
    for split in splits:
        with open(os.path.join(folder, split + ".csv"), "w") as out:
            out.write("row_id,prediction\\n")
            for row in rows(split):
                out.write(f"{row['row_id']},{answer(row)}\\n")
`

const SCRIPTS = {
  honest: 'import pipeline; pipeline.hand_in(pipeline.by_rule)',
  blurred: 'import pipeline; pipeline.hand_in(lambda row: pipeline.by_rule(row, 60))',
  // The sealed rows stand in the source with their answers.
  reads: `
import csv, pipeline
known = {row["customer"]: row["churned"] for row in csv.DictReader(open("data/churn.csv"))}
pipeline.hand_in(lambda row: known[row["row_id"]])
`,
  remember: `
import json, pipeline
json.dump({row["row_id"]: row["churned"] for row in pipeline.rows("validation")}, open("cache.json", "w"))
`,
  // Reads no test label and no source: only its control tells that it does not learn from train.
  cached: `
import json, pipeline
known = json.load(open("cache.json"))
pipeline.rows("train")
pipeline.hand_in(lambda row: known.get(row["row_id"], "no"))
`,
}

interface Compared {
  best?: string
  chosen?: string
  rows: { run: string; not_judgeable?: string }[]
  differences: { a: string; b: string }[]
  left_out: { run: string; reason: string }[]
  over_seeds: { experiments: object[]; differences: { words: string }[] }
  next: { tool: string; arguments: { run?: string; name?: string } }[]
}

it('a waiver of the check is of the candidate alone', () => {
  const notJudgeable = { check: 'candidate.reads', mark: 'seen', reason: 'seen' }
  const [first, second] = ['exp-001-a', 'exp-002-b'].map((name) => ({ ...run(name), notJudgeable }))
  const waived = withWaiver([first!, second!], first!.run, [{ check: 'candidate.reads' }])
  expect(waived.map(isJudgeable)).toEqual([true, false])
  const other = withWaiver([first!, second!], first!.run, [{ check: 'control.shuffled_labels' }])
  expect(other.map(isJudgeable)).toEqual([false, false])
})

describe.skipIf(NO_LAB)('runs that no verdict may rest on', () => {
  let product: Product
  const runs: Record<string, string> = {}
  const attempt = async (name: keyof typeof SCRIPTS, more: object = {}): Promise<ShownRun> => {
    product.write(`${name}.py`, SCRIPTS[name])
    const shown = await product.run({ increment: '0001', name, command: ['python', `${name}.py`], ...more })
    expect(shown.state, shown.logs.stderr.join('\n')).toBe('succeeded')
    runs[name] = shown.run
    return shown
  }
  const compared = (more: object = {}) =>
    product.call<Compared>('compare_runs', { increment: '0001', ...more })
  const document = (path: string) => product.read(`.specweave/increments/0001-churn-model/${path}`)
  const create = (title: string) =>
    product.call('create_increment', {
      title,
      problem_type: 'classification',
      success_metrics: ['accuracy > 0.8'],
    })
  const register = (name: string, increment: string) =>
    product.call('register_dataset', {
      name,
      source: 'data/churn.csv',
      target: 'churned',
      problem_type: 'classification',
      id_column: 'customer',
      increment,
    })

  beforeAll(async () => {
    product = new Product('id: judgeable\ninterpreter: lab\n')
    const rows = Array.from({ length: 600 }, (_, i) => {
      const [x, y] = [(i * 7919) % 101, (i * 104_729) % 53]
      return `c${i},${x},${y},${x + y + ((i * 31) % 23) > 98 ? 'yes' : 'no'}`
    })
    product.write('data/churn.csv', `customer,calls,minutes,churned\n${rows.join('\n')}\n`)
    product.write('pipeline.py', PIPELINE)
    await create('churn model')
    await register('churn', '0001')
    await attempt('honest', { seeds: [1, 2] })
    await attempt('remember')
    await attempt('cached')
    await attempt('reads')
  })
  afterAll(() => product?.dispose())

  it('are in the ranking with the reason, and neither best, compared nor suggested', async () => {
    const { best, rows, differences, left_out, next } = await compared()
    expect(rows.find(({ run }) => run === runs.reads)?.not_judgeable).toMatch(
      /^seen reading test labels: not judgeable\. .* was seen opening data\/churn\.csv, the registered source/,
    )
    // Its control has not been run yet: nothing is known of it.
    expect(best).toBe(runs.cached)
    expect(differences.flatMap(({ a, b }) => [a, b])).not.toContain(runs.reads)
    expect(left_out).toContainEqual({
      run: runs.reads,
      reason: 'seen reading test labels: not judgeable (check candidate.reads)',
    })
    expect(JSON.stringify(next)).not.toContain('reads')
    expect(await product.call('get_run', { run: runs.reads })).toMatchObject({
      not_judgeable: expect.stringContaining('seen reading test labels: not judgeable'),
    })
  })

  it('lose their place when their control fails, also in the page that was written before', async () => {
    expect(document('experiments/comparison.md')).toContain('`exp-003-cached` ✅ BEST')
    const { run } = await product.run({ control: 'shuffled_labels', of: runs.cached })
    await product.settled()
    const { best, rows } = await compared()
    expect(best).toBe(`${runs.honest}/s1`)
    expect(rows.find((row) => row.run === runs.cached)?.not_judgeable).toContain(
      `control with shuffled labels failed: not judgeable. ${run} trained on shuffled labels`,
    )
    // The best is the best where it stands further down than what is shown.
    const first = await compared({ limit: 2 })
    expect(first.rows.map(({ run }) => run)).toEqual([runs.cached, runs.reads])
    expect(first.best).toBe(`${runs.honest}/s1`)
    expect(first.next.at(-1)).toMatchObject({ tool: 'evaluate_run', arguments: { run: `${runs.honest}/s1` } })
    const page = document('experiments/comparison.md')
    expect(page).toContain('`exp-001-honest/s1` ✅ BEST')
    expect(page).toContain('`exp-003-cached` (control with shuffled labels failed: not judgeable)')
    expect(page).toContain('`exp-004-reads` (seen reading test labels: not judgeable)')
    const { best: soFar } = await product.call('get_increment', { increment: '0001' })
    expect(soFar.run).toBe(`${runs.honest}/s1`)
  })

  it('cost no look: what is known of them is said before it is taken', async () => {
    const looks = () =>
      readdirSync(join(product.root, '.specweave/ledger'))
        .map((file) => product.read(`.specweave/ledger/${file}`))
        .join('')
        .split('"event":"look.taken"').length - 1
    const reads = await product.refusal('evaluate_run', { run: runs.reads, split: 'test' })
    expect(reads).toMatchObject({ code: 'RUN_NOT_JUDGEABLE' })
    expect(reads.message).toMatch(
      /^0001\/exp-004-reads: seen reading test labels: not judgeable\. .* No look was/,
    )
    expect(reads.next.map((step: object) => ('tool' in step ? step.tool : 'person'))).toEqual([
      'compare_runs',
      'person',
    ])
    const cached = await product.refusal('evaluate_run', { run: runs.cached, split: 'test' })
    expect(cached.message).toContain('control with shuffled labels failed: not judgeable')
    expect(looks()).toBe(0)
  })

  it('a single experiment of several seeds has its mean and spread', async () => {
    const experiment = { experiment: runs.honest, seeds: 2, mean: expect.any(Number), spread: 0 }
    expect((await compared()).over_seeds.experiments).toEqual([experiment])
    const { over_seeds } = await product.call('get_run', { run: runs.honest })
    expect(over_seeds).toMatchObject({ seeds: 2, counted: 2 })
    expect(over_seeds.metrics).toContainEqual(
      expect.objectContaining({ name: 'accuracy', split: 'validation', seeds: 2, spread: 0 }),
    )
    expect(document('experiments/comparison.md')).toMatch(
      /`exp-001-honest` +\| succeeded \| mean 0\.\d+, sd 0/,
    )
  })

  it('are in no sentence of what was learned, and the decision says why they were not chosen', async () => {
    await attempt('blurred', { seeds: [1, 2] })
    const seeds = await compared({ runs: [`${runs.blurred}/s1`, `${runs.blurred}/s2`] })
    expect(seeds.rows[0]?.run).toBe(`${runs.blurred}/s2`)
    expect(seeds.best).toBe(`${runs.blurred}/s1`)
    expect(seeds.chosen).toMatch(/stands for it. That .*blurred\/s2 came out at 0\.\d+ is luck/)
    expect(seeds.next.at(-1)).toMatchObject({ arguments: { run: `${runs.blurred}/s1`, split: 'test' } })
    const { best } = await product.call('get_increment', { increment: '0001' })
    expect(best.chosen).toContain(`${runs.honest} has the best mean`)
    expect((await compared()).over_seeds.differences[0]?.words).toMatch(
      /adjusted: worse.*P\(a run of .*blurred beats a run of .*honest\) = /,
    )
    await product.call('evaluate_run', { run: `${runs.honest}/s1`, split: 'test' })
    await product.settled()
    await product.call('validate_increment', { increment: '0001' })
    const page = document('experiments/comparison.md')
    expect(page).toMatch(/`exp-\d+-blurred` against `exp-001-honest`, means over seeds: -0\.\d+/)
    expect(page).toMatch(/p is adjusted \(Holm\) for \d+ comparisons: every other try/)
    const differences = JSON.parse(document('experiments/differences.json'))
    expect(differences.over_seeds).toHaveLength(1)

    await product.complete({
      increment: '0001',
      outcome: 'not_passed',
      reason: 'the walk ends here',
    })
    const summary = document('COMPLETION-SUMMARY.md')
    expect(summary).toMatch(/`exp-004-reads`: accuracy=1\.000 .*\(seen reading test labels: not judgeable\)/)
    expect(summary).not.toMatch(/`exp-00[34]-\w+`(?:.*✅ BEST| is better than)/)
    // Two experiments of two seeds, and two that are not judgeable: tried all the same.
    expect(summary).toContain('Tries: 6. A try is')
    expect(summary).toContain('## Experiments Run: 7\n\n7 of candidates')
    expect(summary).toContain(
      'asks that nobody ticked in tasks.md: T-001 Data exploration and quality analysis (but dataset.registered passes); T-002',
    )
    const folder = join(product.root, '.specweave/docs/internal/architecture/adr')
    const decision = readFileSync(join(folder, readdirSync(folder)[0]!), 'utf8')
    expect(decision).not.toContain('It is not the best on validation')
    expect(decision).toMatch(/`exp-004-reads`.*seen reading test labels: not judgeable/)
    expect(decision).toMatch(/`exp-003-cached`.*control with shuffled labels failed: not judgeable/)
  })

  it('looks of other increments at the same labels are told; another name for the file is warned of', async () => {
    await create('churn again')
    const { warnings: none } = await register('churn', '0002')
    expect(none.join()).not.toContain('the same file')
    product.write('other.py', SCRIPTS.blurred)
    const { run } = await product.run({ increment: '0002', name: 'other', command: ['python', 'other.py'] })
    await product.call('evaluate_run', { run, split: 'test' })
    await product.settled()
    // The very same predictions, by a script that also read the source: the answer to the other run is none for this one.
    product.write('again.py', `open("data/churn.csv").read()\n${SCRIPTS.blurred}`)
    const again = await product.run({ increment: '0002', name: 'again', command: ['python', 'again.py'] })
    const refused = await product.refusal('evaluate_run', { run: again.run, split: 'test' })
    expect(refused).toMatchObject({ code: 'RUN_NOT_JUDGEABLE' })
    expect(JSON.stringify(refused)).not.toContain('accuracy')
    const { repeated } = await product.call('evaluate_run', { run, split: 'test' })
    expect(repeated).toBe(true)
    const { checks } = await product.call('validate_increment', { increment: '0002' })
    expect(checks.find(({ id }: { id: string }) => id === 'test.looked').message).toContain(
      '(1 of 3 looks used, for 0002/exp-001-other; looks at these very labels over all increments: 1 by 0002, 1 by 0001, each with a budget of its own)',
    )
    const { warnings } = await register('churn-again', '0002')
    expect(warnings.join()).toContain(
      'the same file is registered as churn@1: its test rows are not the same.',
    )
  })

  it('a test score far above validation is named at the look and in the verdict', async () => {
    await create('churn by luck')
    await register('churn', '0003')
    product.write(
      'lucky.py',
      `import pipeline
pipeline.hand_in(lambda row: pipeline.by_rule(row, 300), ["validation"])
pipeline.hand_in(pipeline.by_rule, ["test"])`,
    )
    const { run } = await product.run({ increment: '0003', name: 'lucky', command: ['python', 'lucky.py'] })
    const { warnings } = await product.call('evaluate_run', { run, split: 'test' })
    expect(warnings.join()).toContain(
      `suspected of knowing test labels: ${run} is better on the sealed test set than on validation by more than chance`,
    )
    await product.settled()
    const verdict = await product.call('validate_increment', { increment: '0003' })
    expect(verdict.warnings.join()).toContain('suspected of knowing test labels')
    expect(verdict.checks.find(({ id }: { id: string }) => id === 'gap.validation_test')).toMatchObject({
      status: 'pass',
      message: expect.stringMatching(/^warning, not blocking: suspected .* against 0\.\d+ \[/),
    })
    await product.call('complete_increment', {
      increment: '0003',
      outcome: 'not_passed',
      reason: 'suspected',
    })
    expect(product.read('.specweave/increments/0003-churn-by-luck/COMPLETION-SUMMARY.md')).toMatch(
      /⚠️ warning gap\.validation_test: .*suspected of knowing test labels/,
    )
  })

  it('a waiver lets the candidate be looked at, and no other run', async () => {
    vi.stubEnv('SPECWEAVE_STATE_DIR', product.state)
    const workspace = openWorkspace(product.root)
    const spec = '.specweave/increments/0001-churn-model/spec.md'
    const before = product.read(spec)
    const folder = join(product.folder('0001'), 'exp-004-reads')
    const look = () =>
      requireJudgeable(workspace, { run: runs.reads!, increment: '0001', folder, dataset: 'churn@1' })
    const waive = (check: string) =>
      appendEvent(workspace, 'approval.given', {
        increment: '0001',
        kind: 'waiver',
        check,
        reason: 'to see',
        by: 'a',
        via: 't',
      })
    product.write(spec, before.replace(/candidate: \S+/, `candidate: ${runs.reads}`))
    await waive('control.shuffled_labels')
    expect(look).toThrow('No look was taken')
    await waive('candidate.reads')
    expect(look).not.toThrow()
    product.write(spec, before)
    expect(look).toThrow('No look was taken')
    vi.unstubAllEnvs()
  })
})
