import { createHash } from 'node:crypto'
import { appendFileSync, copyFileSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Clone, Clones, edit } from './clone.ts'
import { git } from './git.ts'
import { type JudgedWorkspace, judgedWorkspace } from './judged-workspace.ts'
import { NO_LAB } from './product.ts'

describe.skipIf(NO_LAB)(`verify, of models and documents (${NO_LAB ?? 'with the lab'})`, () => {
  let made: JudgedWorkspace
  const clones = new Clones()
  beforeAll(async () => {
    made = await judgedWorkspace()
  })
  afterAll(() => clones.remove())

  const clone = (): Clone => clones.of(made.product.root)

  it('says so where spec.md asks for something else than the verdict did', () => {
    const place = clone()
    edit(join(place.increment('0001'), 'spec.md'), (text) => text.replace('value: 0.75', 'value: 0.7'))
    const { code, stdout, stderr } = place.verify()
    expect(stderr).toBe(
      '0001: spec.md was changed since the last verdict: that asked roc_auc >= 0.75 on test, and spec.md asks roc_auc >= 0.7 on test\n',
    )
    expect(stdout).toContain('0001 PASS (NOT PROVEN): ')
    expect(code).toBe(1)
  })

  it.each([
    ['COMPLETION-SUMMARY.md', 'completion-summary'],
    ['experiments/comparison.md', 'comparison'],
    ['reports/model-card.md', 'model-card'],
  ])('says so where a figure in %s was edited', (file, block) => {
    const place = clone()
    edit(join(place.increment('0001'), file), (text) => text.replace(/0\.9(\d)/, '0.99$1'))
    const { code, stderr } = place.verify()
    expect(stderr).toContain(`${file}: document edited since it was generated (block ${block})`)
    expect(code).toBe(1)
  })

  it('lets people write around what was generated, and names a summary that is generated no more', () => {
    const place = clone()
    const summary = join(place.increment('0001'), 'COMPLETION-SUMMARY.md')
    appendFileSync(summary, '\nReviewed.\n')
    expect(place.verify()).toMatchObject({ code: 0, stderr: '' })
    edit(summary, (text) => text.replace(/^<!-- specweave:.*$/gm, ''))
    expect(place.verify()).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('its generated block is gone'),
    })
  })

  it('hashes the models: the one that was kept, its metadata, and the one in the run’s folder', () => {
    const place = clone()
    const models = join(place.increment('0001'), 'models')
    const kept = join(models, 'model-v1.joblib')
    const metadata = join(models, 'model-v1.metadata.json')
    const own = join(place.folder(made.candidate), 'model.joblib')
    for (const file of [kept, own])
      copyFileSync(join(made.product.folder(made.candidate), 'model.joblib'), file)
    expect(place.verify()).toMatchObject({ code: 0, stderr: '' })
    appendFileSync(kept, 'x')
    expect(place.verify()).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^0001: models\/model-v1\.joblib is not the model that was kept of \S+boosting: its SHA-256 is [0-9a-f]{12}\.\.\., and model-v1\.metadata\.json says/,
      ),
    })
    const validated = place.cli('validate-increment', '0001')
    expect([validated.code, validated.stdout]).toEqual([
      1,
      expect.stringMatching(/^fail +candidate\.model_saved: models\/model-v1\.joblib is not the model/m),
    ])
    const sha256 = createHash('sha256').update(readFileSync(kept)).digest('hex')
    edit(metadata, (text) => text.replace(/("sha256": ")[0-9a-f]{64}/, `$1${sha256}`))
    expect(place.verify()).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('0001: models/: 0001 was completed with a model of SHA-256'),
    })
    git(place.root, 'checkout', '-q', '--', '.specweave')
    rmSync(kept)
    appendFileSync(own, 'x')
    expect(place.verify()).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(
        'boosting: model.joblib is no longer the model that was looked at on test',
      ),
    })
  })
})
