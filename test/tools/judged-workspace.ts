import { execFileSync, spawnSync } from 'node:child_process'
import { appendFileSync, cpSync, mkdirSync, readdirSync, realpathSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { PROGRAM } from '../hosts/mcp-client.ts'
import { Product } from './product.ts'

const EXAMPLES = resolve(import.meta.dirname, '../../examples/churn')
const AUTHOR = ['-c', 'user.name=t', '-c', 'user.email=t@example.org']

export function git(folder: string, ...args: string[]): string {
  return execFileSync('git', ['-C', folder, ...AUTHOR, ...args], { encoding: 'utf8' })
}

export interface Ran {
  code: number
  stdout: string
  stderr: string
}

/** A clone on what might be another machine: another home and state folder, and nothing but what Git holds. */
export class Clone {
  readonly root: string
  readonly env: Record<string, string>

  constructor(base: string, from: string, name: string) {
    const place = join(base, name)
    this.root = join(place, 'clone')
    mkdirSync(join(place, 'home'), { recursive: true })
    execFileSync('git', ['clone', '-q', from, this.root])
    this.env = {
      PATH: process.env.PATH ?? '',
      HOME: realpathSync(join(place, 'home')),
      SPECWEAVE_STATE_DIR: join(place, 'state'),
      SPECWEAVE_LAB_DIR: process.env.SPECWEAVE_LAB_DIR ?? '',
    }
  }

  get state(): string {
    return this.env.SPECWEAVE_STATE_DIR as string
  }

  verify(...args: string[]): Ran {
    return this.cli('verify', ...args)
  }

  cli(...args: string[]): Ran {
    const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], {
      cwd: this.root,
      env: this.env,
      encoding: 'utf8',
    })
    return { code: status ?? -1, stdout, stderr }
  }

  /** Absolute folder of a run. */
  folder(run: string): string {
    const [increment = '', ...rest] = run.split('/')
    const increments = join(this.root, '.specweave/increments')
    const folder = readdirSync(increments).find((name) => name.startsWith(`${increment}-`)) ?? ''
    return join(increments, folder, 'experiments', ...rest)
  }
}

export interface JudgedWorkspace {
  product: Product
  /** The run that the verdict is about. */
  candidate: string
  /** A run that was measured on validation, and that no verdict read. */
  other: string
  baselines: string[]
}

/** Churn from the data to a passing verdict, closed and committed. */
export async function judgedWorkspace(): Promise<JudgedWorkspace> {
  const product = new Product()
  cpSync(EXAMPLES, join(product.root, 'churn'), { recursive: true })
  git(product.root, 'init', '-q')
  await product.call('create_increment', {
    title: 'build a churn model',
    problem_type: 'classification',
    success_metrics: ['roc_auc >= 0.75', 'accuracy >= 80%'],
  })
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
  return { product, candidate, other, baselines: runs.map(({ run }: { run: string }) => run) }
}
