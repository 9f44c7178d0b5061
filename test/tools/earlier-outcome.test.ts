import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NO_LAB, Product } from './product.ts'

/** A rule on one column, handed in as plain files. */
const RULE = `
import csv, os
folder = os.path.join(os.environ["SPECWEAVE_RUN_DIR"], "predictions")
os.makedirs(folder, exist_ok=True)
with open(os.environ["SPECWEAVE_VALIDATION"]) as rows, open(os.path.join(folder, "validation.csv"), "w") as out:
    out.write("row_id,prediction,score_yes\\n")
    for row in csv.DictReader(rows):
        score = min(1.0, 0.05 + 0.5 * (int(row["number_customer_service_calls"]) > 3))
        out.write(f"{row['row_id']},{'yes' if score > 0.5 else 'no'},{score}\\n")
`

describe.skipIf(NO_LAB)('a repeat of what another increment tried on the same data', () => {
  let churn: Product
  beforeAll(async () => {
    churn = new Product('id: repeats\nlimits: {cpus: 2}\n')
    cpSync(join(import.meta.dirname, '../../examples/churn'), join(churn.root, 'churn'), { recursive: true })
    churn.write('rule.py', RULE)
    for (const name of ['other.py', 'new.py']) churn.write(name, '')
    for (const title of ['churn model', 'again'])
      await churn.call('create_increment', { title, problem_type: 'classification' })
    await churn.call('register_dataset', {
      name: 'churn',
      source: 'churn/churn.csv',
      target: 'churn',
      positive: 'yes',
      problem_type: 'classification',
      increment: '0001',
    })
    const rule = { increment: '0001', name: 'rule', command: ['python3', 'rule.py'], params: { calls: 3 } }
    await churn.run(rule)
    await churn.run({
      ...rule,
      name: 'breaks',
      command: ['python3', '-c', 'raise ValueError("no such column")'],
    })
  })
  afterAll(() => churn.dispose())

  const repeated = async (more: object): Promise<string[]> => {
    const { warnings } = await churn.call('run_experiment', {
      increment: '0002',
      dataset: 'churn@1',
      ...more,
    })
    return (warnings as string[]).filter((line) => line.startsWith('tried before'))
  }

  it('names the earlier outcome, and runs all the same', async () => {
    const command = ['python3', 'rule.py']
    const [line, ...rest] = await repeated({ name: 'mine', command, params: { calls: 3 } })
    expect(rest).toEqual([])
    expect(line).toMatch(
      /^tried before by 0001\/exp-001-rule, the same command and parameters on churn@1: succeeded, measured \S+ \(validation, open\) = 0\.\d+/,
    )
    const [failed] = await repeated({
      name: 'breaks',
      command: ['python3', 'other.py'],
      params: { calls: 3 },
    })
    expect(failed).toMatch(
      /^tried before by 0001\/exp-002-breaks, the same name and parameters on churn@1: failed: /,
    )
    const { runs } = await churn.call('list_runs', { increment: '0002' })
    expect(runs).toHaveLength(2)
  })

  it('is silent with other parameters, within one increment, and where the answer is the earlier run itself', async () => {
    const command = ['python3', 'rule.py']
    expect(await repeated({ name: 'rule', command, params: { calls: 4 } })).toEqual([])
    expect(await repeated({ name: 'rule', command: ['python3', 'new.py'] })).toEqual([])
    expect(
      await repeated({ increment: '0001', name: 'rule2', command, params: { calls: 3 }, again: true }),
    ).toEqual(expect.not.arrayContaining([expect.stringContaining('0001/')]))
    expect(await repeated({ name: 'mine', command, params: { calls: 3 } })).toEqual([])
  })

  it('does not show a number that was edited', async () => {
    const evidence = JSON.parse(
      churn.read(`.specweave/increments/0001-churn-model/experiments/exp-001-rule/evidence.json`),
    )
    for (const metric of evidence.splits.validation.metrics) metric.value = 0.9999
    churn.write(
      '.specweave/increments/0001-churn-model/experiments/exp-001-rule/evidence.json',
      JSON.stringify(evidence),
    )
    // The index takes the edited number up.
    await churn.call('get_run', { run: '0001/exp-001-rule' })
    const [line] = await repeated({
      name: 'third',
      command: ['python3', 'rule.py'],
      params: { calls: 3 },
      again: true,
    })
    expect(line).toContain('exp-001-rule')
    expect(line).not.toContain('0.9999')
  })
})
