import { isJudgeable } from '../core/judgeability.ts'
import { type Measurement, sortMeasurements } from '../core/measurement.ts'
import { metricInfo } from '../core/metrics.ts'
import type { RunSummary } from '../core/run-summary.ts'
import { thresholdWords } from '../core/threshold.ts'
import { algorithmOf } from './algorithm.ts'
import { measuredOn } from './best-run.ts'
import { bullets, capital, code, inline, paragraphs } from './markdown-text.ts'
import { judgeabilityMark } from './not-judgeable.ts'
import { formatBytes, formatCount, formatDuration, formatMeasurement, formatNumber } from './number-format.ts'
import { reportedFor } from './reported-figure.ts'
import { codeLabel, endReason, STATE_WORDS } from './run-words.ts'
import { seedMeans, seedMeanText, singleRuns } from './seed-means.ts'
import type { SummaryFacts } from './summary-facts.ts'
import { table } from './table.ts'

const MOST_LISTED = 50

/** `## Experiments Run: 7`, in the order they were made, with the best marked, and what is counted. */
export function experimentsSection(facts: SummaryFacts, best: RunSummary | undefined): string {
  const inOrder = singleRuns(facts.runs).sort((a, b) =>
    a.created < b.created ? -1 : a.created > b.created ? 1 : 0,
  )
  const lines = inOrder
    .slice(0, MOST_LISTED)
    .map(
      (run, index) =>
        `${index + 1}. ${codeLabel(run.run)}${strategy(run)}: ${figure(run, facts)}${run.run === best?.run ? ' ✅ BEST' : ''}${judgeabilityMark(run)}`,
    )
  const more = inOrder.length - lines.length
  if (more > 0) lines.push('', `${more} more stand in experiments/comparison.md.`)
  const baselines = inOrder.filter(({ baseline }) => baseline !== undefined).length
  const counted = `${inOrder.length - baselines} of candidates, however they ended and each seed by itself, and ${baselines} baseline${baselines === 1 ? '' : 's'} of the lab; controls and repetitions are not among them.`
  const measure = `Measured ${code(facts.metric)} on validation; the full table is in experiments/comparison.md.`
  return `## Experiments Run: ${inOrder.length}\n\n${inOrder.length > 0 ? [counted, measure, lines.join('\n'), ...seedLines(facts)].join('\n\n') : 'None.'}`
}

function seedLines({ runs, metric }: SummaryFacts): string[] {
  const means = [...seedMeans(runs, metric, 'validation')]
  if (means.length === 0) return []
  const lines = means.map(
    ([run, mean]) =>
      `${codeLabel(run)}: ${mean ? `${inline(metric)} ${seedMeanText(mean)}` : 'not measured'}`,
  )
  return [`Over seeds, on validation:\n\n${bullets(lines)}`]
}

function strategy(run: RunSummary): string {
  return run.baseline === undefined ? '' : ` (${inline(run.baseline, 60)})`
}

function figure(run: RunSummary, { metric }: SummaryFacts): string {
  const value = measuredOn(run, metric, 'validation')
  const state = run.state === 'succeeded' ? '' : `${STATE_WORDS[run.state]}, ${endReason(run)}`
  if (value) return [`${inline(metric)}=${formatMeasurement(value)}`, state].filter(Boolean).join('; ')
  const reported = reportedFor(run.metrics, metric, 'validation')
  const said = reported ? `; reported ${inline(reported.name)}=${formatNumber(reported.value)}` : ''
  return `${state || 'not measured'}${said}`
}

/** Of the candidate; where none was judged, of the best by validation. */
export function bestModelSection(facts: SummaryFacts, best: RunSummary | undefined): string {
  const run = facts.runs.find(({ run: id }) => id === facts.verdict.candidate) ?? best
  if (!run) return '## Best Model\n\nNo run has a measured validation score, so there is none.'
  const algorithm = algorithmOf(run)
  const source =
    algorithm.from === 'params' || algorithm.from === 'tags' ? '' : ` (read from the ${algorithm.from})`
  const model = run.artifacts.find(({ kind }) => kind === 'model')
  const bytes = facts.model?.bytes ?? model?.bytes
  const metrics = sortMeasurements(run.metrics).filter(({ source }) => source === 'measured')
  const lines = [
    `Run: ${codeLabel(run.run)}${judgeabilityMark(run)}${best && best.run !== run.run ? `, the candidate; best on validation is ${codeLabel(best.run)}` : ''}`,
    `Algorithm: ${inline(algorithm.name)}${algorithm.from === 'unknown' ? ': neither a parameter, nor the saved model, nor a name says it' : source}`,
    `Version: ${facts.model ? `${facts.model.version}, ${code(facts.model.model.path)}` : 'no model version was made'}`,
    ...(facts.dataset
      ? [`Data: ${code(facts.dataset.dataset)}, ${formatCount(facts.dataset.rows)} rows`]
      : []),
    ...(facts.threshold && run.run === facts.verdict.candidate
      ? [`Threshold: its labels are those of ${inline(thresholdWords(facts.threshold))}`]
      : []),
    `Training time: ${run.durationS === undefined ? 'unknown' : formatDuration(run.durationS)}`,
    `Model size: ${bytes === undefined ? 'unknown: no model file was handed in' : formatBytes(bytes)}`,
  ]
  const why = isJudgeable(run)
    ? ''
    : 'No verdict may rest on the candidate, and it is not called best: its figures stand here as they were measured.\n\n'
  return `## Best Model\n\n${why}${bullets(lines)}\n\n${metricsTable(metrics)}`
}

/** A row a metric, a column a split. */
function metricsTable(metrics: readonly Measurement[]): string {
  const costs = metrics.filter(({ split }) => split === undefined)
  const splits = ['test', 'validation', 'train', 'folds'].filter((split) =>
    metrics.some((one) => one.split === split),
  )
  const names = [...new Set(metrics.filter(({ split }) => split !== undefined).map(({ name }) => name))]
  if (names.length === 0)
    return `Metrics, measured: ${costs.length > 0 ? 'those of its cost alone' : 'none'}.`
  const rows = names.map((name) => [
    inline(name),
    ...splits.map((split) => {
      const found = metrics.find((one) => one.name === name && one.split === split)
      return found ? formatMeasurement(found) : ''
    }),
  ])
  const titles = splits.map((split) => {
    const grade = metrics.find((one) => one.split === split)?.grade
    return { title: `${split}${grade ? ` (${grade})` : ''}` }
  })
  return `Metrics, measured, with 95 % intervals:\n\n${table([{ title: 'Metric' }, ...titles], rows)}`
}

/** The others are in evidence.json. */
const SHOWN_COSTS: ReadonlySet<string> = new Set([
  'latency_p50_ms',
  'latency_p95_ms',
  'latency_p99_ms',
  'latency_batch_p95_ms',
  'throughput_rps',
  'model_size_mb',
  'memory_mb',
])

/** What is known and what is not: a line without a tick is something that nobody measured or did. */
export function deploymentSection(facts: SummaryFacts): string {
  const run = facts.runs.find(({ run: id }) => id === facts.verdict.candidate)
  const title = '## Deployment Ready'
  if (facts.outcome === 'not_passed')
    return `${title}\n\nNo. The increment was not passed; its models are not to be promoted.`
  const costs = (run?.metrics ?? []).filter(
    ({ name, source }) =>
      metricInfo(name)?.family === 'cost' && (source === 'reported' || SHOWN_COSTS.has(name)),
  )
  const noLatency = facts.costNotMeasured?.latency_p99_ms
  const busy = facts.costDisturbances ?? []
  const lines = [
    facts.model
      ? `✅ Model file kept, with its SHA-256 and origin: ${code(facts.model.model.path)}`
      : '⬜ No model file: the candidate handed in none',
    ...costs.map((m) =>
      m.source === 'measured'
        ? `${busy.length > 0 ? '⚠️' : '✅'} ${inline(m.name)}: ${formatMeasurement(m)}, measured`
        : `⬜ ${inline(m.name)}: ${formatMeasurement(m)}, reported by the script, not measured`,
    ),
    ...(costs.some(({ name }) => name.startsWith('latency'))
      ? []
      : [`⬜ Inference latency: not measured${noLatency ? `: ${inline(noLatency)}` : ''}`]),
    ...(facts.tasks ?? []).filter(({ id }) => /^T-00[789]$/.test(id)).map(taskText),
  ]
  const where = facts.costMachine ? `Costs were measured on ${inline(facts.costMachine)}.` : ''
  const disturbed = busy.length > 0 ? ` ⚠️ ${inline(capital(busy.join('; ')), 600)}.` : ''
  const measured = costs.some(({ source }) => source === 'measured') ? `${where}${disturbed}` : ''
  return paragraphs(title, '⬜ marks what is not known or not done.', measured || undefined, bullets(lines))
}

function taskText({
  id,
  title,
  state,
  reason,
}: {
  id: string
  title: string
  state: string
  reason?: string
}): string {
  const why = reason ? `: ${inline(reason)}` : ''
  if (state === 'done')
    return `✅ ${inline(id, 20)} ${inline(title)}: ticked in tasks.md, not checked by the lab`
  return `⬜ ${inline(id, 20)} ${inline(title)}: ${state === 'skipped' ? 'skipped' : 'open'}${why}`
}
