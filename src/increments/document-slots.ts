import type { ProblemType } from '../core/problem-types.ts'
import { acceptanceTexts } from './criteria-blocks.ts'
import { directionOf, leadingMetric } from './criteria-set.ts'
import { criteriaShort, metricMeaning } from './criteria-text.ts'
import type { IncrementPlan } from './increment-plan.ts'
import { subjectOf } from './subject.ts'
import { fill, type Slots, typeTexts } from './template.ts'

const LABELS: Readonly<Record<ProblemType, string>> = {
  classification: 'Classification',
  regression: 'Regression',
  time_series: 'Time series forecasting',
  recommendation: 'Recommendation (collaborative filtering)',
}

const KINDS: Readonly<Record<ProblemType, string>> = {
  classification: 'a classifier',
  regression: 'a regression',
  time_series: 'a forecasting model',
  recommendation: 'a recommender',
}

const INPUTS: Readonly<Record<ProblemType, string>> = {
  classification: 'the feature columns of the registered data',
  regression: 'the feature columns of the registered data',
  time_series: 'the past of the series and its calendar',
  recommendation: 'the interactions of users with items',
}

const OUTPUTS: Readonly<Record<ProblemType, string>> = {
  classification: 'a class with a score',
  regression: 'an estimated number',
  time_series: 'the next values of the series',
  recommendation: 'a ranked list of items',
}

const BASELINES: Readonly<Record<ProblemType, string>> = {
  classification: 'random/popularity',
  regression: 'random/popularity',
  time_series: 'naive/seasonal naive',
  recommendation: 'random/popularity',
}

/** Every slot of the four documents, drawn from what the increment was created with. */
export function documentSlots(plan: IncrementPlan, folder: string, number: string): Slots {
  const facts = factSlots(plan, folder, number)
  const texts = Object.fromEntries(
    Object.entries(typeTexts(plan.problemType)).map(([name, text]) => [name, fill(text, facts)]),
  )
  return { ...facts, ...texts }
}

function factSlots(plan: IncrementPlan, folder: string, number: string): Slots {
  const { success, baseline } = plan.criteria
  const metric = leadingMetric(success) ?? success[0]!.metric
  const { name, capital, topic, dataset } = subjectOf(plan.title, plan.slug, plan.problemType)
  const input = plan.input && inline(plan.input)
  const output = plan.output && inline(plan.output)
  const inputs = lowerFirst(input || INPUTS[plan.problemType])
  const outputs = lowerFirst(output || OUTPUTS[plan.problemType])
  return {
    number,
    folder: `.specweave/increments/${folder}`,
    title: inline(plan.title),
    name,
    name_capital: capital,
    topic,
    project: plan.project,
    created: plan.created.slice(0, 10),
    dataset_name: plan.dataset?.name ?? dataset,
    problem_label: LABELS[plan.problemType],
    pipeline_source: plan.dataset?.source.path ?? `source of ${dataset}`,
    input:
      input ||
      `${INPUTS[plan.problemType]} (not stated when ${number} was created; “Registered data” lists them)`,
    output:
      output ||
      `${OUTPUTS[plan.problemType]} for ${name} (not stated more closely when ${number} was created)`,
    inputs,
    outputs,
    overview: overview(plan, capital, inputs, outputs),
    plan_overview: `How increment ${number} gets to its output (${outputs}) from its input (${inputs}): ${name} is built as ${KINDS[plan.problemType]} and judged by the success criteria in spec.md and against baselines.${plan.description ? ` Asked for as: ${inline(plan.description)}` : ''}`,
    metric,
    metric_sentence: metricSentence(metric, directionOf(success, metric), name),
    criteria_short: criteriaShort(success),
    criteria_reason: success.some(({ proposed }) => proposed)
      ? `proposed for ${KINDS[plan.problemType]} when ${number} was created`
      : `asked for when ${number} was created`,
    baseline_names: BASELINES[plan.problemType],
    split_stability:
      plan.problemType === 'time_series'
        ? `the moments at which ${topic} is cut stand in its record`
        : `rows for ${name} keep their split when new rows arrive, as the split is a hash of the row and not a draw`,
    quality_ids: acceptanceTexts(success, baseline)
      .map(({ id }) => id)
      .join(', '),
  }
}

function overview(plan: IncrementPlan, capital: string, inputs: string, outputs: string): string {
  const first = `${capital} takes ${inputs} and gives ${outputs}.`
  return plan.description ? `${paragraphs(plan.description)}\n\n${first}` : first
}

function metricSentence(metric: string, direction: 'maximize' | 'minimize', name: string): string {
  const known = metricMeaning(metric)
  const meaning = known ? ` (${known})` : ''
  return `The quality of ${name} is led by \`${metric}\`${meaning}: ${direction === 'maximize' ? 'higher' : 'lower'} is better.`
}

/** One line, safe inside tables and never a block marker. */
function inline(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .trim()
    .replaceAll('|', '\\|')
    .replaceAll('<!--', '&lt;!--')
    .replaceAll('**AC-', 'AC-')
}

/** Paragraphs of a description; nothing in it becomes a heading, a checkbox or front matter. */
function paragraphs(text: string): string {
  return text
    .split(/\n\s*\n/)
    .map((paragraph) => inline(paragraph).replace(/^(#|-{3}|>|[-*+] \[)/, '\\$1'))
    .filter(Boolean)
    .join('\n\n')
}

/** `User history` inside a sentence is `user history`; `RFM scores` stays. */
function lowerFirst(text: string): string {
  return /^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text
}
