import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { NextStep } from '../../src/core/errors.ts'
import { NO_LAB, Product } from './product.ts'
import { whoStays } from './who-stays.ts'

/** A rule with a threshold, as a script that knows nothing of us hands it in. */
const RULE = `
import csv, os, sys
for name, path in (("validation", os.environ["SPECWEAVE_VALIDATION"]), ("test", os.environ["SPECWEAVE_TEST"])):
    rows = list(csv.DictReader(open(path)))
    folder = os.path.join(os.environ["SPECWEAVE_RUN_DIR"], "predictions")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name + ".csv"), "w") as file:
        file.write("row_id,prediction,score_no,score_yes\\n")
        for row in rows:
            total = int(row["spend"]) + int(row["visits"])
            label = "yes" if total > int(sys.argv[1]) else "no"
            file.write(f"{row['row_id']},{label},{1 - total / 200},{total / 200}\\n")
`

describe.skipIf(NO_LAB)(`before a look at the test set (${NO_LAB ?? 'with the lab'})`, () => {
  let product: Product
  const runs: Record<string, string> = {}
  const attempt = async (name: string, above: number) => {
    const command = ['python', 'rule.py', `${above}`]
    const { run, state, logs } = await product.run({ increment: '0001', name, command })
    expect(state, logs.stderr.join('\n')).toBe('succeeded')
    runs[name] = run
  }
  const steps = async (tool: string) => {
    const { next } = await product.call<{ next: NextStep[] }>(tool, { increment: '0001' })
    return next.map((step) => ('tool' in step ? step.tool : step.person.split(' ').slice(-2).join(' ')))
  }

  beforeAll(async () => {
    product = new Product('id: before\ninterpreter: lab\n')
    product.write('rule.py', RULE)
    product.write('data.csv', whoStays(500))
    await product.call('create_increment', { title: 'who stays', problem_type: 'classification' })
    await product.call('register_dataset', {
      name: 'data',
      source: 'data.csv',
      target: 'stays',
      problem_type: 'classification',
      increment: '0001',
    })
    const { runs: baselines } = await product.call('run_baselines', {
      increment: '0001',
      strategies: ['popularity'],
    })
    for (const one of baselines) await product.ended(one)
    await attempt('first', 90)
  })
  afterAll(() => product?.dispose())

  it('other kinds of model are to be tried, and a person confirms what was proposed', async () => {
    expect((await steps('get_increment')).slice(0, 2)).toEqual(['run_experiment', 'compare_runs'])
    expect(await steps('compare_runs')).toEqual(['approve 0001', 'run_experiment', 'evaluate_run'])
    // Another try of it is no other kind.
    await attempt('first', 85)
    await attempt('second', 80)
    expect(await steps('compare_runs')).toContain('run_experiment')
    await attempt('third', 100)
    expect((await steps('get_increment'))[0]).toBe('compare_runs')
    expect(await steps('compare_runs')).toEqual(['approve 0001', 'evaluate_run'])
  })

  it('one that is taken nevertheless says that nobody had confirmed the criteria', async () => {
    const look = await product.look(String(runs.first))
    expect(look.warnings.join()).toContain('nobody had confirmed them when a look was taken')
    expect(look.next).toContainEqual(
      expect.objectContaining({ person: expect.stringMatching(/ approve 0001$/) }),
    )
  })

  it('none is taken any more when the increment is closed; one that was taken is shown again', async () => {
    await product.complete({ increment: '0001', outcome: 'not_passed', reason: 'a trial' })
    const before = product.tree()
    const second = { run: runs.second, split: 'test' }
    expect(await product.refusal('evaluate_run', second)).toMatchObject({
      code: 'INCREMENT_CLOSED',
      message: expect.stringMatching(/is abandoned\. No more looks at its test set are taken\.$/),
    })
    expect(product.tree()).toEqual(before)
    const again = await product.call('evaluate_run', { run: runs.first, split: 'test' })
    expect(again).toMatchObject({ repeated: true, look: { used: 1 } })
  })
})
