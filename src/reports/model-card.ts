import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readText } from '../adapters/files.ts'
import { packageRoot } from '../adapters/package-root.ts'
import { sortMeasurements } from '../core/measurement.ts'
import { thresholdWords } from '../core/threshold.ts'
import { bestBaseline } from './best-run.ts'
import { bullets, code, fence, inline, link, paragraphs } from './markdown-text.ts'
import type { ModelMetadata } from './model-metadata.ts'
import { judgeabilityMark } from './not-judgeable.ts'
import { formatBytes, formatCount, formatMeasurement } from './number-format.ts'
import { decisionLines } from './person-decisions.ts'
import { PROGRAM_NOTE } from './program-note.ts'
import type { SummaryFacts } from './summary-facts.ts'
import { criteriaTable } from './summary-verdict.ts'
import { table } from './table.ts'
import { type DocumentOutcome, putIntoFile } from './write-documents.ts'

/** A summary's facts with a model that was kept, and what its problem is. */
export interface ModelCardFacts extends SummaryFacts {
  model: ModelMetadata
  problem: { type: string; input: string; output: string }
  /** As the run is called in the names of its evaluation reports. */
  reportName: string
}

/** What people add to a card stands before the block that is made from the records. */
const OPENING = `<!-- Who answers for the model, and what the record does not know, stands here: above the generated block. -->
`

/** Sections of spec.md that a card holds as they stand there when the model is kept. */
const FROM_SPEC = {
  assumptions: 'Assumptions and Limitations',
  risks: 'Risks',
  out_of_scope: 'Out of Scope',
} as const

/**
 * Writes `reports/model-card.md` in the increment's folder. Its sections follow Mitchell et al., "Model Cards for Model
 * Reporting" (2019), as far as the record knows them; what it does not know is said.
 */
export function writeModelCard(incrementFolder: string, facts: ModelCardFacts): DocumentOutcome {
  const template = readFileSync(join(packageRoot(), 'templates', 'model-card.md'), 'utf8')
  const slots = slotsOf(incrementFolder, facts)
  const body = template
    .replace(/\{\{([a-z_]+)\}\}/g, (_, name: string) => slots[name] ?? '')
    .replace(/\n{3,}/g, '\n\n')
    .trimEnd()
  return putIntoFile(incrementFolder, join('reports', 'model-card.md'), {
    name: 'model-card',
    opening: OPENING,
    body,
  })
}

function slotsOf(folder: string, facts: ModelCardFacts): Record<string, string> {
  const { model, verdict, problem, runs } = facts
  const run = runs.find(({ run }) => run === model.run)
  const spec = readText(join(folder, 'spec.md')) ?? ''
  const sections = Object.entries(FROM_SPEC).map(([slot, heading]) => [
    slot,
    sectionOf(spec, heading) ?? `Nothing is written under "${heading}" in ${link('spec.md', '../spec.md')}.`,
  ])
  return {
    title: `${inline(facts.title)}, ${model.version}`,
    verdict:
      facts.outcome === 'passed'
        ? `Increment ${facts.increment} passed its criteria with this model${run ? judgeabilityMark(run) : ''}.`
        : facts.outcome === 'ready_for_review'
          ? `Increment ${facts.increment} passed its criteria with this model and waits for a review.`
          : `**Not passed** (${verdict.verdict}): increment ${facts.increment} was closed without a pass. The model is kept as a record and is not to be used.`,
    model: bullets(modelLines(model)),
    use: bullets([
      `Problem: ${inline(problem.type.replaceAll('_', ' '))}`,
      `Input: ${inline(problem.input) || 'not said in spec.md'}`,
      `Output: ${inline(problem.output) || 'not said in spec.md'}`,
      `For whom and for what: ${link('spec.md', '../spec.md')}; other uses were not looked at`,
    ]),
    data: bullets(dataLines(facts)),
    criteria: criteriaTable(facts) ?? 'No criterion was asked for.',
    metrics: metricsTable(facts),
    accounts: bullets(accounts(facts)),
    weak: weakSpots(folder, facts),
    ...Object.fromEntries(sections),
    again: paragraphs(
      bullets(environmentLines(model)),
      fence(`specweave-ml reproduce-run ${model.run}\n${facts.verifyCommand}`, 'sh'),
      PROGRAM_NOTE,
    ),
  }
}

/** The text below a heading of the second level, up to the next. */
function sectionOf(text: string, heading: string): string | undefined {
  const after = text.split(/^## /m).find((section) => section.split('\n')[0]?.trim() === heading)
  return after?.slice(after.indexOf('\n')).trim() || undefined
}

function modelLines(model: ModelMetadata): string[] {
  const params = Object.entries(model.params).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  return [
    `File: ${code(model.model.path)}, ${formatBytes(model.bytes)}, SHA-256 ${code(model.model.sha256)}`,
    `Algorithm: ${inline(model.algorithm.name)}`,
    `Parameters: ${params.length > 0 ? params.map((param) => code(param)).join(', ') : 'none were recorded'}`,
    `Trained by ${code(model.run)}, ended ${model.created.slice(0, 10)}${model.seed === undefined ? '' : `, seed ${model.seed}`}: ${code(model.code.command.join(' '))}`,
    `Code: ${model.code.git_sha ? `Git ${code(model.code.git_sha)}${model.code.git_dirty ? ', with changes that the record holds' : ''}` : 'in the record of the run; there was no Git commit'}`,
    `Labels: ${model.threshold ? `by ${inline(thresholdWords(model.threshold))}` : "the model's own"}`,
  ]
}

function dataLines({ dataset }: ModelCardFacts): string[] {
  if (!dataset) return ['None was registered: nothing was measured.']
  const rows = (['train', 'validation', 'test'] as const).map(
    (split) => `${formatCount(dataset.splits[split].rows)} ${split}`,
  )
  return [
    `${code(dataset.dataset)}, hash ${code(dataset.hash)}, from ${code(dataset.source.path)}, registered ${dataset.created.slice(0, 10)}`,
    `${formatCount(dataset.rows)} rows (${rows.join(', ')}), target ${code(dataset.target)}${dataset.classes && dataset.classes.length <= 20 ? `: ${dataset.classes.map((name) => code(name)).join(', ')}` : ''}`,
    `Split: ${inline(dataset.split.method.replaceAll('_', ' '))}; the labels of test are sealed`,
    ...dataset.warnings.slice(0, 10).map((warning) => `Warning: ${inline(warning, 400)}`),
  ]
}

/** The model beside the best baseline on the same rows. */
function metricsTable({ model, runs, ...facts }: ModelCardFacts): string {
  const baseline = facts.metric ? bestBaseline(runs, facts) : undefined
  const rows = sortMeasurements(model.metrics)
    .filter(({ source, split }) => source === 'measured' && split !== 'train')
    .map((metric) => {
      const same = baseline?.metrics.find(
        (one) => one.source === 'measured' && one.name === metric.name && one.split === metric.split,
      )
      return [
        code(metric.name),
        metric.split ?? '',
        formatMeasurement(metric),
        same ? formatMeasurement(same) : '',
      ]
    })
  if (rows.length === 0) return 'The lab measured nothing of this model.'
  const best = baseline ? `Best baseline (${inline(baseline.baseline ?? '')})` : 'Best baseline: none'
  return table(
    ['Metric', 'Split', 'Measured, 95 %', best].map((title) => ({ title })),
    rows,
  )
}

function accounts({
  looks,
  tries,
  waivers,
  criteriaChange,
  criteriaProposal,
  reproduced,
  notChecked,
}: ModelCardFacts): string[] {
  return [
    `Looks at the sealed test set: ${looks.used} of ${looks.budget}; tries: ${tries}.`,
    reproduced
      ? `Run again from its record: ${inline(reproduced.outcome.replaceAll('_', ' '), 40)} on ${reproduced.at.slice(0, 10)}.`
      : 'It was not run again from its record.',
    ...decisionLines({ waivers, criteriaChange, criteriaProposal }),
    ...notChecked.map((item) => `Not checked: ${inline(item, 500)}`),
  ]
}

/** Reports that were made of the run, whose slices and worst rows say where it fails. */
function weakSpots(folder: string, { model: { run }, reportName }: ModelCardFacts): string {
  const found = ['test', 'validation']
    .map((split) => `evaluation-${reportName}-${split}.md`)
    .filter((file) => existsSync(join(folder, 'reports', file)))
  return found.length > 0
    ? `Slices by column, calibration and the rows that are most wrong: ${found.map((file) => link(file, file)).join(', ')}.`
    : `Not looked at: no report was made of it, so that nothing is known of groups on which it does worse (${code(`specweave-ml evaluate-run ${run} --split validation --report`)}).`
}

/** What a model is loaded with; the others stand in the metadata beside it. */
const LOADS_MODELS =
  /^(?:numpy|scipy|pandas|polars|scikit-learn|skops|joblib|xgboost|lightgbm|catboost|torch|tensorflow|keras|jax|flax|onnx|onnxruntime|statsmodels|prophet|transformers)$/i

function environmentLines({ environment, version }: ModelMetadata): string[] {
  const packages = Object.entries(environment.packages ?? {})
  const shown = packages.filter(([name]) => LOADS_MODELS.test(name)).map((each) => each.join(' '))
  return [
    `Python: ${inline(environment.python ?? 'not recorded')}${environment.platform ? `, ${inline(environment.platform)}` : ''}`,
    `Packages: ${shown.length > 0 ? `${inline(shown.join(', '), 2000)}; ` : ''}${packages.length > 0 ? `all ${packages.length} stand in the metadata of ${version}, beside the model` : 'not recorded'}`,
  ]
}
