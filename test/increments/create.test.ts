import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'
import { Refusal } from '../../src/core/errors.ts'
import { planIncrement } from '../../src/increments/increment-plan.ts'
import { reserveNumber } from '../../src/increments/numbering.ts'
import { readTitle } from '../../src/increments/slug.ts'
import { churnRecord, create, newWorkspace } from './workspace.ts'

function codeOf(call: () => unknown): string {
  try {
    call()
  } catch (thrown) {
    if (thrown instanceof Refusal) return thrown.code
    throw thrown
  }
  return 'not refused'
}

describe('the name of an increment', () => {
  it.each([
    ['build a churn model', 'classification', 'churn-model', 'Churn model'],
    ['build recommendation model', 'recommendation', 'recommendation-model', 'Recommendation model'],
    ['Please create an LTV model', 'regression', 'ltv-model', 'LTV model'],
    [
      'Predict customer lifetime value',
      'regression',
      'customer-lifetime-value',
      'Predict customer lifetime value',
    ],
    [
      'Forecast weekly sales for next 12 weeks',
      'time_series',
      'weekly-sales-for-next-12-weeks',
      'Forecast weekly sales for next 12 weeks',
    ],
    [
      'Build a fraud detection model for transactions',
      'classification',
      'fraud-detection-model-for-transactions',
      'Fraud detection model for transactions',
    ],
    ['Modèle d’été / façade', 'regression', 'modele-d-ete-facade', 'Modèle d’été / façade'],
    ['Модель оттока', 'classification', 'classification-model', 'Модель оттока'],
    ['顧客離反', 'time_series', 'time-series-model', '顧客離反'],
    ['../../etc/passwd', 'classification', 'etc-passwd', '../../etc/passwd'],
    ['build', 'classification', 'build', 'Build'],
    ['2026', 'regression', 'regression-model-2026', '2026'],
  ] as const)('%s', (typed, problemType, slug, title) => {
    expect(readTitle(typed, problemType)).toEqual({ slug, title })
  })

  it('reads number and slug', () => {
    expect(readTitle('0042-recommendation-model', 'recommendation')).toEqual({
      number: 42,
      slug: 'recommendation-model',
      title: 'Recommendation model',
    })
  })

  it('is cut between words', () => {
    const { slug } = readTitle(`churn ${'of customers '.repeat(30)}`, 'classification')
    expect(slug.length).toBeLessThanOrEqual(60)
    expect(slug).toMatch(/^churn-of-customers(-of-customers)*(-of)?$/)
  })
})

describe('createIncrement', () => {
  it('makes the folder of the seeds', () => {
    const workspace = newWorkspace()
    const increment = create(workspace, {
      title: '0042-recommendation-model',
      problem_type: 'recommendation',
    })
    expect(increment.folder).toBe('0042-recommendation-model')
    expect(readdirSync(increment.path).sort()).toEqual([
      'data',
      'experiments',
      'metadata.json',
      'models',
      'notebooks',
      'plan.md',
      'reports',
      'scripts',
      'spec.md',
      'tasks.md',
      'tests.md',
    ])
    expect(readFileSync(join(increment.path, 'scripts/train.py'), 'utf8')).toContain('TruncatedSVD')
    const metadata = JSON.parse(readFileSync(join(increment.path, 'metadata.json'), 'utf8'))
    expect(metadata).toMatchObject({
      id: '0042-recommendation-model',
      status: 'active',
      type: 'feature',
      priority: 'P1',
    })
    expect(readdirSync(workspace.layout.reservations)).toEqual([])
  })

  it('counts on from every folder that the SpecWeave engine numbers', () => {
    const workspace = newWorkspace()
    for (const folder of [
      '0003-old',
      '_archive/0017-done',
      '_paused/0020E-imported',
      '_backlog/005-short',
      '0000-none',
      'notes',
    ])
      mkdirSync(join(workspace.layout.increments, folder), { recursive: true })
    expect(create(workspace, { title: 'Churn model' }).id).toBe('0021')
    expect(create(workspace, { title: 'Churn model' }).folder).toBe('0022-churn-model')
  })

  it('refuses a number that is taken, wherever it lies', () => {
    const workspace = newWorkspace()
    mkdirSync(join(workspace.layout.increments, '_archive/0042-old'), { recursive: true })
    expect(codeOf(() => create(workspace, { title: '0042-churn' }))).toBe('INCREMENT_EXISTS')
    expect(codeOf(() => create(workspace, { title: 'Churn', id: '42' }))).toBe('INCREMENT_EXISTS')
    expect(readdirSync(workspace.layout.increments)).toEqual(['_archive'])
  })

  it.each([
    [{ title: '   ' }],
    [{ title: '!!!' }],
    [{ title: 'a\u0007b' }],
    [{ title: 'two\nlines' }],
    [{ title: 'x'.repeat(501) }],
    [{ title: 'Churn', slug: '../up' }],
    [{ title: 'Churn', slug: 'Has Space' }],
    [{ title: 'Churn', id: '../../x' }],
    [{ title: 'Churn', id: '0000' }],
    [{ title: '0042-churn', id: '0043' }],
    [{ title: 'Churn', baseline_lift: -1 }],
    [{ title: 'Churn', input: '\u0000' }],
  ])('refuses %j and creates nothing', (request) => {
    const workspace = newWorkspace()
    expect(codeOf(() => create(workspace, request))).toBe('INPUT_INVALID')
    expect(readdirSync(workspace.layout.folder)).toEqual([])
  })

  it('creates nothing where a criterion is refused', () => {
    const workspace = newWorkspace()
    expect(codeOf(() => create(workspace, { title: 'Churn', success_metrics: ['accuracy > 85'] }))).toBe(
      'CRITERION_INVALID',
    )
    expect(readdirSync(workspace.layout.folder)).toEqual([])
  })

  it('accepts 300 characters', () => {
    const increment = create(newWorkspace(), { title: 'Churn of customers '.repeat(15) })
    expect(increment.folder.length).toBeLessThanOrEqual(65)
  })

  it('describes a dataset that is known already', () => {
    const increment = create(newWorkspace(), { title: 'Churn model' }, churnRecord())
    const spec = readFileSync(join(increment.path, 'spec.md'), 'utf8')
    expect(spec).toContain('dataset: churn@1')
    expect(spec).toContain('| train | 3,001 | 60.0 % | 2,577 (85.9 %) | 424 (14.1 %) |')
  })

  it('takes over a reservation that a dead process left', () => {
    const workspace = newWorkspace()
    mkdirSync(workspace.layout.reservations, { recursive: true })
    const file = join(workspace.layout.reservations, 'increment-0001')
    writeFileSync(file, '')
    expect(reserveNumber(workspace.layout, 1)).toBeUndefined()
    expect(reserveNumber(workspace.layout)?.number).toBe(2)
    utimesSync(file, new Date(0), new Date(0))
    expect(reserveNumber(workspace.layout, 1)?.number).toBe(1)
  })

  it('gives different numbers to processes that create at the same instant', async () => {
    const workspace = newWorkspace()
    const script = join(import.meta.dirname, `.race-${process.pid}.mjs`)
    const source = `
      import { createIncrement } from '../../src/increments/create.ts'
      import { planIncrement } from '../../src/increments/increment-plan.ts'
      import { openWorkspace } from '../../src/store/workspace.ts'
      const workspace = openWorkspace(process.argv[2])
      while (Date.now() < Number(process.argv[3])) {}
      for (let i = 0; i < 6; i++)
        console.log(createIncrement(workspace, planIncrement({ title: 'Churn model', problem_type: 'classification' }, { project: 'shop' })).increment)
    `
    await build({
      stdin: { contents: source, resolveDir: import.meta.dirname, loader: 'ts' },
      bundle: true,
      platform: 'node',
      format: 'esm',
      banner: {
        js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)",
      },
      outfile: script,
      logLevel: 'error',
    })
    try {
      const start = String(Date.now() + 700)
      const outputs = await Promise.all(
        Array.from({ length: 4 }, () =>
          promisify(execFile)(process.execPath, [script, workspace.root, start]),
        ),
      )
      const numbers = outputs.flatMap(({ stdout }) => stdout.trim().split('\n'))
      expect(numbers.length).toBe(24)
      expect(new Set(numbers).size).toBe(24)
      const folders = readdirSync(workspace.layout.increments)
      expect(new Set(folders.map((name) => name.slice(0, 4))).size).toBe(24)
      expect(folders.every((name) => existsSync(join(workspace.layout.increments, name, 'spec.md')))).toBe(
        true,
      )
      expect(readdirSync(workspace.layout.reservations)).toEqual([])
    } finally {
      rmSync(script, { force: true })
    }
  })

  it('touches nothing while it plans', () => {
    const plan = planIncrement({ title: 'Churn model', problem_type: 'classification' }, { project: 'shop' })
    expect(plan.slug).toBe('churn-model')
  })
})
