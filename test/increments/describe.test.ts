import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Measurement } from '../../src/core/measurement.ts'
import { describe as describeAgain, describeDataset, setCandidate } from '../../src/increments/describe.ts'
import { readSpec } from '../../src/increments/load.ts'
import { findPlaceholders } from '../../src/increments/placeholders.ts'
import { churnRecord, create, newWorkspace, run } from './workspace.ts'

const measured = (name: string, value: number): Measurement =>
  ({
    name,
    split: 'validation',
    source: 'measured',
    grade: 'open',
    value,
    ci: [value - 0.02, value + 0.02],
  }) as const

describe('describeDataset', () => {
  const workspace = newWorkspace()
  const increment = create(workspace, { title: 'Churn model', success_metrics: ['accuracy > 0.9'] })
  const text = (file: string): string => readFileSync(join(increment.path, file), 'utf8')

  it('states this data in spec, plan and tests and sets ml.dataset', () => {
    const { changed, conflicts } = describeDataset(increment, churnRecord())
    expect(changed.map((file) => file.split('/').at(-1))).toEqual([
      'spec.md',
      'plan.md',
      'tasks.md',
      'tests.md',
      'schema.yaml',
    ])
    expect(conflicts).toEqual([])
    expect(readSpec(increment).front.ml.dataset).toBe('churn@1')
    expect(text('spec.md')).toContain('5,000 rows, 5 columns')
    expect(text('spec.md')).toContain('| test | 1,023 | 20.5 % | sealed | sealed |')
    expect(text('spec.md')).toContain('`minutes\\|day`')
    expect(text('spec.md')).toContain('More than a fifth of the values is missing in `minutes\\|day`')
    expect(text('spec.md')).toContain('`constant` never changes')
    expect(text('spec.md')).toContain('`phone` has a value of its own')
    expect(text('plan.md')).toContain('imbalanced 6.1 to 1')
    expect(text('tests.md')).toContain('accuracy 0.8607 on validation')
    expect(text('spec.md')).not.toContain('Not registered yet')
    for (const file of ['spec.md', 'plan.md', 'tests.md'])
      expect(findPlaceholders(file, text(file))).toEqual([])
  })

  it('names in the first task what was registered, in place of the call that asks for it', () => {
    const fresh = create(workspace, { title: 'Parcels' })
    const tasks = () => readFileSync(join(fresh.path, 'tasks.md'), 'utf8')
    expect(tasks()).toContain('"source":"<your file>","target":"<your target column>"')
    describeDataset(fresh, churnRecord())
    expect(tasks()).toContain('- Registered: `churn@1` from `data/churn.csv`, target `churn`.')
    expect(tasks()).not.toContain('<your file>')
    expect(tasks()).not.toContain('"source"')
  })

  it('writes nothing the second time', () => {
    const { changed } = describeDataset(increment, churnRecord())
    expect(changed).toEqual([])
  })

  it('adds baselines and the target that follows', () => {
    const baselines = [
      run('exp-001-baseline-majority', { baseline: 'majority', metrics: [measured('accuracy', 0.86)] }),
      run('exp-002-baseline-random', { baseline: 'random', metrics: [measured('accuracy', 0.75)] }),
    ]
    describeDataset(increment, churnRecord(), baselines)
    expect(text('plan.md')).toContain('| majority | `0001/exp-001-baseline-majority` | 0.86 (0.84 to 0.88) |')
    expect(text('plan.md')).toContain('**0.888** = min(0.86 x (1 + 0.2), 0.86 + 0.2 x (1 - 0.86))')
    expect(text('tests.md')).toContain('**0.888**')
  })

  it('keeps what people wrote, around blocks and in them', () => {
    const spec = text('spec.md')
      .replace('## Data Requirements\n', '## Data Requirements\n\nOurs to keep.\n')
      .replace('5,000 rows, 5 columns', '5,000 rows, five columns')
    writeFileSync(join(increment.path, 'spec.md'), spec)
    const { conflicts } = describeDataset(increment, { ...churnRecord(), rows: 6000 })
    expect(conflicts).toEqual([{ file: `${increment.relative}/spec.md`, block: 'data' }])
    expect(text('spec.md')).toContain('Ours to keep.')
    expect(text('spec.md')).toContain('five columns')
  })

  it('names the candidate', () => {
    setCandidate(increment, '0001/exp-003-xgboost')
    expect(readSpec(increment).front.ml.candidate).toBe('0001/exp-003-xgboost')
    expect(text('spec.md')).toContain('candidate: 0001/exp-003-xgboost # the run that is judged')
  })

  it('describes regression data', () => {
    const other = create(workspace, { title: 'Price of diamonds', problem_type: 'regression' })
    const target = { mean: 3933, std: 3989, min: 326, max: 28823 }
    const record = churnRecord()
    describeDataset(other, {
      ...record,
      problem_type: 'regression',
      classes: undefined,
      positive: undefined,
      target: 'price',
      split: { ...record.split, method: 'random' },
      splits: {
        train: { rows: 32477, path: 'train.csv', sha256: '', target },
        validation: { rows: 10755, path: 'validation.csv', sha256: '', target },
        test: { rows: 10708, path: 'test.csv', sha256: '' },
      },
    })
    const plan = readFileSync(join(other.path, 'plan.md'), 'utf8')
    expect(plan).toContain('has an `rmse` near 3989')
    expect(plan).toContain('a long tail')
  })
})

describe('what repeats the criteria', () => {
  const fresh = () => {
    const increment = create(newWorkspace(), { title: 'Price of houses', problem_type: 'regression' })
    const text = () =>
      ['spec.md', 'plan.md', 'tasks.md', 'tests.md']
        .map((file) => readFileSync(join(increment.path, file), 'utf8'))
        .join('\n')
    const edit = (from: string, to: string) => {
      const spec = readFileSync(join(increment.path, 'spec.md'), 'utf8')
      expect(spec).toContain(from)
      writeFileSync(join(increment.path, 'spec.md'), spec.replace(from, to))
    }
    return { increment, text, edit }
  }
  const ASKED = 'value: 0.6, split: test, proposed: true'

  it('follows the front matter wherever it stands', () => {
    const { increment, text, edit } = fresh()
    expect(text()).toContain('r2 >= 0.6')
    edit(ASKED, 'value: 0.7, split: test')
    expect(describeAgain(increment, {}).conflicts).toEqual([])
    expect(text()).not.toContain('0.6')
    expect(text()).not.toMatch(/proposed, to be confirmed|\(proposed\)|until then/)
    expect(text()).toContain('- **Success metrics**: `r2 >= 0.7` on test')
    expect(text()).toContain('- **Quality**: `r2 >= 0.7` on test; ')
    expect(text()).toContain('- [ ] **AC-US1-01**: r2 >= 0.7, measured on the sealed test set')
    expect(describeAgain(increment, {}).changed).toEqual([])
  })

  it('keeps a tick of what is asked as it was, and takes it from another number', () => {
    const { increment, text, edit } = fresh()
    edit('- [ ] **AC-US1-01**', '- [x] **AC-US1-01**')
    edit('- [ ] **AC-US1-02**', '- [X] **AC-US1-02**')
    expect(describeAgain(increment, {})).toMatchObject({ changed: [], conflicts: [] })
    edit(ASKED, 'value: 0.6, split: test')
    expect(describeAgain(increment, {}).conflicts).toEqual([])
    expect(text()).toContain('- [x] **AC-US1-01**: r2 >= 0.6, measured on the sealed test set\n')
    edit('value: 0.6', 'value: 0.7')
    describeAgain(increment, {})
    expect(text()).toContain('- [ ] **AC-US1-01**: r2 >= 0.7')
    expect(text()).toContain('- [X] **AC-US1-02**: ')
  })

  it('leaves what a person wrote in it', () => {
    const { increment, text, edit } = fresh()
    edit('measured on the sealed test set (proposed', 'measured by us (proposed')
    edit(ASKED, 'value: 0.7, split: test')
    expect(describeAgain(increment, {}).conflicts).toEqual([
      { file: `${increment.relative}/spec.md`, block: 'acceptance' },
    ])
    expect(text()).toContain('r2 >= 0.6, measured by us (proposed')
    expect(text()).toContain('- **Success metrics**: `r2 >= 0.7` on test')
  })

  it('is added to no document of an earlier version', () => {
    const { increment, text, edit } = fresh()
    const marker = /<!-- specweave:begin success [^\n]*\n([\s\S]*?)<!-- specweave:end success -->\n/.exec(
      text(),
    )!
    edit(marker[0], marker[1]!)
    expect(describeAgain(increment, {})).toMatchObject({ changed: [], conflicts: [] })
  })
})
