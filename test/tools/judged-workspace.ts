import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { inject } from 'vitest'
import { sleep } from '../../src/core/clock.ts'
import type { Evidence } from '../../src/evidence/evidence-file.ts'
import { git } from './git.ts'
import { Product } from './product.ts'

const EXAMPLES = resolve(import.meta.dirname, '../../examples/churn')

export interface JudgedWorkspace {
  product: Product
  /** The run that the verdict is about. */
  candidate: string
  /** A run that was measured on validation, and that no verdict read. */
  other: string
  baselines: string[]
}

/**
 * Churn from the data to a passing verdict, closed and committed. It is made once for all files of a run of the tests, since
 * it takes half a minute: they clone it and read it, and change nothing in it.
 */
export async function judgedWorkspace(): Promise<JudgedWorkspace> {
  const folder = join(inject('sharedFolder'), 'judged')
  const made = join(folder, 'made.json')
  if (mkdirSync(folder, { recursive: true })) {
    const { product, ...runs } = await judge(join(folder, 'workspace'))
    await product.leave()
    writeFileSync(`${made}.new`, JSON.stringify(runs))
    renameSync(`${made}.new`, made)
  }
  // The hook's time limit ends it, where another file's attempt failed.
  while (!existsSync(made)) await sleep(100)
  const runs = JSON.parse(readFileSync(made, 'utf8')) as Omit<JudgedWorkspace, 'product'>
  return { product: new Product(undefined, join(folder, 'workspace')), ...runs }
}

/** What was measured of the run in that folder. */
export function evidenceIn(folder: string): Evidence {
  return JSON.parse(readFileSync(join(folder, 'evidence.json'), 'utf8')) as Evidence
}

async function judge(base: string): Promise<JudgedWorkspace> {
  const product = new Product(undefined, base)
  cpSync(EXAMPLES, join(product.root, 'churn'), { recursive: true })
  git(product.root, 'init', '-q')
  await product.call('create_increment', {
    title: 'build a churn model',
    problem_type: 'classification',
    success_metrics: ['roc_auc >= 0.75', 'accuracy >= 80%'],
  })
  // One run after another needs one supervisor and one lab.
  appendFileSync(join(product.root, '.specweave/ml.yaml'), 'limits: {cpus: 1}\n')
  // Where the project's Python lacks scikit-learn, it was chosen already.
  if (!product.read('.specweave/ml.yaml').includes('interpreter: lab'))
    appendFileSync(join(product.root, '.specweave/ml.yaml'), 'interpreter: lab\n')
  await product.call('register_dataset', {
    name: 'churn',
    source: 'churn/churn.csv',
    target: 'churn',
    problem_type: 'classification',
    increment: '0001',
  })
  const { runs } = await product.call('run_baselines', { increment: '0001', wait_s: 40 })
  for (const one of runs) await product.ended(one)
  const train = (name: string, script: string) =>
    product.run({ increment: '0001', name, command: ['python', `churn/${script}`] })
  const { run: other } = await train('logistic', 'train_logistic.py')
  const { run: candidate } = await train('boosting', 'train_boosting.py')
  const look = await product.call('evaluate_run', { run: candidate, split: 'test' })
  // What the look started in the background, the control on shuffled labels, must not end in the middle of a test.
  for (const { tool, arguments: given } of look.next)
    if (tool === 'get_run') await product.ended({ run: given.run, state: 'queued' })
  await product.settled()
  const { verdict } = await product.call('validate_increment', { increment: '0001' })
  if (verdict !== 'pass') throw new Error(`the verdict of 0001 is ${verdict}`)
  await product.complete({ increment: '0001' })
  await product.settled()
  git(product.root, 'add', '-A')
  git(product.root, 'commit', '-q', '-m', 'churn')
  return { product, candidate, other, baselines: runs.map(({ run }: { run: string }) => run) }
}
