import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { bestRun } from '../../src/reports/best-run.ts'
import { type ModelCardFacts, writeModelCard } from '../../src/reports/model-card.ts'
import { modelMetadata } from '../../src/reports/model-metadata.ts'
import { dataset, ranking, runs, summaryFacts } from './facts.ts'
import { temporaryFolder } from './temporary-folder.ts'

const run = bestRun(runs, ranking)!
const model = modelMetadata({
  increment: '0042',
  number: 1,
  run,
  dataset,
  environment: { python: '3.11.7', packages: { 'scikit-learn': '1.9.0', 'some-tool': '1' } },
  artifact: { path: 'model.joblib', bytes: 12_000_000, kind: 'model' },
  sha256: 'abc123',
})
const facts: ModelCardFacts = {
  ...summaryFacts,
  outcome: 'passed',
  model,
  problem: { type: 'classification', input: 'a customer', output: 'whether they leave' },
  reportName: 'exp-x',
}
const SPEC = `---
ml: {}
---
# Churn

## Assumptions and Limitations

- Customers of one company, {{title}} of 2024.

## Risks

- Customers with few calls are judged by little.
`

function card(name: string, more: Partial<ModelCardFacts> = {}, files: Record<string, string> = {}): string {
  const place = join(temporaryFolder(), name)
  mkdirSync(join(place, 'reports'), { recursive: true })
  writeFileSync(join(place, 'spec.md'), SPEC)
  for (const [file, text] of Object.entries(files)) writeFileSync(join(place, file), text)
  const { path } = writeModelCard(place, { ...facts, ...more })
  return readFileSync(path, 'utf8')
}

const section = (text: string, heading: string) => text.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''

describe('the model card', () => {
  it('has every section, filled from the record and from spec.md', () => {
    const text = card('whole')
    expect([...text.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)).toEqual([
      'Model',
      'Intended use',
      'Data',
      'Measured',
      'Where it is weak',
      'Assumptions and limitations',
      'Risks',
      'Out of scope',
      'To use it again',
    ])
    expect(text).not.toMatch(/\{\{(?!title\}\} of 2024)|undefined|NaN/)
    expect(text).toContain('# Model card: Churn model, 0042-v1')
    expect(section(text, 'Model')).toContain('12 MB, SHA-256 `abc123`')
    expect(section(text, 'Data')).toContain('`churn@1`')
    expect(section(text, 'Risks')).toContain('judged by little')
    // What a person wrote is not filled in.
    expect(section(text, 'Assumptions and limitations')).toContain('{{title}} of 2024')
    expect(section(text, 'Out of scope')).toContain('Nothing is written')
    expect(section(text, 'To use it again')).toMatch(
      /scikit-learn 1\.9\.0; all 2 stand in the metadata of 0042-v1/,
    )
  })

  it('shows measured numbers alone, beside the best baseline', () => {
    const text = section(card('numbers'), 'Measured')
    const measured = model.metrics.filter(({ source, split }) => source === 'measured' && split !== 'train')
    expect(measured.length).toBeGreaterThan(0)
    const rows = text.split('\n').filter((line) => line.startsWith('| `'))
    expect(rows).toHaveLength(measured.length)
    expect(text).toContain('Best baseline (')
    expect(text).toContain('It was not run again from its record.')
    expect(text).toContain('Not checked: Whether the saved model')
  })

  it('says where nobody looked, and links the report where somebody did', () => {
    expect(section(card('unlooked'), 'Where it is weak')).toContain('Not looked at')
    const file = 'reports/evaluation-exp-x-validation.md'
    expect(section(card('looked', {}, { [file]: '# Report' }), 'Where it is weak')).toContain(
      '(evaluation-exp-x-validation.md)',
    )
  })

  it('is a warning where the increment was not passed', () => {
    expect(card('failed', { outcome: 'not_passed' })).toMatch(/\*\*Not passed\*\*.*not to be used/)
    expect(card('passed')).not.toContain('not to be used')
  })

  it('leaves what a person added, and a block that was edited', () => {
    const place = join(temporaryFolder(), 'edited')
    mkdirSync(place, { recursive: true })
    writeFileSync(join(place, 'spec.md'), SPEC)
    const { path } = writeModelCard(place, facts)
    writeFileSync(path, `Owner: Ada\n${readFileSync(path, 'utf8')}`)
    expect(writeModelCard(place, { ...facts, title: 'Other' }).outcome).toBe('updated')
    expect(readFileSync(path, 'utf8')).toMatch(/^Owner: Ada/)
    writeFileSync(path, readFileSync(path, 'utf8').replace('## Risks', '## Dangers'))
    expect(writeModelCard(place, facts).outcome).toBe('conflict')
  })
})
