import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSqlite } from '../../src/store/sqlite/driver.ts'
import { NASTY_TEXTS } from '../fuzz/nasty.ts'
import { PROGRAM } from '../hosts/mcp-client.ts'
import { lines } from './history.ts'
import { Product } from './product.ts'

const INSIGHTS = '.specweave/insights'
const SCALE = 'Scale the features: the net diverges above a learning rate of 0.01'

let product: Product
beforeAll(async () => {
  product = new Product('id: memory\nlimits: {cpus: 2}\n')
  await product.call('create_increment', { title: 'build a churn model', problem_type: 'classification' })
})
afterAll(() => product.dispose())

const files = () => readdirSync(join(product.root, INSIGHTS)).sort()
const search = async (words: string, more: object = {}) =>
  (await product.call('record_insight', { search: words, ...more })).found as {
    kind: string
    from: string
    text: string
  }[]
const cli = (...args: string[]) =>
  execFileSync(process.execPath, [PROGRAM, '--workspace', product.root, ...args], {
    encoding: 'utf8',
    env: product.env,
  })

/** A run of the SDK that left a note, as after a training elsewhere. */
function noted(name: string, note: string): void {
  const run = `0001/${name}`
  const record = {
    format: 1,
    run,
    created: '2026-11-20T08:00:00.000Z',
    made_by: 'sdk',
    command: ['python', 'x.py'],
  }
  const rest = { cwd: '.', params: {}, dataset: null, seed: null, parent: null, previous: null }
  const [folder = ''] = readdirSync(join(product.root, '.specweave/increments'))
  const place = `.specweave/increments/${folder}/experiments/${name}`
  product.write(`${place}/run.json`, JSON.stringify({ ...record, ...rest }))
  product.write(
    `${place}/events/host-1-a.jsonl`,
    lines({ k: 'note', v: note, t: 1e9 }, { k: 'status', v: 'succeeded', t: 1e9 + 1 }),
  )
}

describe('recording', () => {
  it('writes one file that a person can read, and the same words again are the same insight', async () => {
    const first = await product.call('record_insight', { text: SCALE, tags: ['Scaling'] })
    expect(first).toMatchObject({
      insight: expect.stringMatching(/^i-[0-9a-f]{10}$/),
      known: false,
      similar: [],
    })
    expect(product.read(first.path)).toBe(
      `---\ninsight: ${first.insight}\nkind: lesson\nat: ${/at: (.*)/.exec(product.read(first.path))?.[1]}\nincrement: "0001"\ntags: ["scaling"]\n---\n${SCALE}\n`,
    )
    // As on another day.
    const earlier = join(product.root, INSIGHTS, `20250101-000000-${first.insight}.md`)
    renameSync(join(product.root, first.path), earlier)
    const again = await product.call('record_insight', { text: ` ${SCALE.replace(': ', ':\n')} ` })
    expect(again).toMatchObject({
      insight: first.insight,
      path: relative(product.root, earlier),
      known: true,
    })
    expect(files()).toHaveLength(1)
    // Only what is new is added, in files of their own, also within one second.
    for (const tag of ['net', 'rates']) {
      const more = await product.call('record_insight', { text: SCALE, tags: [tag, 'scaling'] })
      expect(more).toMatchObject({ insight: first.insight, known: true })
      expect(product.read(more.path)).toContain(`tags: ["${tag}","scaling"]`)
    }
    expect(files()).toHaveLength(3)
    expect((await search('diverges')).map(({ from }) => from.slice(0, 20))).toEqual([
      `${first.insight} of 0001`,
    ])
  })

  it('names what says much the same', async () => {
    const { similar } = await product.call('record_insight', {
      text: 'The net diverges unless features are scaled',
      kind: 'warning',
    })
    expect(similar).toEqual([expect.stringContaining(SCALE)])
    const other = await product.call('record_insight', {
      text: 'Calls at night say nothing',
      increment: '0001',
    })
    expect(other.similar).toEqual([])
  })

  it('is refused with nothing written where it names what is not there, or says nothing', async () => {
    const before = product.tree()
    const { code } = await product.refusal('record_insight', { text: 'x', runs: ['0001/exp-099-none'] })
    expect(code).toBe('RUN_UNKNOWN')
    expect((await product.refusal('record_insight', { text: 'x', increment: '0099' })).code).toBe(
      'INCREMENT_UNKNOWN',
    )
    for (const args of [
      {},
      { text: 'x', search: 'x' },
      { text: ' \u200b\u0007' },
      { text: 'x'.repeat(2001) },
      { text: 'x', kind: 'truth' },
    ])
      expect((await product.refusal('record_insight', args)).code, JSON.stringify(args)).toBe('INPUT_INVALID')
    expect(product.tree()).toEqual(before)
  })

  it('keeps no secret and no hidden character', async () => {
    await product.restart({ DB_PASSWORD: 'hunter2hunter2' })
    const { path } = await product.call('record_insight', {
      text: 'log in with hunter2hunter2,\u202e api_key=abcdef123456 \u001b[31mred\u001b[0m',
      tags: ['hunter2hunter2'],
    })
    const text = product.read(path)
    expect(text).toContain('log in with ********, api_key=******** red')
    expect(text).not.toContain('hunter2')
    noted('exp-090-leaky', 'FAILED: password=swordfish for tarpaulin')
    expect(await search('tarpaulin')).toEqual([
      expect.objectContaining({ kind: 'note', text: 'FAILED: password=******** for tarpaulin' }),
    ])
    await product.restart()
  })
})

describe('searching', () => {
  it('finds what the record holds already: notes, failures, and how an increment ended', async () => {
    noted('exp-091-noted', 'FAILED: gradients exploded without clipping')
    const { run } = await product.call('run_experiment', {
      increment: '0001',
      name: 'endless',
      command: ['python3', '-c', 'import time; time.sleep(300)'],
    })
    await product.call('stop_run', { run, reason: 'perplexity went to infinity' })
    expect(await search('infinite perplexity')).toEqual([
      expect.objectContaining({ kind: 'failure', text: 'stopped: perplexity went to infinity' }),
    ])
    await product.call('create_increment', { title: 'late parcels', problem_type: 'regression' })
    await product.complete({
      increment: '0002',
      outcome: 'not_passed',
      reason: 'no model beat the postcode rule',
    })
    expect(await search('postcode rule')).toEqual([
      expect.objectContaining({
        kind: 'outcome',
        text: expect.stringContaining('no model beat the postcode rule'),
      }),
    ])
  })

  it('finds comparisons in the words of the documents, but none with a run that is gone', async () => {
    const [folder = ''] = readdirSync(join(product.root, '.specweave/increments'))
    noted('exp-092-a', 'a')
    noted('exp-093-b', 'b')
    const difference = (a: string, b: string) => ({
      a: `0001/${a}`,
      b: `0001/${b}`,
      difference: 0.01,
      verdict: 'no_difference_shown',
    })
    product.write(
      `.specweave/increments/${folder}/experiments/differences.json`,
      JSON.stringify({
        format: 1,
        metric: 'roc_auc',
        split: 'validation',
        differences: [difference('exp-092-a', 'exp-093-b'), difference('exp-092-a', 'exp-094-gone')],
      }),
    )
    expect(await search('difference roc_auc')).toEqual([
      expect.objectContaining({
        kind: 'comparison',
        from: expect.stringContaining('0001/exp-092-a, 0001/exp-093-b'),
        text: expect.stringMatching(/^No difference shown between exp-092-a and exp-093-b: .* in roc_auc/),
      }),
    ])
  })

  it('is narrowed by kind, increment, run and tag', async () => {
    expect((await search('net diverges scaled')).length).toBe(2)
    expect(await search('net diverges scaled', { kind: 'warning' })).toHaveLength(1)
    expect(await search('net diverges scaled', { tags: ['SCALING'] })).toHaveLength(1)
    expect(await search('net diverges scaled', { increment: '0002' })).toEqual([])
    expect(await search('exploding', { runs: ['exp-091-noted'] })).toHaveLength(1)
    const shown = { text: 'Clipping tames gradients', runs: ['exp-091-noted'] }
    await product.call('record_insight', shown)
    expect(await search('gradients tamed', { runs: ['exp-091-noted'], kind: 'lesson' })).toEqual([
      expect.objectContaining({ from: expect.stringContaining('shown by 0001/exp-091-noted') }),
    ])
    expect(await search('gradients tamed', { runs: ['exp-092-a'] })).toEqual([])
  })

  it('takes any text, and changes no file', async () => {
    const before = product.tree()
    for (const text of NASTY_TEXTS) await search(text.slice(0, 500))
    expect(product.tree()).toEqual(before)
  })

  it('gives the same answers from an index that was made anew', async () => {
    const asked = [
      'diverges features',
      'exploding gradients',
      'postcode',
      'perplexity',
      'difference',
      'password',
    ]
    const answers = async () => Promise.all(asked.map((words) => search(words)))
    const before = await answers()
    expect(before.map((found) => found.length)).not.toContain(0)
    const driver = await openSqlite(join(product.root, '.specweave/index.db'), { busyTimeoutMs: 5000 })
    driver.exec('DELETE FROM memory')
    driver.close()
    expect((await answers()).flat()).toEqual([])
    cli('rebuild-index')
    expect(await answers()).toEqual(before)
  })

  it('reads what people wrote by hand, and neither links nor what is no insight', async () => {
    product.write(`${INSIGHTS}/by-hand.md`, 'Zebras are rare\n')
    product.write(`${INSIGHTS}/broken.md`, '---\n{[: &a *a\n---\nGiraffes are tall\n')
    product.write(`${INSIGHTS}/bomb.md`, `---\na: &a [x,x]\nb: &b [*a,*a]\ntags: [*b,*b]\n---\nOkapis hide\n`)
    product.write(`${INSIGHTS}/huge.md`, `Elephants ${'x'.repeat(20_000)}`)
    product.write('outside.md', 'Lions are outside')
    symlinkSync('../../outside.md', join(product.root, INSIGHTS, 'link.md'))
    mkdirSync(join(product.root, INSIGHTS, 'folder.md'))
    const found = await search('zebras giraffes okapis elephants lions')
    expect(found.map(({ text }) => text).sort()).toEqual([
      'Giraffes are tall',
      'Okapis hide',
      'Zebras are rare',
    ])
  })

  it('reads nothing through a folder that is a link, and writes nothing there', async () => {
    const aside = join(product.root, 'aside')
    renameSync(join(product.root, INSIGHTS), aside)
    const outside = join(product.base, 'outside')
    mkdirSync(outside)
    writeFileSync(join(outside, 'theirs.md'), 'Hippos bathe')
    symlinkSync(outside, join(product.root, INSIGHTS))
    expect(await search('hippos')).toEqual([])
    expect((await product.refusal('record_insight', { text: 'x' })).code).toBe('PATH_OUTSIDE_WORKSPACE')
    expect(readdirSync(outside)).toEqual(['theirs.md'])
    unlinkSync(join(product.root, INSIGHTS))
    renameSync(aside, join(product.root, INSIGHTS))
    expect(await search('zebras')).toHaveLength(1)
  })
})

describe('where it matters', () => {
  it('new work of the same kind and subject is told, other work is not', async () => {
    const near = await product.call('create_increment', {
      title: 'churn of business customers',
      problem_type: 'classification',
    })
    expect(near.insights).toHaveLength(3)
    for (const line of near.insights) expect(line).toContain('same problem type, about churn')
    const text = cli('get-increment', near.increment)
    expect(text).toContain('learned: [')
    expect(text).toContain('data, not instructions')
    const far = await product.call('create_increment', {
      title: 'churn of hens',
      problem_type: 'time_series',
    })
    expect(far).not.toHaveProperty('insights')
    expect(await product.call('get_increment', { increment: far.increment })).not.toHaveProperty('insights')
    // What is recorded there comes first there.
    await product.call('record_insight', {
      text: 'Business customers churn in spring',
      increment: near.increment,
    })
    const shown = await product.call('get_increment', { increment: near.increment })
    expect(shown.insights[0]).toContain('Business customers churn in spring')
    expect(shown.insights[0]).toContain('recorded in this increment')
    await product.complete({
      increment: near.increment,
      outcome: 'not_passed',
      reason: 'done',
    })
    expect(await product.call('get_increment', { increment: near.increment })).not.toHaveProperty('insights')
  })
})

describe('in Git', () => {
  it('branches that learned different things, and the same, merge without a conflict', async () => {
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], {
        cwd: product.root,
        encoding: 'utf8',
      })
    const commit = (message: string) => {
      git('add', '-A', INSIGHTS)
      git('commit', '-qm', message)
    }
    git('init', '-q', '-b', 'main')
    git('add', '.specweave/ml.yaml')
    commit('start')
    git('checkout', '-qb', 'other')
    await product.call('record_insight', { text: 'Learned on both', increment: '0001' })
    await product.call('record_insight', { text: 'Learned on the other', increment: '0001' })
    commit('other')
    git('checkout', '-q', 'main')
    expect(await search('learned on the other', { kind: 'lesson' })).not.toContainEqual(
      expect.objectContaining({ text: 'Learned on the other' }),
    )
    await new Promise((resolve) => setTimeout(resolve, 1100))
    await product.call('record_insight', { text: 'Learned on both', tags: ['main'], increment: '0001' })
    commit('main')
    git('merge', '-q', '--no-edit', 'other')
    expect(git('status', '--porcelain', INSIGHTS)).toBe('')
    const found = (await search('learned other both', { kind: 'lesson' })).map(({ text }) => text)
    expect(found.filter((text) => text.startsWith('Learned')).sort()).toEqual([
      'Learned on both',
      'Learned on the other',
    ])
  })
})
