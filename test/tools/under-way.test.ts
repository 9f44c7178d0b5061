import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Check } from '../../src/core/criterion.ts'
import { NO_LAB, Product } from './product.ts'

/** A model that predicts once the file `hold` is gone; of a control, the training waits for the file `hold-control`. */
const script = (root: string) => `
import os, sys, time
import specweave
from sklearn.linear_model import LogisticRegression

ROOT = ${JSON.stringify(root)}

def wait(name):
    while os.path.exists(os.path.join(ROOT, name)):
        time.sleep(0.05)

class Waiting(LogisticRegression):
    def predict(self, X):
        wait("hold")
        return super().predict(X)

def main():
    if "control" in os.environ["SPECWEAVE_RUN"]:
        wait("hold-control")
    ds = specweave.load_dataset()
    model = Waiting(max_iter=500).fit(ds.train.features, ds.train.target)
    exp = specweave.current_run()
    for split in (ds.validation, ds.test):
        scores = model.predict_proba(split.features)
        exp.save_predictions(split.name, model.predict(split.features), y_score=scores, classes=model.classes_)
    exp.save_model(model)

if __name__ == "__main__":
    main()
`

describe.skipIf(NO_LAB)('an increment while its evaluation goes on', () => {
  const product = new Product('id: way\ninterpreter: lab\n')
  const increment = '0001'
  let run = ''
  let job = ''
  let control = ''

  const release = (name: string) => rmSync(join(product.root, name))
  const validated = async () => {
    const answer = await product.call('validate_increment', { increment })
    const of = (id: string): Check => answer.checks.find((one: Check) => one.id === id)
    return { next: answer.next, of }
  }
  const controls = () =>
    readdirSync(join(product.folder(run), '..')).filter((name) => name.includes('control-'))

  beforeAll(async () => {
    const rows = Array.from({ length: 600 }, (_, i) => {
      const [x, y] = [(i * 7919) % 101, (i * 104_729) % 53]
      return `c${i},${x},${y},${x + y + ((i * 31) % 23) > 88 ? 'yes' : 'no'}`
    })
    product.write('data/churn.csv', `customer,calls,minutes,churned\n${rows.join('\n')}\n`)
    product.write('train.py', script(product.root))
    await product.call('create_increment', {
      title: 'churn model',
      problem_type: 'classification',
      success_metrics: ['accuracy > 0.6'],
      constraints: ['latency_p99_ms < 100000'],
    })
    await product.call('register_dataset', {
      name: 'churn',
      source: 'data/churn.csv',
      target: 'churned',
      problem_type: 'classification',
      id_column: 'customer',
      increment,
    })
    const ended = await product.run({
      increment,
      name: 'waits',
      dataset: 'churn@1',
      command: ['python', 'train.py'],
    })
    run = ended.run
    product.write('hold', '')
    product.write('hold-control', '')
    const look = await product.call('evaluate_run', { run, split: 'test' })
    job = look.next[0].arguments.run
  })
  afterAll(async () => {
    for (const name of ['hold', 'hold-control']) if (existsSync(join(product.root, name))) release(name)
    await product.dispose()
  })

  it('names the job that is at it, and waits for it before anything else', async () => {
    expect(job).toMatch(/^job-\d+$/)
    const { next, of } = await validated()
    const wait = { tool: 'get_run', arguments: { run: job, wait_s: 40 } }
    for (const id of ['candidate.reproduced', 'criterion.latency_p99_ms'])
      expect(of(id)).toMatchObject({
        status: 'missing',
        message: expect.stringContaining(`${job} is at it`),
        next: wait,
      })
    expect(next[0]).toMatchObject(wait)
    expect(JSON.stringify(next)).not.toContain('"evaluate_run"')
    // One job makes the rest of the look in turn: nothing is timed beside the control.
    expect(controls()).toEqual([])
  })

  it('is not completed meanwhile, passed or not', async () => {
    const refused = await product.refusal('complete_increment', {
      increment,
      outcome: 'not_passed',
      reason: 'was too slow',
    })
    expect(refused).toMatchObject({
      code: 'RUN_NOT_FINISHED',
      message: expect.stringContaining(`${job} is still under way`),
      next: [
        { tool: 'get_run', arguments: { run: job, wait_s: 40 } },
        { tool: 'stop_run', arguments: { run: job } },
      ],
    })
  })

  it('has its cost measured by the job before the control is queued', async () => {
    release('hold')
    await product.call('get_run', { run: job, wait_s: 40 })
    for (let i = 0; controls().length === 0 && i < 10; i++)
      await product.call('get_run', { run: job, wait_s: 40 })
    const [folder = ''] = controls()
    control = `${increment}/${folder}`
    const { created } = JSON.parse(readFileSync(join(product.folder(control), 'run.json'), 'utf8'))
    const { cost } = JSON.parse(readFileSync(join(product.folder(run), 'evidence.json'), 'utf8'))
    expect(cost).toMatchObject({ measurement: 1 })
    expect(cost).not.toHaveProperty('beside')
    expect(Date.parse(cost.at)).toBeLessThanOrEqual(Date.parse(created))
  })

  it('waits for its control, and is completed with what that says', async () => {
    const wait = { tool: 'get_run', arguments: { run: control, wait_s: 40 } }
    const { next, of } = await validated()
    expect(of('candidate.reproduced').status).toBe('pass')
    expect(of('criterion.latency_p99_ms').status).toBe('pass')
    expect(of('control.shuffled_labels')).toMatchObject({
      status: 'pass',
      message: expect.stringMatching(/^running, not blocking/),
      next: wait,
    })
    expect(next[0]).toMatchObject(wait)
    const ended = { increment, outcome: 'not_passed', reason: 'was too slow' }
    expect((await product.refusal('complete_increment', ended)).code).toBe('RUN_NOT_FINISHED')
    release('hold-control')
    await product.ended({ run: control, state: 'running' })
    const { summary_path } = await product.complete(ended)
    // Whoever waited for the job is led on from its end.
    expect((await product.call('get_run', { run: job })).next).toMatchObject([
      { tool: 'get_increment', arguments: { increment } },
    ])
    const summary = product.read(summary_path)
    expect(summary).toContain('is no better than chance')
    expect(summary).not.toMatch(/running, not blocking|is at it/)
  })
})
