import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { codeSha256 } from '../../src/adapters/lab/code-files.ts'
import type { Evidence } from '../../src/evidence/evidence-file.ts'
import { connect } from '../hosts/mcp-client.ts'
import { InstalledCopy } from '../support/installed-copy.ts'
import { git } from './git.ts'
import { NO_LAB, Product } from './product.ts'

const EXAMPLES = resolve(import.meta.dirname, '../../examples/churn')

describe.skipIf(NO_LAB)('the code of the lab itself', () => {
  let product: Product
  let copy: InstalledCopy
  let run: string
  const edited = new Map<string, string>()
  const edit = (module: string, change: (text: string) => string): void => {
    const file = copy.lab(module)
    const before = readFileSync(file, 'utf8')
    if (!edited.has(file)) edited.set(file, before)
    expect(change(before)).not.toBe(before)
    writeFileSync(file, change(before))
  }
  /** Every number that the lab tells is a good one. */
  const flatter = () => edit('metrics/measured.py', (text) => text.replaceAll('float(value)', '0.999'))

  beforeAll(async () => {
    product = new Product()
    mkdirSync(join(product.root, 'churn'))
    copyFileSync(join(EXAMPLES, 'train_logistic.py'), join(product.root, 'churn/train_logistic.py'))
    const lines = readFileSync(join(EXAMPLES, 'churn.csv'), 'utf8').split('\n')
    writeFileSync(join(product.root, 'churn/churn.csv'), `${lines.slice(0, 801).join('\n')}\n`)
    git(product.root, 'init', '-q')
    await product.call('create_increment', {
      title: 'build a churn model',
      problem_type: 'classification',
      success_metrics: ['roc_auc >= 0.6'],
    })
    if (!product.read('.specweave/ml.yaml').includes('interpreter: lab'))
      appendFileSync(join(product.root, '.specweave/ml.yaml'), 'interpreter: lab\n')
    await product.call('register_dataset', {
      name: 'churn',
      source: 'churn/churn.csv',
      target: 'churn',
      problem_type: 'classification',
      increment: '0001',
    })
    const command = ['python', 'churn/train_logistic.py']
    ;({ run } = await product.run({ increment: '0001', name: 'logistic', command }))
    await product.run({ increment: '0001', name: 'other', command, params: { C: 0.01 } })
    await product.close()
    copy = new InstalledCopy(join(product.base, 'installed'))
  })
  afterAll(() => product?.dispose())
  afterEach(() => {
    for (const [file, text] of edited) writeFileSync(file, text)
    edited.clear()
  })

  const cli = (...args: string[]) => copy.run(args, product)
  const call = (tool: string, args: object) => {
    const { code, stdout } = cli('call', tool, JSON.stringify(args))
    return { code, answer: JSON.parse(stdout) }
  }
  const check = () =>
    call('validate_increment', { increment: '0001' }).answer.checks.find(
      ({ id }: { id: string }) => id === 'evaluator.code',
    )
  const evidence = (): Evidence =>
    JSON.parse(readFileSync(join(product.folder(run), 'evidence.json'), 'utf8')) as Evidence
  const tampers = () =>
    readdirSync(join(product.root, '.specweave/ledger'))
      .filter((name) => name.endsWith('.jsonl'))
      .flatMap((name) => product.read(join('.specweave/ledger', name)).trim().split('\n'))
      .map((line) => JSON.parse(line))
      .filter(({ event }) => event === 'tamper.seen')

  it('is named by its hash in what it measured', () => {
    const { lab_sha256 } = JSON.parse(readFileSync(join(copy.folder, 'dist/lab.json'), 'utf8'))
    const { evaluator, splits } = evidence()
    expect(evaluator.sha256).toBe(lab_sha256)
    expect(splits.validation?.lab_sha256).toBe(lab_sha256)
    expect(check()).toMatchObject({
      status: 'pass',
      message: expect.stringMatching(/^The lab's own code is that of the build \(SHA-256 \w{12}\.\.\.\)\.$/),
    })
    expect(cli('verify').code).toBe(0)
    expect(tampers()).toEqual([])
  })

  it('measures nothing when it was edited, and the ledger, the verdict and verify say so', () => {
    const look = { run, split: 'test' }
    flatter()
    const refused = call('evaluate_run', look)
    expect(refused).toMatchObject({ code: 1, answer: { code: 'LAB_CHANGED' } })
    expect(refused.answer.message).toMatch(
      /not the one that this program was built with.*Install the package/,
    )
    expect(tampers().map(({ data }) => data.what)).toEqual(['lab'])
    expect(check()).toMatchObject({ status: 'fail', message: expect.stringContaining('edited evaluator') })
    for (const args of [['verify'], ['verify', '--recompute']]) {
      const { code, stderr } = cli(...args)
      expect(code).toBe(1)
      expect(stderr).toMatch(/own code was seen changed at .*, and still is/)
    }
    expect(call('run_baselines', { increment: '0001' }).answer.code).toBe('LAB_CHANGED')
    // The same change is told once.
    expect(tampers()).toHaveLength(1)
    expect(evidence().splits.test).toBeUndefined()
  })

  it('is not measured by for a server that only reads, which writes nothing', async () => {
    edit('paired.py', (text) => `${text}\n# another one\n`)
    const server = await connect(copy.program, {
      args: ['serve', '--read-only', '--workspace', product.root],
      cwd: product.root,
      env: product.env,
    })
    const before = tampers().length
    try {
      const answer = await server.client.callTool({
        name: 'compare_runs',
        arguments: { increment: '0001', metric: 'roc_auc' },
      })
      expect(JSON.stringify(answer.structuredContent)).toContain(
        'not the one that this program was built with',
      )
    } finally {
      await server.client.close()
    }
    expect(tampers()).toHaveLength(before)
  })

  it('is what it was when the edit is gone, and what was seen stays told', () => {
    const { code, stdout } = cli('verify')
    expect(code).toBe(0)
    expect(stdout).toMatch(/own code was seen changed at .*; here it is that of the build/)
    expect(check()).toMatchObject({ status: 'pass' })
  })

  it('is noticed where a library is put in front of the real one', () => {
    const file = copy.lab('../scipy.py')
    writeFileSync(file, 'raise SystemExit\n')
    expect(cli('doctor').stdout).toContain('not the one that this program was built with')
    expect(check()).toMatchObject({ status: 'fail' })
    rmSync(file)
    expect(check()).toMatchObject({ status: 'pass' })
  })

  it('goes on where a build replaced it under a running server, and what edited code measured does not last', async () => {
    const server = await connect(copy.program, {
      args: ['serve', '--workspace', product.root],
      cwd: product.root,
      env: product.env,
    })
    const asked = (name: string, args: object) =>
      server.client.callTool({ name, arguments: { ...args } }, undefined, { timeout: 250_000 })
    const build = join(copy.folder, 'dist/lab.json')
    const built = readFileSync(build, 'utf8')
    try {
      await asked('get_increment', { increment: '0001' })
      flatter()
      const lab_sha256 = codeSha256(join(copy.folder, 'python/lab'))
      writeFileSync(build, JSON.stringify({ lab_sha256 }))
      const { isError } = await asked('evaluate_run', { run, split: 'validation' })
      expect(isError).not.toBe(true)
      expect(evidence().splits.validation?.lab_sha256).toBe(lab_sha256)
      // Whoever starts now goes by what the program itself was built with.
      expect(cli('verify').code).toBe(1)
      expect(check()).toMatchObject({ status: 'fail', message: expect.stringContaining('edited evaluator') })
    } finally {
      await server.client.close()
      writeFileSync(build, built)
    }
    for (const [file, text] of edited) writeFileSync(file, text)
    expect(cli('verify').code).toBe(0)
    expect(check()).toMatchObject({
      status: 'fail',
      message: expect.stringContaining('was measured on validation by lab code that is not of any build'),
    })
    expect(call('evaluate_run', { run, split: 'validation' }).code).toBe(0)
    expect(check()).toMatchObject({ status: 'pass' })
  })

  it('is named by verify where another build measured, and so is a value that no measurement gives', () => {
    const { lab_sha256: before } = JSON.parse(readFileSync(join(copy.folder, 'dist/lab.json'), 'utf8'))
    expect(cli('verify').stdout).not.toContain('another build')
    // The next version of the package: other code of the lab, and a program that was built with it.
    edit('hurdle.py', (text) => `${text}\n# of the next version\n`)
    const after = codeSha256(join(copy.folder, 'python/lab'))
    for (const file of built(join(copy.folder, 'dist'), before)) {
      const text = readFileSync(file, 'utf8')
      edited.set(file, text)
      writeFileSync(file, text.replaceAll(before, after))
    }
    const { code, stdout } = cli('verify')
    expect(code).toBe(0)
    expect(stdout).toContain(
      `note: measured by another build of the lab (SHA-256 ${before.slice(0, 12)}..., here ${after.slice(0, 12)}...): ${run} train`,
    )
    expect(stdout).not.toContain('outside its own interval')

    const file = join(product.folder(run), 'evidence.json')
    edited.set(file, readFileSync(file, 'utf8'))
    const known = evidence()
    const auc = known.splits.validation?.metrics.find(({ name }) => name === 'roc_auc')
    auc!.value = 0.999
    writeFileSync(file, JSON.stringify(known))
    expect(cli('verify').stderr).toMatch(
      new RegExp(`warning: ${run} validation: roc_auc 0.999 lies outside its own interval \\(0\\.`),
    )
  })
})

/** Files of the program that hold the hash that it was built with. */
function built(folder: string, sha256: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((file) => statSync(file).isFile() && readFileSync(file, 'utf8').includes(sha256))
}
