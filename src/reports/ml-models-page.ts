import { algorithmOf } from './algorithm.ts'
import { measuredOn } from './best-run.ts'
import { criterionText } from './criterion-text.ts'
import { bullets, code, inline, link, paragraphs } from './markdown-text.ts'
import { judgeabilityMark } from './not-judgeable.ts'
import { formatMeasurement } from './number-format.ts'
import { decisionLines } from './person-decisions.ts'
import { codeLabel } from './run-words.ts'
import { chosenRun, STATUS_PHRASES, type SyncFacts } from './sync-facts.ts'
import { table } from './table.ts'

export const ML_MODELS_OPENING =
  '# Machine-learning models\n\nOne section an increment, made from its records. Notes of people go outside the marked blocks.'

/** Paths from `docs/internal/architecture/` that belong to one increment. */
export interface ModelLinks {
  /** `adr/0003-churn-model-algorithm.md` */
  decision?: string
  runbook?: string
}

/** The body of one increment's block in ml-models.md. */
export function renderModelsSection(facts: SyncFacts, links: ModelLinks): string {
  return paragraphs(
    `## ${inline(facts.title)} (${facts.increment})`,
    bullets(description(facts)),
    modelsTable(facts),
    bullets([`Documents: ${documents(facts, links).join(', ')}`]),
  )
}

function description(facts: SyncFacts): string[] {
  const { dataset, criteria, verdict, looks } = facts
  const target = dataset
    ? `, target ${code(dataset.target)}${dataset.positive === undefined ? '' : `, positive class ${code(dataset.positive)}`}`
    : ''
  const asked = criteria.map(criterionText)
  return [
    `Problem: ${facts.problemType.replace('_', ' ')}${target}`,
    `Status: ${STATUS_PHRASES[facts.status]}${verdict ? `; last verdict: ${verdict.verdict}` : ''}`,
    ...(asked.length > 0 ? [`Asked: ${asked.join(', ')}`] : []),
    ...(looks ? [`Looks at the sealed test set: ${looks.used} of ${looks.budget}`] : []),
    ...decisionLines(facts),
  ]
}

function modelsTable(facts: SyncFacts): string {
  const chosen = chosenRun(facts)
  const versions = facts.models.map((model) => ({
    name: `${code(model.version)} ${link('file', toIncrement(facts, model.model.path))}`,
    run: facts.runs.find(({ run }) => run === model.run),
    id: model.run,
    algorithm: model.algorithm.name,
    dataset: model.dataset?.id,
  }))
  const rows = [...versions]
  if (chosen && !versions.some(({ id }) => id === chosen.run)) {
    const algorithm = algorithmOf(chosen).name
    rows.push({ name: 'no version yet', run: chosen, id: chosen.run, algorithm, dataset: chosen.dataset })
  }
  if (rows.length === 0) return 'No model yet.'
  const metric = facts.ranking?.metric
  const value = (row: (typeof rows)[number], split: 'test' | 'validation') => {
    const measured = row.run && metric !== undefined ? measuredOn(row.run, metric, split) : undefined
    return measured ? formatMeasurement(measured) : 'not measured'
  }
  const name = metric === undefined ? 'no metric' : code(metric)
  return table(
    [
      { title: 'Model' },
      { title: 'Status' },
      { title: 'Algorithm' },
      { title: `${name}, test (sealed)` },
      { title: `${name}, validation (open)` },
      { title: 'Data' },
      { title: 'Run' },
    ],
    rows.map((row) => [
      row.name,
      row.id === chosen?.run ? STATUS_PHRASES[facts.status] : 'earlier',
      inline(row.algorithm, 80),
      value(row, 'test'),
      value(row, 'validation'),
      row.dataset === undefined ? 'not recorded' : code(row.dataset),
      `${codeLabel(row.id)}${row.run ? judgeabilityMark(row.run) : ''}`,
    ]),
  )
}

function documents(facts: SyncFacts, { decision, runbook }: ModelLinks): string[] {
  const ended = ['completed', 'abandoned', 'ready_for_review'].includes(facts.status)
  return [
    link('specification', toIncrement(facts, 'spec.md')),
    ...(facts.runs.length > 0 ? [link('comparison', toIncrement(facts, 'experiments/comparison.md'))] : []),
    ...(ended ? [link('summary', toIncrement(facts, 'COMPLETION-SUMMARY.md'))] : []),
    ...(decision ? [link('decision', decision)] : []),
    ...(runbook ? [link('runbook', runbook)] : []),
  ]
}

/** From `.specweave/docs/internal/architecture/` to a file of the increment. */
function toIncrement({ folder }: SyncFacts, path: string): string {
  return `../../../increments/${folder}/${path}`
}
