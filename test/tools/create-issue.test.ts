import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { readRemote } from '../../src/adapters/github/remote.ts'
import { DOCUMENTED, GithubStub } from '../support/github-stub.ts'
import { git } from './git.ts'
import { NO_LAB, Product } from './product.ts'

const TOKEN = 'a-token-that-nobody-may-see-1234567890'

/** 300 rows whose target is told by x, mostly. */
const DATA = `x,y,churn\n${Array.from({ length: 300 }, (_, i) => `${i % 100},${(i * 7) % 13},${(i % 100 > 49) !== (i % 9 === 0) ? 'yes' : 'no'}`).join('\n')}\n`

/** A rule on one column, from the standard library alone. */
const SCRIPT = `
import csv, os, sys
from pathlib import Path
out = Path(os.environ["SPECWEAVE_RUN_DIR"], "predictions")
out.mkdir(parents=True, exist_ok=True)
for name in ("train", "validation"):
    with open(os.environ["SPECWEAVE_" + name.upper()]) as file:
        rows = list(csv.DictReader(file))
    lines = ["row_id,prediction,score_no,score_yes"]
    for row in rows:
        score = float(row["x"]) / 100 if sys.argv[1] == "x" else float(row["y"]) / 13
        lines.append(f"{row['row_id']},{'yes' if score >= 0.5 else 'no'},{1 - score},{score}")
    (out / f"{name}.csv").write_text("\\n".join(lines) + "\\n")
`

let stub: GithubStub
let product: Product
const METADATA = '.specweave/increments/0001-churn-model/metadata.json'
const github = () => JSON.parse(product.read(METADATA)).github

beforeAll(async () => {
  stub = await GithubStub.start()
  product = new Product('id: w1\n')
  git(product.root, 'init', '-q')
  await product.call('create_increment', {
    title: 'churn model',
    problem_type: 'classification',
    input: 'a customer, as told by @octocat',
    success_metrics: ['roc_auc >= 0.75'],
  })
})
afterEach(() => {
  stub.asked.splice(0)
  for (const method of Object.keys(stub.instead)) delete stub.instead[method]
})
afterAll(async () => {
  await product.dispose()
  await stub.stop()
})

const at = (environment: Record<string, string> = {}) =>
  product.restart({ GITHUB_API_URL: stub.url, ...environment })

describe('without a place or a right to post', () => {
  it.each([
    ['no remote', [], {}, 'the Git repository has no remote'],
    ['another host', ['https://gitlab.com/o/r.git'], {}, 'no Git remote (origin) is on github.com'],
    ['no token', ['https://github.com/octocat/hello-world.git'], {}, 'there is no token for github.com'],
  ])('%s: the ready text is written, and the answer says so', async (_what, [remote], environment, why) => {
    await at({ ...environment, GH_TOKEN: '', GITHUB_TOKEN: '' })
    if (remote !== undefined) {
      if (git(product.root, 'remote').trim() === '') git(product.root, 'remote', 'add', 'origin', remote)
      else git(product.root, 'remote', 'set-url', 'origin', remote)
    }
    const answer = await product.call('create_issue', { title: 'Retrain with *new* data' })
    expect(answer).toMatchObject({ outcome: 'written', increment: '0001' })
    expect(answer.notes.join()).toContain(why)
    const text = product.read(answer.path)
    expect(text).toContain('# Retrain with \\*new\\* data')
    expect(text).toMatch(/\| criterion\.roc_auc\.test \| roc_auc >= 0\.75 on test .*\| not measured/)
    expect(github()).toBeUndefined()
    expect(stub.taken()).toEqual([])
  })
})

describe('with a remote and a token', () => {
  beforeAll(async () => {
    git(product.root, 'remote', 'set-url', 'origin', 'git@github.com:octocat/hello-world.git')
    await at({ GITHUB_TOKEN: TOKEN })
  })

  it.each([
    ['a token that is not accepted', DOCUMENTED.badCredentials, 'did not accept the token'],
    ['a token without the right', DOCUMENTED.noAccess, 'needs write access to issues'],
    ['the rate limit', DOCUMENTED.rateLimit, 'call again after 2030-03-17T17:46:40.000Z'],
    ['the secondary rate limit', DOCUMENTED.secondaryLimit, 'call again in 60 s'],
    ['a repository that is not there', DOCUMENTED.notFound, 'does not exist'],
    ['issues switched off', DOCUMENTED.gone, 'issues switched off'],
    ['an invalid issue', DOCUMENTED.invalid, 'Validation Failed: title missing_field'],
    ['a renamed repository', { status: 301, headers: { location: 'http://127.0.0.1:9/' } }, 'was renamed'],
  ])('%s is a refusal that changes nothing', async (_what, instead, message) => {
    for (const method of ['GET', 'POST']) {
      const before = product.tree()
      stub.instead[method] = [instead]
      const refused = await product.refusal('create_issue')
      expect(refused).toMatchObject({ code: 'GITHUB_REFUSED', message: expect.stringContaining(message) })
      expect(JSON.stringify(refused)).not.toContain(TOKEN)
      expect(product.tree()).toEqual(before)
    }
    expect(stub.issues).toEqual([])
  })

  it.each([
    ['GitHub is down', DOCUMENTED.unavailable, 'answered 503'],
    ['a proxy answers', { html: true } as const, 'answered 200'],
    ['the connection breaks', { lost: true } as const, 'could not be reached'],
  ])('%s: said, and nothing changes', async (_what, instead, message) => {
    const before = product.tree()
    stub.instead.GET = [instead]
    const refused = await product.refusal('create_issue')
    expect(refused.message).toContain(message)
    expect(product.tree()).toEqual(before)
  })

  it('sends the token to no address that is open to read', async () => {
    await at({ GITHUB_TOKEN: TOKEN, GITHUB_API_URL: stub.url.replace('127.0.0.1', '127.0.0.2') })
    expect((await product.refusal('create_issue')).message).toContain('GITHUB_API_URL is no https address')
    expect(stub.asked).toEqual([])
    await at({ GITHUB_TOKEN: TOKEN })
  })

  it('finds the issue whose answer got lost', async () => {
    stub.instead.POST = [{ lost: true }]
    expect(await product.refusal('create_issue', { title: 'Retrain' })).toMatchObject({
      code: 'GITHUB_UNREACHABLE',
    })
    expect(github()).toBeUndefined()
    expect(await product.call('create_issue', { title: 'Retrain' })).toMatchObject({
      outcome: 'unchanged',
      issue: 1347,
      notes: [expect.stringContaining('made by a call before')],
    })
    expect(stub.issues.map(({ title }) => title)).toEqual(['Retrain'])
    const { body } = stub.issues[0]!
    expect(body).toContain('as told by &#64;octocat')
    expect(body).toContain(
      '(https://github.com/octocat/hello-world/blob/HEAD/.specweave/increments/0001-churn-model/spec.md)',
    )
    expect(github()).toMatchObject({
      issue: 1347,
      url: 'https://github.com/octocat/hello-world/issues/1347',
    })
  })

  it('asks nothing where the figures are as they were', async () => {
    stub.taken()
    const before = product.tree()
    expect(await product.call('create_issue', { title: 'Another' })).toMatchObject({
      outcome: 'unchanged',
      notes: [expect.stringContaining('the title was not used')],
    })
    expect(stub.taken()).toEqual([])
    expect(product.tree()).toEqual(before)
  })

  it('comments on no issue of another repository', async () => {
    git(product.root, 'remote', 'set-url', 'origin', 'https://github.com/octocat/other')
    const refused = await product.refusal('create_issue')
    expect(refused.message).toContain('linked to https://github.com/octocat/hello-world/issues/1347')
    expect(stub.taken()).toEqual([])
    git(product.root, 'remote', 'set-url', 'origin', 'https://x:secret@github.com/octocat/hello-world.git')
  })

  it.skipIf(NO_LAB)('comments when the measured figures change, once for each change', async () => {
    product.write('data/churn.csv', DATA)
    product.write('rule.py', SCRIPT)
    await product.call('register_dataset', {
      name: 'churn',
      source: 'data/churn.csv',
      target: 'churn',
      positive: 'yes',
      problem_type: 'classification',
      increment: '0001',
    })
    const train = (name: string, column: string) =>
      product.run({ increment: '0001', name, command: ['python3', 'rule.py', column] })
    await train('weak', 'y')
    expect(await product.call('create_issue')).toMatchObject({ outcome: 'commented', issue: 1347 })
    await train('strong', 'x')
    // The answer to the comment gets lost: the next call finds it.
    stub.instead.POST = [{ lost: true }]
    await product.refusal('create_issue')
    expect(await product.call('create_issue')).toMatchObject({ outcome: 'unchanged' })
    const { comments } = stub.issues[0]!
    expect(comments.length).toBe(2)
    const measured = async (run: string) =>
      (await product.call('get_run', { run })).metrics.find(
        (m: { name: string; split?: string; source: string }) =>
          m.name === 'roc_auc' && m.split === 'validation' && m.source === 'measured',
      ) as { value: number; ci: [number, number] }
    const shown = ({ value, ci }: { value: number; ci: [number, number] }) =>
      `${value.toFixed(3)} [${ci[0].toFixed(3)}, ${ci[1].toFixed(3)}]`
    const cells = comments[1]!.body.split('\n').find((line) => line.startsWith('| `roc_auc`'))
    expect(cells?.split('|').map((cell) => cell.trim())).toEqual([
      '',
      '`roc_auc`',
      'validation',
      shown(await measured('0001/exp-001-weak')),
      shown(await measured('0001/exp-002-strong')),
      '',
    ])
    expect(comments[1]!.body).toContain('`0001/exp-002-strong` (was `0001/exp-001-weak`)')
    expect(await product.call('create_issue')).toMatchObject({ outcome: 'unchanged' })
    expect(stub.issues[0]!.comments.length).toBe(2)
  })

  it('keeps the engine’s other keys, and writes the token nowhere', () => {
    expect(JSON.parse(product.read(METADATA))).toMatchObject({ status: 'active', externalLinks: {} })
    const walk = (folder: string): void => {
      for (const name of readdirSync(folder)) {
        const path = join(folder, name)
        if (statSync(path).isDirectory()) walk(path)
        else expect(readFileSync(path).includes(TOKEN), path).toBe(false)
      }
    }
    walk(product.base)
  })

  it('takes the token of gh where the environment has none', async () => {
    const bin = join(product.base, 'bin')
    mkdirSync(bin, { recursive: true })
    const fake = product.write(
      '../bin/gh',
      '#!/bin/sh\n[ "$*" = "auth token --hostname github.com" ] && echo from-gh\n',
    )
    chmodSync(fake, 0o755)
    await at({ PATH: `${bin}:${process.env.PATH}`, GITHUB_TOKEN: '', GH_TOKEN: '' })
    const link = github()
    product.write(
      METADATA,
      JSON.stringify({ ...JSON.parse(product.read(METADATA)), github: { ...link, figures: undefined } }),
    )
    expect(await product.call('create_issue')).toMatchObject({ issue: 1347 })
    expect(stub.asked.map(({ authorization }) => authorization)).toContain('Bearer from-gh')
  })
})

describe('the remote', () => {
  it.each([
    ['https://github.com/acme/churn.git', {}, 'https://api.github.com'],
    ['https://user:secret@github.com/acme/churn', {}, 'https://api.github.com'],
    ['git@github.com:acme/churn.git', {}, 'https://api.github.com'],
    ['ssh://git@ssh.github.com:443/acme/churn.git', {}, 'https://api.github.com'],
    ['git@git.acme.org:acme/churn.git', { GH_HOST: 'git.acme.org' }, 'https://git.acme.org/api/v3'],
    ['https://acme.ghe.com/acme/churn', {}, 'https://api.acme.ghe.com'],
    [
      'https://github.com/acme/churn',
      { GITHUB_API_URL: 'https://proxy.acme.org/' },
      'https://proxy.acme.org',
    ],
  ])('%s is read', (url, environment, api) => {
    expect(readRemote(url, environment)).toMatchObject({ owner: 'acme', name: 'churn', api })
  })

  it.each([
    'git@git.acme.org:acme/churn.git',
    'https://github.com.evil.org/acme/churn',
    'https://evil.org/github.com/churn',
    '/srv/github.com/acme/churn',
    '../churn',
    '',
  ])('%s is not GitHub', (url) => {
    expect(readRemote(url, {})).toBeUndefined()
  })
})
