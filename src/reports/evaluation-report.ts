import { join } from 'node:path'
import type { EvaluationMaterial, FigureKind } from '../core/evaluation-material.ts'
import type { NonFinite, Split } from '../core/measurement.ts'
import { metricInfo } from '../core/metrics.ts'
import {
  calibrationSection,
  confusionSection,
  horizonSection,
  slicesSection,
  usersSection,
  worstSection,
} from './evaluation-report-sections.ts'
import { bullets, code, inline, link, paragraphs } from './markdown-text.ts'
import { formatCount, formatInterval, formatNumber } from './number-format.ts'
import { table } from './table.ts'
import { type DocumentOutcome, putIntoFile } from './write-documents.ts'

/** What was measured on one split, as evidence.json holds it. */
export interface ReportedSplit {
  rows: number
  metrics: readonly {
    name: string
    value: number | NonFinite
    ci?: [number, number] | null
    ci_method?: string | null
    by_fold?: number[]
  }[]
  warnings: readonly { code: string; message: string }[]
  predictions_sha256: string
  lab: string
  at: string
  confusion?: { classes: string[]; matrix: number[][] }
  look?: number | null
}

export interface EvaluationReportFacts {
  /** `0042/exp-003-xgboost` */
  run: string
  /** `churn@1` */
  dataset: string
  target: string
  split: Split
  entry: ReportedSplit
  /** Measured on train, beside a report on validation. */
  train?: ReportedSplit
  material: EvaluationMaterial
}

/**
 * Writes `reports/<name>.md` in the increment's folder; its figures lie in `reports/figures/` already.
 * @param name see {@link reportName}
 */
export function writeEvaluationReport(
  incrementFolder: string,
  name: string,
  facts: EvaluationReportFacts,
): DocumentOutcome {
  return putIntoFile(incrementFolder, join('reports', `${name}.md`), {
    name: 'evaluation',
    opening: `# Evaluation of ${inline(facts.run)} on ${facts.split}`,
    body: renderEvaluationReport(facts),
  })
}

/** The body of the report's managed block; the same facts give the same text. */
export function renderEvaluationReport(facts: EvaluationReportFacts): string {
  const { material, entry } = facts
  const figure = (kind: FigureKind) => figureOf(material, kind)
  return paragraphs(
    opening(facts),
    numbers(facts),
    section('Warnings', bullets(entry.warnings.map(({ message }) => inline(message, 500)))),
    section('Confusion', confusionSection(entry.confusion, material.pairs), figure('confusion')),
    section('Thresholds', figure('curves') && CURVES, figure('curves')),
    section('Calibration', calibrationSection(material.calibration), figure('calibration')),
    section('Predictions and residuals', figure('residuals')),
    section('Forecast', figure('forecast')),
    section('Error by horizon', horizonSection(material.horizons), figure('horizon')),
    section('Users', usersSection(material.users), figure('users')),
    section('Slices', slicesSection(facts), figure('slices')),
    section('Rows that are most wrong', worstSection(material.worst)),
    section('Learning curve', figure('learning') && LEARNING, figure('learning')),
    closing(facts),
  )
}

const CURVES =
  'Each point is a threshold of the score. On validation a threshold may be chosen by these curves; the sealed test set then tells what it is worth.'
const LEARNING =
  'As the script logged it: these values are reported, not measured. A validation curve that turns while the one of train goes on is a sign of overfitting.'

function section(title: string, ...parts: (string | undefined)[]): string | undefined {
  const body = paragraphs(...parts)
  return body === '' ? undefined : paragraphs(`## ${title}`, body)
}

function figureOf({ figures }: EvaluationMaterial, kind: FigureKind): string | undefined {
  const found = figures.find((one) => one.kind === kind)
  return found && `!${link(found.title, `figures/${found.file}`)}`
}

function opening({ run, dataset, target, split, entry }: EvaluationReportFacts): string {
  const grade =
    split === 'test'
      ? `sealed${typeof entry.look === 'number' ? `, look ${entry.look}` : ', a baseline: no look'}`
      : 'open: the script can see these labels'
  return bullets([
    `run ${code(run)}, data set ${code(dataset)}, target ${code(target)}`,
    `split **${split}** (${grade}), ${formatCount(entry.rows)} rows`,
    `measured ${entry.at} by lab ${entry.lab} from predictions with SHA-256 ${code(entry.predictions_sha256.slice(0, 12))}; the full figures are in \`evidence.json\` of the run`,
  ])
}

function numbers({ entry, train }: EvaluationReportFacts): string {
  const folds = entry.metrics.some(({ by_fold }) => by_fold)
  const onTrain = new Map((train?.metrics ?? []).map(({ name, value }) => [name, value]))
  const columns = [
    { title: 'metric' },
    { title: 'value and 95 % interval', align: 'right' as const },
    ...(train ? [{ title: 'on train', align: 'right' as const }] : []),
    ...(folds ? [{ title: 'by fold' }] : []),
    { title: 'better' },
    { title: 'interval by' },
  ]
  const rows = entry.metrics.map(({ name, value, ci, ci_method, by_fold }) => {
    const direction = metricInfo(name)?.direction
    const beside = onTrain.get(name)
    return [
      code(name),
      typeof value === 'number' ? formatInterval(value, ci ?? undefined) : value,
      ...(train ? [beside === undefined ? '' : formatNumber(beside)] : []),
      ...(folds ? [(by_fold ?? []).map((one) => formatNumber(one)).join(', ')] : []),
      direction === 'minimize' ? 'lower' : direction === 'maximize' ? 'higher' : '',
      ci_method && ci ? code(ci_method) : 'no interval',
    ]
  })
  return paragraphs('## Numbers', table(columns, rows), train ? GAP : undefined)
}

const GAP =
  'A large gap between train and this split says that the model learned rows by heart; `validate_increment` warns of it.'

function closing({ run, split, material }: EvaluationReportFacts): string {
  if (split === 'test' || split === 'folds')
    return split === 'test'
      ? 'Slices, curves and rows are shown of validation alone: each would tell more of the sealed labels than the numbers that the look paid for.'
      : 'Slices, curves and rows are shown of validation.'
  if (material.slices || !material.columns?.length) return ''
  const columns = material.columns
    .slice(0, 12)
    .map((name) => code(name, 60))
    .join(', ')
  return `No slices were asked for. Ask with \`evaluate_run\`: ${code(JSON.stringify({ run, split, slices: material.columns.slice(0, 2) }), 400)}. Columns: ${columns}${material.columns.length > 12 ? ` and ${material.columns.length - 12} more` : ''}.`
}
