import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
// @ts-expect-error a script without types
import { node24Folder } from '../../scripts/node24.mjs'
import { fences } from '../docs/pages.ts'
import { type Clone, Clones, edit } from './clone.ts'
import { git } from './git.ts'
import { evidenceIn, type JudgedWorkspace, judgedWorkspace } from './judged-workspace.ts'
import { NO_LAB } from './product.ts'

const ROOT = resolve(import.meta.dirname, '../..')

describe.skipIf(NO_LAB)(`verify, in a clone (${NO_LAB ?? 'with the lab'})`, () => {
  let made: JudgedWorkspace
  const clones = new Clones()
  beforeAll(async () => {
    made = await judgedWorkspace()
  })
  afterAll(() => clones.remove())

  const clone = (): Clone => clones.of(made.product.root)

  it('proves a fresh clone by the steps of the guide, from the tarball alone', () => {
    const { root, env, state } = clone()
    const place = join(root, '..')
    mkdirSync(join(root, 'vendor'))
    execFileSync(
      'npm',
      ['pack', '--ignore-scripts', '--loglevel=error', '--pack-destination', join(root, 'vendor')],
      { cwd: ROOT },
    )
    const tarball = join('vendor', readdirSync(join(root, 'vendor'))[0] ?? '')
    const [block] = fences({
      path: 'ci.md',
      text: readFileSync(join(ROOT, 'docs/guides/ci.md'), 'utf8'),
    }).filter(({ language }) => language === 'yaml')
    const workflow = parse(block?.text ?? '') as {
      env: Record<string, string>
      jobs: { verify: { steps: { name?: string; run?: string }[] } }
    }
    expect(workflow.env.TARBALL).toBe(tarball)
    const sha256 = createHash('sha256')
      .update(readFileSync(join(root, tarball)))
      .digest('hex')
    const steps = workflow.jobs.verify.steps.filter(({ run }) => run)
    expect(steps.map(({ name }) => name)).toEqual([
      'Install specweave-ml by its hash',
      'Set up the lab',
      'Prove the evidence',
    ])
    const paths = join(place, 'github-path')
    writeFileSync(paths, '')
    const step = (run: string, hash: string) =>
      spawnSync('bash', ['-e', '-o', 'pipefail', '-c', run], {
        cwd: root,
        encoding: 'utf8',
        env: {
          ...env,
          PATH: [...readFileSync(paths, 'utf8').split('\n').filter(Boolean), node24Folder(), env.PATH].join(
            ':',
          ),
          RUNNER_TEMP: place,
          GITHUB_PATH: paths,
          TARBALL: tarball,
          TARBALL_SHA256: hash,
        },
      })
    const forged = step(steps[0]?.run ?? '', '0'.repeat(64))
    expect([forged.status, existsSync(join(place, 'specweave-ml'))]).toEqual([1, false])
    const said = steps.map(({ run = '' }) => {
      const { status, stdout, stderr } = step(run, sha256)
      expect(status, stdout + stderr).toBe(0)
      return stdout
    })
    const proof = said.at(-1)
    expect(proof).toContain('The ledger verifies.')
    expect(proof).toContain(
      'churn@1: labels, train, validation, test made again from churn/churn.csv; hash and splits are equal to dataset.json',
    )
    for (const split of ['train', 'validation', 'test'])
      expect(proof).toMatch(new RegExp(`${made.candidate} ${split}: \\d+ figures proven`))
    expect(proof).toMatch(/Proven: \d\d+ figures of 4 runs came out again/)
    expect(proof).toContain(`no verdict read it: ${made.other} train`)
    expect(git(root, 'status', '--porcelain', '.specweave')).toBe('')
    const labels = join(state, 'vault', readdirSync(join(state, 'vault'))[0] ?? '', 'test.csv')
    expect(statSync(labels).mode & 0o777).toBe(0o600)
    // No key was made, so nothing was or could be recorded.
    expect(existsSync(join(state, 'keys'))).toBe(false)
    expect(readdirSync(join(state, 'rebuild'))).toEqual([])
  })

  const VERDICT =
    /^0001 PASS \(([^)]+)\): (\S+), roc_auc (0\.\d+) \(asked >= 0\.75 on test\), accuracy 0\.\d+ \(asked >= 0\.8 on test\), roc_auc 20 % better than the best baseline: pass; looks 1 of 3; waivers 0$/

  it('ends with the verdict: the candidate, what was asked and measured, looks and waivers', () => {
    const place = clone()
    const value = evidenceIn(place.folder(made.candidate)).splits.test?.metrics.find(
      ({ name }) => name === 'roc_auc',
    )?.value as number
    const shown = String(Number(value.toPrecision(4)))
    for (const [args, state] of [
      [[], 'as recorded'],
      [['--recompute'], 'proven'],
    ] as const) {
      const { code, stdout, stderr } = place.verify(...args)
      expect([code, stderr]).toEqual([0, ''])
      const last = stdout.trimEnd().split('\n').at(-1) ?? ''
      expect(VERDICT.exec(last)?.slice(1), last).toEqual([state, made.candidate, shown])
    }
    expect(JSON.parse(place.verify('--json').stdout)).toMatchObject({
      increments: [{ increment: '0001', verdict: 'pass', candidate: made.candidate, looks: { used: 1 } }],
      changed_files: [],
      gone_runs: [],
    })
  })

  it('says so where a run that the verdict read is not there, also without scoring anything again', () => {
    const place = clone()
    rmSync(place.folder(made.candidate), { recursive: true })
    const { code, stderr } = place.verify()
    expect(stderr).toContain(`${made.candidate}: the verdict of 0001 read it, and it is not in this clone`)
    expect(code).toBe(1)
  })

  it('says so where the line of the completion was cut off', () => {
    const place = clone()
    const folder = join(place.root, '.specweave/ledger')
    const file = join(folder, readdirSync(folder).find((name) => name.endsWith('.jsonl')) ?? '')
    edit(file, (text) => text.replace(/^.*"increment\.completed".*\n/gm, ''))
    const { code, stdout, stderr } = place.verify()
    expect([code, stdout]).toEqual([1, expect.stringContaining('The ledger verifies.')])
    expect(stderr).toContain('0001: metadata.json says that it is completed, and the ledger holds no line')
  })

  it('names a run that the ledger knows as measured and that was deleted, with its last value', () => {
    const place = clone()
    const value = evidenceIn(place.folder(made.other)).splits.validation?.metrics.find(
      ({ name }) => name === 'roc_auc',
    )?.value as number
    const named = `${made.other} (roc_auc ${Number(value.toPrecision(5))} on validation)`
    rmSync(place.folder(made.other), { recursive: true })
    expect(place.verify()).toMatchObject({
      code: 0,
      stderr: `warning: in the ledger, and not on disk: ${named}\n`,
    })
    expect(place.cli('validate-increment', '0001').stdout).toContain(
      `${made.candidate} is judged. In the ledger, and not on disk: ${named}.`,
    )
    rmSync(place.increment('0001'), { recursive: true })
    expect(place.verify().stderr).toContain('with all of its increment: ')
  })

  it('judges a closed increment in a clone without a line, a key or another word of its model', () => {
    const place = clone()
    const { code, stdout } = place.cli('validate-increment', '0001')
    expect(stdout).toMatch(
      /^pass +candidate\.model_saved: \S+boosting saved model\.joblib \(SHA-256 .* is not in this clone: model files are not in Git\.$/m,
    )
    expect(code).toBe(0)
    expect(git(place.root, 'status', '--porcelain')).toBe('')
    expect(existsSync(join(place.state, 'keys'))).toBe(false)
  })
})
