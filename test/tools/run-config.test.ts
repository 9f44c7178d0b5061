import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { PROGRAM, ROOT } from '../hosts/mcp-client.ts'
import { NO_LAB, Product } from './product.ts'

const TEMPLATE = join(ROOT, 'templates/experiment-config.yaml')
const TRACKER = join(ROOT, 'skills/experiment-tracker/resources/scripts/experiment-tracker.py')

/** Prints its parameters and a variable, and says whether there is a token. */
const SCRIPT = `import json, os
print("params", json.dumps(json.load(open(os.environ["SPECWEAVE_PARAMS"])), sort_keys=True))
print("zone", os.environ.get("TZ"), os.environ.get("OMP_NUM_THREADS"))
`
const CONFIG = `increment: 0001
name: first
command: [python3, train.py]
params: {learning_rate: 0.1, depth: 3}
env: {TZ: UTC, OMP_NUM_THREADS: 2, API_TOKEN: file-secret-123}
wait_s: 40
`

let product: Product

beforeAll(async () => {
  product = new Product('id: w1\n')
  await product.call('create_increment', {
    title: 'churn model',
    problem_type: 'classification',
    success_metrics: ['roc_auc >= 0.75'],
  })
  product.write('train.py', SCRIPT)
  product.write('experiment-config.yaml', CONFIG)
})
afterAll(() => product.dispose())

function cli(
  words: string[],
  environment: Record<string, string> = {},
  program = [process.execPath, PROGRAM],
) {
  const [first = '', ...rest] = [...program, ...words]
  const { status, stdout, stderr } = spawnSync(first, rest, {
    cwd: product.root,
    env: { ...product.env, ...environment },
    encoding: 'utf8',
  })
  return { code: status, out: stdout, err: stderr }
}

const view = (words: string[]) => JSON.parse(cli([...words, '--json']).out)

describe('run --config', () => {
  it('starts what the file says', () => {
    const run = view(['run', '--config', 'experiment-config.yaml'])
    expect(run).toMatchObject({
      run: '0001/exp-001-first',
      state: 'succeeded',
      params: { learning_rate: 0.1, depth: 3 },
    })
    expect(run.logs.stdout).toEqual(['params {"depth": 3, "learning_rate": 0.1}', 'zone UTC 2'])
  })

  it('takes what is typed before it, of params key by key', () => {
    const words = [
      'run',
      '--config=experiment-config.yaml',
      '--params',
      'learning_rate=0.5',
      '--name',
      'second',
    ]
    expect(view(words)).toMatchObject({
      run: '0001/exp-002-second',
      params: { learning_rate: 0.5, depth: 3 },
    })
    const other = [
      'run',
      '--json',
      '--config',
      'experiment-config.yaml',
      '--name',
      'third',
      '--',
      'python3',
      '-V',
    ]
    expect(JSON.parse(cli(other).out)).toMatchObject({
      run: '0001/exp-003-third',
      logs: { stdout: [expect.stringMatching(/^Python 3/)] },
    })
  })

  it.each([
    [
      'a key that there is not',
      'name: a\ncomand: [true]\n',
      'comand is no key; did you mean "command"? Nothing was started.',
    ],
    ['a key of a key', 'name: a\ncommand: [a]\nresources: {cpu: 1}\n', 'did you mean cpus'],
    [
      'a value of the wrong kind',
      'name: a\ncommand: python train.py\n',
      'command must be an array, not string',
    ],
    ['no keys', '- a\n', 'must hold keys and values'],
    ['no YAML', 'name: [a\n', 'line 2'],
  ])('refuses %s in the words of the file', async (_what, text, message) => {
    product.write('wrong.yaml', text)
    await product.settled()
    const before = product.tree()
    const { code, out, err } = cli(['run', '--config', 'wrong.yaml'])
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toContain('Refused (INPUT_INVALID): wrong.yaml: ')
    expect(err).toContain(message)
    expect(err).toMatch(/ run --help/)
    expect(product.tree()).toEqual(before)
  })

  it('says where a file begins that is not there', () => {
    const { code, err } = cli(['run', '--config', 'missing.yaml'])
    expect(code).toBe(1)
    expect(err).toContain('Refused (FILE_MISSING): missing.yaml does not exist')
    expect(err).toMatch(/cp \S*templates\/experiment-config\.yaml missing\.yaml/)
  })

  it('makes the folder, too, in which such a file is to lie', () => {
    const config = ['run', '--config', 'no such/folder/config.yaml']
    const [, next = ''] = /^ {2}(mkdir .*)$/m.exec(cli(config).err) ?? []
    expect(cli(['-c', next], {}, ['/bin/sh'])).toMatchObject({ code: 0, err: '' })
    expect(product.read('no such/folder/config.yaml')).toBe(readFileSync(TEMPLATE, 'utf8'))
  })
})

describe('--debug', () => {
  it.each([
    ['--debug', ['--debug'], {}],
    ['ML_DEBUG=1', [], { ML_DEBUG: '1' }],
  ])('%s tells what is resolved, and follows the log', (_what, words, environment) => {
    const { code, out, err } = cli(['run', '--config', 'experiment-config.yaml', '--again', ...words], {
      ...environment,
      OTHER_TOKEN: 'shell-secret-123',
    })
    expect(code).toBe(0)
    expect(out).toContain('\nparams {"depth": 3, "learning_rate": 0.1}\n')
    expect(err).toContain(
      `debug: config: ${join(product.root, 'experiment-config.yaml')} (increment, name, command`,
    )
    expect(err).toContain('debug: typed: again\n')
    expect(err).toMatch(/debug: request: \{.*"command":\["python3","train.py"\]/)
    expect(err).toMatch(/debug: interpreter: \/\S+ \(/)
    expect(err).toContain('debug: environment, given: TZ, OMP_NUM_THREADS, API_TOKEN')
    expect(err).toMatch(/debug: 0001\/exp-001-first-r\d: .*exit code 0, ran [\d.]+ s/)
    expect(err).toMatch(/debug: done after [\d.]+ s/)
    expect(out + err).not.toMatch(/(?:file|shell)-secret/)
  })

  it('exits as the run ends', () => {
    const { code, err } = cli([
      'run',
      '--debug',
      '--name',
      'fails',
      '--',
      'python3',
      '-c',
      'raise SystemExit(3)',
    ])
    expect(code).toBe(1)
    expect(err).toContain('exit code 3')
  })

  it('is silent without it', () => {
    const { err } = cli(['run', '--config', 'experiment-config.yaml'], { ML_DEBUG: '0' })
    expect(err).not.toContain('debug:')
  })
})

describe('experiment-tracker.py', () => {
  const tracker = (words: string[], environment = {}) => cli(words, environment, ['python3', TRACKER])

  it('runs a file, and hands the flags on', () => {
    const { code, out } = tracker([
      '--config',
      'experiment-config.yaml',
      '--name',
      'tracked',
      '--params',
      'depth=4',
      '--json',
    ])
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ run: '0001/exp-005-tracked', params: { depth: 4 } })
  })

  it('reads experiment-config.yaml where none is named, verbosely where asked', () => {
    const { code, err } = tracker(['--debug'])
    expect(code).toBe(0)
    expect(err).toContain('debug: config:')
  })

  it('gives the exit code and the words of a refusal', () => {
    const { code, err } = tracker(['--config', 'missing.yaml'])
    expect(code).toBe(1)
    expect(err).toContain('missing.yaml does not exist')
  })

  it('takes the program that SPECWEAVE_ML names', () => {
    expect(tracker(['--debug'], { SPECWEAVE_ML: 'echo "a b"' }).out).toBe(
      'a b run --config experiment-config.yaml --debug\n',
    )
  })
})

it.skipIf(NO_LAB)('the template runs on the churn example, as it stands', async () => {
  cpSync(join(ROOT, 'examples/churn'), join(product.root, 'examples/churn'), { recursive: true })
  product.write('.specweave/ml.yaml', 'id: w1\ninterpreter: lab\n')
  await product.call('register_dataset', {
    name: 'churn',
    source: 'examples/churn/churn.csv',
    target: 'churn',
    positive: 'yes',
    problem_type: 'classification',
    increment: '0001',
  })
  const run = view(['run', '--config', TEMPLATE])
  expect(run).toMatchObject({ state: 'succeeded', params: { learning_rate: 0.1, iterations: 60 } })
  expect(run.metrics).toContainEqual(expect.objectContaining({ name: 'roc_auc', source: 'measured' }))
})

it('the commented keys of the template are keys, too', async () => {
  const { runExperiment } = await import('../../src/tools/run-experiment.ts')
  const text = readFileSync(TEMPLATE, 'utf8').replace(/^# (?=\w+:(?: |$)| {2}- )/gm, '')
  expect(Object.keys(parse(text))).toEqual(
    expect.arrayContaining(['increment', 'seeds', 'metrics_from', 'env']),
  )
  expect(parse(text).experiments).toHaveLength(2)
  expect(runExperiment.input.strict().parse(parse(text))).toMatchObject({ seeds: [1, 2, 3] })
})
