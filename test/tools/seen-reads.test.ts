import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { SeenFile } from '../../src/runs/seen-files.ts'
import { writeGitRules } from '../../src/store/git-rules.ts'
import { layoutOf } from '../../src/store/layout.ts'
import type { Workspace } from '../../src/store/workspace.ts'
import { seenReads } from '../../src/tools/judging/seen-reads.ts'
import { NO_LAB, Product, type ShownRun } from './product.ts'

const EXPERIMENTS = '.specweave/increments/0001-churn/experiments'

describe('seenReads', () => {
  let root: string
  let workspace: Workspace
  const write = (path: string, value: object): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), JSON.stringify(value))
  }
  const dataset = (id: string, over: object = {}, split: object = {}): void => {
    const [name, version] = id.split('@')
    const splits = Object.fromEntries(
      ['train', 'validation', 'test'].map((each) => [each, { path: `${each}.csv`, sha256: `${id} ${each}` }]),
    )
    write(`.specweave/datasets/${name}/v${version}/dataset.json`, {
      dataset: id,
      name,
      version: Number(version),
      source: { path: 'data/churn.csv', sha256: 'source', bytes: 5000 },
      split: { method: 'random', validation: 0.2, test: 0.2, seed: 0, key: name, ...split },
      splits: { ...splits, test: { ...splits.test, labels_sha256: `${id} labels` } },
      ...over,
    })
  }
  const seen = (experiment: string, files: Partial<SeenFile>[], complete = true): void => {
    const whole = {
      bytes: 10,
      sha256: null,
      opened: '2026-11-20T09:00:00Z',
      modified: '2026-11-20T09:00:00Z',
    }
    write(`${EXPERIMENTS}/${experiment}/seen.json`, {
      format: 1,
      files: files.map((file) => ({ ...whole, ...file })),
      complete,
    })
  }
  const reads = (experiment = 'exp-002-gb') =>
    seenReads(workspace, `0001/${experiment}`, join(root, EXPERIMENTS, experiment), 'churn@1')
  const forbidden = (file: Partial<SeenFile>): string | undefined => {
    seen('exp-002-gb', [file])
    return reads()[0]?.forbidden[0]?.what
  }

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'specweave-ml-reads-'))
    workspace = { root, layout: layoutOf(root) } as Workspace
    dataset('churn@1')
  })
  afterEach(() => rmSync(root, { recursive: true, force: true }))

  it('knows the source by its path, its bytes, and its size where the copy is gone', () => {
    expect(forbidden({ path: 'data/churn.csv', sha256: 'rows were added' })).toContain(
      'the registered source',
    )
    expect(forbidden({ path: 'elsewhere/copy.txt', sha256: 'source' })).toContain('the same bytes as')
    expect(forbidden({ path: 'gone.csv', bytes: 5000 })).toContain('of the very size')
    expect(forbidden({ path: 'gone.csv', bytes: 5001 })).toBeUndefined()
    expect(forbidden({ path: 'other.csv', bytes: 5000, sha256: 'another' })).toBeUndefined()
  })

  it('takes a small file of the same size, or another of an outside source’s name, for nothing', () => {
    dataset('churn@1', { source: { path: 'churn.csv', sha256: 'source', bytes: 100 } })
    expect(forbidden({ path: 'gone.csv', bytes: 100 })).toBeUndefined()
    expect(forbidden({ path: 'churn.csv', bytes: 100, sha256: 'another' })).toBeUndefined()
    expect(forbidden({ path: 'churn.csv', bytes: 100 })).toContain('the registered source')
  })

  it('knows sealed labels, of any data set in the vault and of this one anywhere', () => {
    expect(forbidden({ path: `~/.local/state/specweave-ml/vault/${'a'.repeat(64)}/test.csv` })).toContain(
      'sealed',
    )
    expect(forbidden({ path: 'x.csv', sha256: 'churn@1 labels' })).toContain(
      'a copy of the sealed test labels',
    )
  })

  it('knows a program that was given the source, of this data set and of none other', () => {
    const start = (source: string) => {
      write(`${EXPERIMENTS}/exp-002-gb/seen.json`, {
        format: 1,
        files: [],
        complete: true,
        started: [{ command: `cat ${source}`, source, at: '2026-11-20T09:00:00Z' }],
      })
      return reads()[0]?.forbidden
    }
    expect(start('data/churn.csv')).toMatchObject([
      {
        path: 'cat data/churn.csv',
        started: true,
        what: expect.stringContaining('names the registered source'),
      },
    ])
    expect(start('data/prices.csv')).toEqual([])
  })

  it('lets the splits of the data set itself be read, and those of versions cut in the same way', () => {
    dataset('churn@2')
    dataset('prices@1', { source: { path: 'data/prices.csv', sha256: 'prices', bytes: 9999 } }, { seed: 7 })
    for (const path of [
      'churn/v1/train.csv',
      'churn/v2/train.csv',
      'prices/v1/train.csv',
      'churn/v2/test.csv',
    ])
      expect(forbidden({ path: `.specweave/datasets/${path}` }), path).toBeUndefined()
    expect(forbidden({ path: 'copy.csv', sha256: 'churn@1 train' })).toBeUndefined()
    expect(forbidden({ path: 'data/prices.csv' })).toBeUndefined()
    // The same rows in another version's file are the rows that this one lets be read.
    const same = { path: 'train.csv', sha256: 'churn@1 train' }
    dataset('other@1', { splits: { train: same, validation: same, test: same } }, { seed: 7 })
    expect(forbidden({ path: '.specweave/datasets/other/v1/train.csv', sha256: same.sha256 })).toBeUndefined()
  })

  it('knows splits of the same rows that were cut in another way', () => {
    dataset('churn@2', {}, { test: 0.1 })
    dataset('other@1')
    expect(forbidden({ path: '.specweave/datasets/churn/v2/train.csv' })).toContain(
      'the train rows of churn@2',
    )
    expect(forbidden({ path: 'x.csv', sha256: 'other@1 validation' })).toContain(
      'the validation rows of other@1',
    )
    expect(forbidden({ path: '.specweave/datasets/other/v1/test.csv' })).toBeUndefined()
  })

  it('asks of other files what was found in them, but not of splits and of what runs have made', () => {
    const searched = new Map(
      [
        { path: 'cut.csv', sha256: 'cut', looked_up: 50, found: 50, answers: true },
        { path: 'plain.csv', sha256: 'plain', looked_up: 50, found: 30, answers: false },
        { path: 'other.csv', sha256: 'other', looked_up: 50, found: 0, answers: false },
      ].map((file) => [file.sha256, file] as const),
    )
    const files = ['cut', 'plain', 'other', 'new', 'churn@1 train'].map((sha256) => ({
      path: `${sha256}.csv`,
      sha256,
    }))
    seen('exp-002-gb', [...files, { path: `${EXPERIMENTS}/exp-001-x/made.csv`, sha256: 'made' }])
    const folder = join(root, EXPERIMENTS, 'exp-002-gb')
    const [found] = seenReads(workspace, '0001/exp-002-gb', folder, 'churn@1', searched)
    const holds = (rows: string) => `which holds ${rows} test rows of churn@1 that were looked up, `
    expect(found?.forbidden).toEqual([
      { path: 'cut.csv', what: `${holds('50 of 50')}with their labels or values` },
    ])
    expect(found?.features).toEqual([
      { path: 'plain.csv', what: `${holds('30 of 50')}by their features alone` },
    ])
    expect(found?.unsearched).toMatchObject([{ path: 'new.csv' }])
  })

  it('follows the runs whose files were read, and each once', () => {
    seen('exp-002-gb', [{ path: `${EXPERIMENTS}/exp-001-features/x.csv` }])
    seen('exp-001-features', [{ path: `${EXPERIMENTS}/exp-003-sweep/s7/y.csv` }])
    seen('exp-003-sweep/s7', [{ path: 'data/churn.csv' }, { path: `${EXPERIMENTS}/exp-002-gb/z.csv` }], false)
    expect(reads().map(({ run, forbidden, complete }) => [run, forbidden.length, complete])).toEqual([
      ['0001/exp-002-gb', 0, true],
      ['0001/exp-001-features', 0, true],
      ['0001/exp-003-sweep/s7', 1, false],
    ])
  })

  it('says where nothing was noted, and is silent about data that is not registered', () => {
    expect(reads('exp-009-old')).toMatchObject([{ recorded: false, files: 0, forbidden: [] }])
    expect(seenReads(workspace, '0001/exp-001-x', root, 'unknown@1')).toEqual([])
  })
})

/** Hands in predictions for the registered splits, by a rule; never imports specweave. */
const BY_HAND = `
import csv, os
folder = os.path.join(os.environ["SPECWEAVE_RUN_DIR"], "predictions")
os.makedirs(folder, exist_ok=True)
for split in ("VALIDATION", "TEST"):
    with open(os.environ["SPECWEAVE_" + split]) as file, open(os.path.join(folder, split.lower() + ".csv"), "w") as out:
        out.write("row_id,prediction\\n")
        for row in csv.DictReader(file):
            out.write(f"{row['row_id']},{'yes' if int(row['calls']) + int(row['minutes']) > 88 else 'no'}\\n")
`

/** Reads the source in a child that goes through a copy. */
const EXPLORE = `
import subprocess, sys
subprocess.run(["cp", "data/churn.csv", "copy.txt"])
subprocess.run([sys.executable, "-c", "open('copy.txt').read()"])
${BY_HAND}`

/** Asks Git for it, which no hook in Python sees reading. */
const BY_GIT = `
import subprocess
subprocess.run(["git", "show", "HEAD:data/churn.csv"], capture_output=True)
subprocess.run(["git", "show", "HEAD:data/other.csv"], capture_output=True)
${BY_HAND}`

const WITH_SDK = `
import specweave
ds = specweave.load_dataset()
exp = specweave.current_run()
for split in ("train", "validation", "test"):
    features = getattr(ds, split).features
    exp.save_predictions(split, ["yes" if x + y > 88 else "no" for x, y in zip(features["calls"], features["minutes"])])
`

describe.skipIf(NO_LAB)('what a judged run was seen to read', () => {
  let product: Product
  const ran: Record<string, ShownRun> = {}

  /** The check, where this run is judged. */
  const judged = async (name: string) => {
    const spec = '.specweave/increments/0001-churn-model/spec.md'
    product.write(spec, product.read(spec).replace(/^( *candidate:).*$/m, `$1 ${ran[name]?.run}`))
    const { checks } = await product.call('validate_increment', { increment: '0001' })
    return checks.find(({ id }: { id: string }) => id === 'candidate.reads')
  }

  beforeAll(async () => {
    product = new Product('id: seen\ninterpreter: lab\n')
    const rows = Array.from({ length: 400 }, (_, i) => {
      const [x, y] = [(i * 7919) % 101, (i * 104_729) % 53]
      return `c${i},${x},${y},${x + y + ((i * 31) % 23) > 88 ? 'yes' : 'no'}`
    })
    product.write('data/churn.csv', `customer,calls,minutes,churned\n${rows.join('\n')}\n`)
    await product.call('create_increment', {
      title: 'churn model',
      problem_type: 'classification',
      success_metrics: ['accuracy > 0.8'],
    })
    await product.call('register_dataset', {
      name: 'churn',
      source: 'data/churn.csv',
      target: 'churned',
      problem_type: 'classification',
      id_column: 'customer',
      increment: '0001',
    })
    for (const [name, script] of Object.entries({
      explore: EXPLORE,
      hand: BY_HAND,
      sdk: WITH_SDK,
      git: BY_GIT,
    })) {
      product.write(`${name}.py`, script)
      ran[name] = await product.run({ increment: '0001', name, command: ['python', `${name}.py`] })
    }
  })
  afterAll(() => product?.dispose())

  it('is shown by get_run, and to Git, with a warning where it may only explore', async () => {
    const shown = await product.call('get_run', { run: ran.explore?.run })
    expect(shown.seen).toMatchObject({ count: 3, complete: true })
    expect(shown.seen.files.map(({ path }: { path: string }) => path)).toEqual([
      '.specweave/datasets/churn/v1/test.csv',
      '.specweave/datasets/churn/v1/validation.csv',
      'copy.txt',
    ])
    expect(shown.warnings.join()).toContain(
      'was seen opening copy.txt, the same bytes as the registered source',
    )
    expect(readFileSync(join(product.folder(shown.run), 'seen.json'), 'utf8')).not.toContain(product.base)
    writeGitRules(layoutOf(product.root))
    const git = (...args: string[]) => execFileSync('git', args, { cwd: product.root, encoding: 'utf8' })
    git('init', '-q')
    const shownToGit = git('ls-files', '-o', '--exclude-standard')
    expect(shownToGit).toContain('exp-001-explore/seen.json')
    expect(shownToGit).not.toContain('/seen/')
  })

  it('passes honest runs, with the SDK and without, beside one that explores', async () => {
    for (const [name, files] of [
      ['hand', 2],
      ['sdk', 3],
    ] as const) {
      expect(ran[name]?.warnings.join()).not.toContain('was seen opening')
      expect(await judged(name)).toMatchObject({
        status: 'pass',
        message: expect.stringContaining(
          `was not seen opening the source of churn@1 or another split's labels (${files} data files`,
        ),
      })
    }
  })

  it('fails the run that opened the source', async () => {
    expect(await judged('explore')).toMatchObject({
      status: 'fail',
      message: expect.stringContaining(`${ran.explore?.run} was seen opening copy.txt, the same bytes as`),
      next: { tool: 'run_experiment' },
    })
  })

  it('fails the run that started a program with the source among its arguments, before a look is spent', async () => {
    const said =
      'was seen starting git show HEAD:data/churn.csv, which names the registered source data/churn.csv, which holds the sealed rows of churn@1'
    expect(ran.git?.warnings.join()).toContain(said)
    expect(ran.git?.warnings.join()).not.toContain('more)')
    expect(await judged('git')).toMatchObject({
      status: 'fail',
      message: expect.stringContaining(`${ran.git?.run} ${said}`),
    })
    expect(await product.refusal('evaluate_run', { run: ran.git?.run, split: 'test' })).toMatchObject({
      code: 'RUN_NOT_JUDGEABLE',
    })
  })
})
