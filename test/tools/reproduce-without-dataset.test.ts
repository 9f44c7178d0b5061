import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { PROGRAM } from '../hosts/mcp-client.ts'
import { until } from '../support/until.ts'
import { git } from './git.ts'
import { Product } from './product.ts'
import { reproduced } from './reproduced-run.ts'

describe('reproduce_run of a run without a data set', () => {
  const product = new Product('id: plain\n')
  afterAll(() => product.dispose())
  const COUNTS = (seconds: number): string => `import os, sys, time
import specweave
with specweave.track_experiment("x") as exp:
    exp.log_metric("lines", len(open("words.txt").readlines()))
if os.environ["SPECWEAVE_RUN"].endswith("reproduced"): time.sleep(${seconds})
`

  it('is repeated in a subfolder of a repository, and its worktree goes with a run that is stopped', async () => {
    await product.call('create_increment', { title: 'trial', problem_type: 'classification' })
    product.write('words.txt', 'one\ntwo\n')
    product.write('count.py', COUNTS(0))
    product.write('slow.py', COUNTS(300))
    git(product.base, 'init', '-q')
    git(product.base, 'add', 'project/words.txt', 'project/count.py', 'project/slow.py')
    git(product.base, 'commit', '-q', '-m', 'begin')
    product.write('words.txt', 'one\ntwo\nthree\n')
    const { run } = await product.run({ increment: '0001', name: 'count', command: ['python3', 'count.py'] })
    const { run: slow } = await product.run({
      increment: '0001',
      name: 'slow',
      command: ['python3', 'slow.py'],
    })
    product.write('words.txt', 'one\n')
    const answer = await reproduced(product, { run })
    expect(answer).toMatchObject({
      outcome: 'identical',
      basis: 'reported',
      metrics: [{ name: 'lines', was: 3, is: 3 }],
    })
    const { reproduction } = await product.call('reproduce_run', { run: slow })
    const tree = join(product.root, '.specweave/worktrees', reproduction.replace('/', '-'))
    await begun(product, reproduction)
    expect(readFileSync(join(tree, 'project/words.txt'), 'utf8')).toBe('one\ntwo\nthree\n')
    expect(git(product.base, 'worktree', 'list').trim().split('\n')).toHaveLength(2)
    await product.call('stop_run', { run: reproduction, reason: 'enough' })
    await product.settled()
    expect(existsSync(tree)).toBe(false)
    expect(git(product.base, 'worktree', 'list').trim().split('\n')).toHaveLength(1)
    const stopped = await product.call('reproduce_run', { run: slow })
    expect(stopped).toMatchObject({ state: 'stopped', next: [{ arguments: { again: true } }] })
    expect(stopped.outcome).toBeUndefined()
  })

  it('goes on where its supervisor was killed, and over what one left half made', async () => {
    product.write('brief.py', COUNTS(2))
    const { run } = await product.run({ increment: '0001', name: 'brief', command: ['python3', 'brief.py'] })
    const name = `${run.replace('/', '-')}-reproduced`
    product.write(`.specweave/worktrees/${name}/project/words.txt`, 'half\n')
    const { reproduction } = await product.call('reproduce_run', { run })
    await begun(product, reproduction)
    const claim = join(product.folder(reproduction), 'claim-1.json')
    process.kill(JSON.parse(readFileSync(claim, 'utf8')).pid, 'SIGKILL')
    expect(await reproduced(product, { run })).toMatchObject({ reproduction, outcome: 'identical' })
    expect(existsSync(join(product.folder(reproduction), 'claim-2.json'))).toBe(true)
    expect(readdirSync(join(product.root, '.specweave/worktrees'))).toEqual(['.gitignore'])
    expect(git(product.base, 'worktree', 'list').trim().split('\n')).toHaveLength(1)
  })

  it('loses its worktree to the doctor, where its folder was removed', async () => {
    const { reproduction } = await product.call('reproduce_run', { run: '0001/exp-002-slow', again: true })
    const tree = join(product.root, '.specweave/worktrees', reproduction.replace('/', '-'))
    await begun(product, reproduction)
    const pid = JSON.parse(readFileSync(join(product.folder(reproduction), 'started.json'), 'utf8')).pid
    rmSync(product.folder(reproduction), { recursive: true })
    process.kill(-pid, 'SIGKILL')
    await until('its death', () => !alive(pid))
    expect(existsSync(tree)).toBe(true)
    execFileSync(process.execPath, [PROGRAM, 'doctor'], {
      cwd: product.root,
      env: product.env,
      encoding: 'utf8',
    })
    expect(existsSync(tree)).toBe(false)
    expect(git(product.base, 'worktree', 'list').trim().split('\n')).toHaveLength(1)
  })

  it('without Git runs from the copy of its script alone', async () => {
    const bare = new Product('id: bare\n')
    try {
      await bare.call('create_increment', { title: 'trial', problem_type: 'classification' })
      bare.write(
        'score.py',
        'import specweave\nwith specweave.track_experiment("x") as e: e.log_metric("n", 4)\n',
      )
      const { run } = await bare.run({ increment: '0001', name: 'score', command: ['python3', 'score.py'] })
      bare.write('score.py', 'raise SystemExit(1)\n')
      expect(await reproduced(bare, { run })).toMatchObject({
        outcome: 'identical',
        basis: 'reported',
        differed: [],
      })
    } finally {
      await bare.dispose()
    }
  })
})

/** Waits until a run's command was started. */
async function begun(product: Product, run: string): Promise<void> {
  const file = join(product.folder(run), 'started.json')
  await until('the start', () => existsSync(file))
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
