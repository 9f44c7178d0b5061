import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { resolveIncrement } from '../../src/increments/load.ts'
import { openWorkspace } from '../../src/store/workspace.ts'
import { type Approvable, recordApproval } from '../../src/tools/approvals/approvals.ts'
import { found, NO_LAB, Product } from './product.ts'
import { whoStays } from './who-stays.ts'

/** A tree of the depth that is asked for. */
const TRAIN = `
import os, sys
import pandas
import specweave
from sklearn.tree import DecisionTreeClassifier
train, validation, test = (pandas.read_csv(os.environ["SPECWEAVE_" + split]) for split in ("TRAIN", "VALIDATION", "TEST"))
columns = ["spend", "visits"]
with specweave.track_experiment("tree") as exp:
    model = DecisionTreeClassifier(max_depth=int(sys.argv[1]), random_state=0)
    model.fit(train[columns], train["stays"])
    exp.save_model(model, example=train[columns].head())
    for name, split in (("validation", validation), ("test", test)):
        exp.save_predictions(name, model.predict(split[columns]), ids=split["row_id"])
`

interface Check {
  id: string
  status: string
  message: string
}

describe.skipIf(NO_LAB)(`what people decided against the record (${NO_LAB ?? 'with the lab'})`, () => {
  let product: Product
  beforeAll(async () => {
    product = new Product('id: decided\ninterpreter: lab\n')
    product.write('train.py', TRAIN)
    product.write('data.csv', whoStays(500))
  })
  afterAll(() => product?.dispose())
  afterEach(() => void vi.unstubAllEnvs())

  const approve = async (id: string, ...approved: Approvable[]): Promise<void> => {
    vi.stubEnv('SPECWEAVE_STATE_DIR', product.state)
    const workspace = openWorkspace(product.root)
    for (const one of approved)
      await recordApproval(workspace, resolveIncrement(workspace, id), one, 'terminal')
  }
  const waive = (check: string): Approvable => ({ kind: 'waiver', check, reason: 'it is a pilot' })
  const tree = async (increment: string, depth: number): Promise<string> => {
    const ended = await product.run({
      increment,
      name: `tree-${depth}`,
      command: ['python', 'train.py', `${depth}`],
    })
    expect(ended.state, ended.logs.stderr.join('\n')).toBe('succeeded')
    return ended.run
  }
  const validated = async (increment: string) => {
    const { verdict, checks, warnings, next } = await product.call<{
      verdict: string
      checks: Check[]
      warnings: string[]
      next: { person?: string }[]
    }>('validate_increment', { increment })
    const people = next.flatMap(({ person }) => person ?? [])
    return { verdict, warnings, check: (id: string) => checks.find((one) => one.id === id), checks, people }
  }
  /** Every document that is made of an increment's record, with its name. */
  const documents = (folder: string, slug: string): [string, string][] => [
    ...[
      'COMPLETION-SUMMARY.md',
      'experiments/comparison.md',
      'reports/model-card.md',
      'models/model-v1.metadata.json',
    ].map((path): [string, string] => [path, product.read(`.specweave/increments/${folder}/${path}`)]),
    [
      'ml-models.md',
      product
        .read('.specweave/docs/internal/architecture/ml-models.md')
        .split(`ml-models-${folder.slice(0, 4)} `)[1] ?? '',
    ],
    ['the runbook', product.read(`.specweave/docs/internal/operations/runbooks/${slug}.md`)],
    ['the decision record', product.read(relativeTo(slug))],
  ]
  const relativeTo = (slug: string): string => {
    const [file] = found(
      `${product.root}/.specweave/docs/internal/architecture/adr`,
      new RegExp(`${slug}-algorithm\\.md$`),
    )
    return file!.slice(product.root.length + 1)
  }

  it('is told of a pass: criteria that were eased, waivers, and a candidate that was switched', async () => {
    await product.call('create_increment', {
      title: 'who stays',
      problem_type: 'classification',
      success_metrics: ['accuracy >= 99%'],
    })
    await product.call('register_dataset', {
      name: 'data',
      source: 'data.csv',
      target: 'stays',
      problem_type: 'classification',
      increment: '0001',
    })
    const [stump, deep] = [await tree('0001', 1), await tree('0001', 6)]
    const spec = '.specweave/increments/0001-who-stays/spec.md'
    for (const run of [stump, deep]) await product.look(run)
    await product.settled()
    const short = await validated('0001')
    expect(short.check('criterion.accuracy.test')?.status).toBe('fail')
    expect(short.people).toEqual([
      expect.stringMatching(/^\S.* approve 0001 --waive criterion\.accuracy\.test --reason "\.\.\."$/),
    ])
    const eased = product
      .read(spec)
      .replace('value: 0.99', 'value: 0.6')
      .replace(`candidate: ${stump}`, `candidate: ${deep}`)
    product.write(spec, eased)
    const easier = await validated('0001')
    expect(easier.check('criteria.unchanged')?.status).toBe('pending_approval')
    expect(easier.people[0]).toMatch(/ approve 0001$/)

    await approve('0001', { kind: 'criteria' }, waive('baseline.recorded'), waive('baseline.lift'))
    const { verdict, warnings, check, checks } = await validated('0001')
    expect(checks.filter(({ status }) => status !== 'pass' && status !== 'waived')).toEqual([])
    expect(verdict).toBe('pass')
    const changed =
      /changed after the first look: accuracy >= 0\.99 on test -> accuracy >= 0\.6 on test, approved by \S+ on \d{4}-\d\d-\d\d \(terminal\)/
    expect(check('criteria.unchanged')).toMatchObject({
      status: 'pass',
      message: expect.stringMatching(changed),
    })
    const switched = new RegExp(`switched after the first look.*it was ${stump} then and is ${deep} now`)
    expect(check('test.looked')?.message).toMatch(switched)
    expect(check('test.looked')?.message).toContain(`2 of 3 looks used, for ${stump}, ${deep}`)
    expect(warnings).toContainEqual(expect.stringMatching(switched))

    await product.complete({ increment: '0001' })
    for (const [name, text] of documents('0001-who-stays', 'who-stays')) {
      expect(text, name).toMatch(changed)
      for (const waived of ['baseline.recorded', 'baseline.lift']) expect(text, name).toContain(waived)
      expect(text, name).toContain('it is a pilot')
    }
    const summary = product.read('.specweave/increments/0001-who-stays/COMPLETION-SUMMARY.md')
    expect(summary).toMatch(new RegExp(`^- Looks.*2 of 3, for ${stump}, ${deep}\\. .*switched`, 'm'))
    expect(product.read(relativeTo('who-stays'))).toMatch(switched)
    expect(await product.call('sync_docs', { mode: 'check' })).toMatchObject({ changed: [], conflicts: [] })
  })

  it('is told of an end without a pass', async () => {
    await product.call('create_increment', {
      title: 'who leaves',
      problem_type: 'classification',
      dataset: 'data@1',
      success_metrics: ['accuracy >= 99%'],
    })
    await tree('0002', 2)
    await approve('0002', waive('baseline.lift'))
    await product.complete({ increment: '0002', outcome: 'not_passed', reason: 'noise' })
    for (const [name, text] of documents('0002-who-leaves', 'who-leaves')) {
      expect(text, name).toContain('baseline.lift')
      expect(text, name).toContain('it is a pilot')
      expect(text, name).not.toContain('changed after the first look')
    }
    const [, kept] = documents('0002-who-leaves', 'who-leaves').find(([name]) => name.endsWith('.json'))!
    expect(JSON.parse(kept)).toMatchObject({ outcome: 'not_passed', waivers: [{ check: 'baseline.lift' }] })
  })
})
