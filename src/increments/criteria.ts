import type { Comparator, Criterion } from '../core/criterion.ts'
import { type InvalidField, Refusal } from '../core/errors.ts'
import type { Split } from '../core/measurement.ts'
import { metricDirection, metricInfo } from '../core/metrics.ts'
import type { ProblemType } from '../core/problem-types.ts'
import { type BaselinePhrase, readBaselinePhrase } from './baseline-phrase.ts'
import { criterionProblem, FRACTIONS } from './criterion-check.ts'
import { metricName, metricSuggestions, misspelled } from './metric-names.ts'
import { comparatorsOf, extractSplit, plainText } from './typed-criterion.ts'
import { readValue, type TypedValue, tidy } from './typed-value.ts'

/** What one typed line came to: a criterion, or a rule against a baseline. */
export type Parsed =
  | { kind: 'criterion'; criterion: Criterion; notes: string[] }
  | { kind: 'baseline'; phrase: BaselinePhrase; metric?: string; notes: string[] }

export interface ParseContext {
  problemType?: ProblemType
  /** The argument that holds the text, for the refusal: `success_metrics[0]`. */
  field?: string
}

/** Texts that work, shown with every refusal. */
export const EXAMPLES = [
  'precision@10 > 0.25',
  'accuracy >= 85%',
  'latency_p99_ms < 100',
  'better than random by 3x',
] as const

const FILLER =
  /^(?:(?:target|goal|required|or better|or more|or less|or higher|or lower|minimum|maximum|in total|in the target's units?|per (?:prediction|request|row|item)|inference|latency|response(?: time)?|size|on average|overall)\s*)*$/

/**
 * Reads a typed text ("Precision@10 > 0.25, recall@10 > 0.15", "latency < 100ms", "better than random by 3x") or a
 * criterion in the shape of the front matter. One text may hold several criteria, joined by commas, `;` or "and".
 * @throws Refusal CRITERION_INVALID with what was not understood and texts that work
 */
export function parseCriterion(typed: string | Criterion, context: ParseContext = {}): Parsed[] {
  if (typeof typed !== 'string') return [fromStructured(typed, context)]
  if (typed.length > 200)
    throw refuse(`${typed.slice(0, 40)}...`, 'it is longer than 200 characters', context)
  if (plainText(typed) === '') throw refuse(typed, 'it is empty', context)
  try {
    return [parseOne(typed, context)]
  } catch (refusal) {
    const parts = typed.split(/\s*;\s*|\s*,\s+|\s+and\s+|\s*&&?\s*/i).filter((part) => part.trim() !== '')
    if (parts.length < 2) throw refusal
    return parts.map((part) => parseOne(part, context))
  }
}

function parseOne(typed: string, context: ParseContext): Parsed {
  const { text: whole, split } = extractSplit(plainText(typed))
  const phrase = readBaselinePhrase(whole)
  if (phrase) {
    const metric = phrase.metric === undefined ? undefined : metricName(phrase.metric)
    if (phrase.metric !== undefined && !metric)
      throw refuse(typed, `"${phrase.metric}" is no metric`, context, phrase.metric)
    return { kind: 'baseline', phrase, metric: metric?.name, notes: metric?.note ? [metric.note] : [] }
  }
  const text = comparatorsOf(whole)
  if (/(?<![<>])=/.test(text))
    throw refuse(
      typed,
      'a model cannot be asked to hit a number exactly; write >= or <= in place of =',
      context,
    )
  const operators = text.match(/[<>]=?/g) ?? []
  if (operators.length > 1) throw refuse(typed, 'it compares more than once', context)
  const op = operators[0] as Comparator | undefined
  const [before = '', after = ''] = op ? text.split(op).map((side) => side.trim()) : splitAtValue(text)
  const value = readValue(after)
  if (!value) {
    if (op && readValue(before))
      throw refuse(typed, 'the metric comes first, then the number', context, after)
    throw refuse(typed, numberProblem(after, before, op), context, op ? before : text)
  }
  return assemble(typed, { before: before.replace(/:$/, '').trim(), op, ...value, split }, context)
}

interface Pieces {
  before: string
  op: Comparator | undefined
  typed: TypedValue
  rest: string
  split: Split | undefined
}

function assemble(text: string, pieces: Pieces, context: ParseContext): Parsed {
  const percentile = /(?:at\s+)?(p\d{2}|\d{2}th percentile)/.exec(pieces.rest)?.[0]
  const rest = percentile ? pieces.rest.replace(percentile, '').trim() : pieces.rest
  const words = rest.replace(/^(?:of|for|in)\s+/, '').replace(/\s+(?:target|goal|required)$/, '')
  const named = pieces.before
    ? `${pieces.before}${percentile ? ` ${percentile.replace(/^at\s+/, '')}` : ''}`
    : FILLER.test(words) && !/^(?:inference|latency|response)/.test(words)
      ? impliedMetric(pieces.typed, words)
      : `${words}${percentile ? ` ${percentile.replace(/^at\s+/, '')}` : ''}`
  if (pieces.before && !FILLER.test(rest))
    throw refuse(text, `"${rest}" after the number is not understood`, context, pieces.before)
  const metric = named ? metricName(named) : undefined
  if (!metric) throw refuse(text, named ? `"${named}" is no metric` : 'it names no metric', context, named)
  const meant = misspelled(metric.name)
  if (meant) throw refuse(text, `${metric.name} is not known; did you mean ${meant}?`, context, metric.name)

  const notes = metric.note ? [metric.note] : []
  const value = valueFor(metric.name, pieces.typed, text, context, notes)
  const op = pieces.op ?? impliedOperator(metric.name, text, context)
  if (!pieces.op) notes.push(`"${text.trim()}" is read as ${metric.name} ${op} ${value}`)
  const cost = metricInfo(metric.name)?.family === 'cost'
  const criterion: Criterion = {
    metric: metric.name,
    op,
    value,
    ...(cost ? {} : { split: pieces.split ?? 'test' }),
  }
  const problem = criterionProblem(criterion, context.problemType)
  if (problem) throw refuse(text, problem, context)
  if (cost && metric.name !== 'training_time_s')
    notes.push(
      metricInfo(metric.name)
        ? `${metric.name} is measured of the saved model, on this machine: at the look at the test set, and by evaluate_run with "cost"`
        : `${metric.name} is not measured by the lab`,
    )
  if (!metricInfo(metric.name))
    notes.push(
      `${metric.name} is no metric of the lab: it is measured where the data is registered with an evaluator for it (register_dataset, evaluator); else its check stays missing`,
    )
  return { kind: 'criterion', criterion, notes }
}

/** `99% precision target` has its number first; `throughput 1000 req/sec` its metric. */
function splitAtValue(text: string): [string, string] {
  if (readValue(text)) return ['', text]
  const at = /(?:^|[\s:])(?=[$€£¥]?[-+.]?\d)/.exec(text)
  return at ? [text.slice(0, at.index), text.slice(at.index + at[0].length)] : ['', text]
}

function impliedMetric(value: TypedValue, words: string): string | undefined {
  if (value.unit === 'ms') return 'latency'
  if (value.unit === 'rps') return 'throughput_rps'
  if (value.unit === 'mb') return words.includes('memory') ? 'memory_mb' : 'model_size_mb'
  return undefined
}

function impliedOperator(metric: string, text: string, context: ParseContext): Comparator {
  const direction = metricDirection(metric)
  if (!direction)
    throw refuse(text, `it is not known whether ${metric} is better high or low; say >= or <=`, context)
  return direction === 'maximize' ? '>=' : '<='
}

/** The number in the metric's own unit. */
function valueFor(
  metric: string,
  typed: TypedValue,
  text: string,
  context: ParseContext,
  notes: string[],
): number {
  const { unit, value } = typed
  const info = metricInfo(metric)
  if (FRACTIONS.has(metric) && unit === 'none' && value >= 1) {
    const readings = `"${metric} < ${value}%" (that is ${tidy(value / 100)}) or "${metric} < ${tidy(value * 100)}%" (that is ${value})`
    throw refuse(text, `${value} has two readings, as ${metric} is a fraction: write ${readings}`, context)
  }
  if (unit === 'none') return value
  if (unit === 'percent') {
    if (!info || info.bounded === 'unit' || FRACTIONS.has(metric) || /^(?:ece|brier)$/.test(metric))
      return value
    throw refuse(
      text,
      `${metric} is not a share, so ${typed.text} says nothing; give it ${unitOf(metric)}`,
      context,
    )
  }
  if (unit === 'ms' && metric.endsWith('_ms')) return value
  if (unit === 'ms' && metric.endsWith('_s')) return tidy(value / 1000)
  if (unit === 'rps' && metric.endsWith('_rps')) return value
  if (unit === 'mb' && metric.endsWith('_mb')) return value
  if (unit === 'mb' && metric.endsWith('_bytes')) return Math.round(value * 1024 ** 2)
  if (unit === 'money' && info?.family !== 'cost' && info?.bounded !== 'unit' && !FRACTIONS.has(metric)) {
    notes.push(`${typed.text} is compared in the units of the target`)
    return value
  }
  throw refuse(text, `${typed.text} is no value of ${metric}; give it ${unitOf(metric)}`, context)
}

function unitOf(metric: string): string {
  if (metric.endsWith('_ms')) return 'in milliseconds ("100ms")'
  if (metric.endsWith('_s')) return 'in seconds ("600 s")'
  if (metric.endsWith('_rps')) return 'in requests a second ("1000 req/sec")'
  if (/_(?:mb|bytes)$/.test(metric)) return 'in MiB ("50 MB")'
  const info = metricInfo(metric)
  if (info?.bounded === 'unit' || FRACTIONS.has(metric)) return 'as a share ("0.85" or "85%")'
  return info
    ? 'in the units of the target'
    : 'as a plain number, with the unit in the name ("warmup_ms < 50")'
}

function fromStructured(criterion: Criterion, context: ParseContext): Parsed {
  const shown = `${criterion.metric} ${criterion.op} ${criterion.value}`
  const metric = metricName(criterion.metric)
  if (!metric) throw refuse(shown, `"${criterion.metric}" is no metric`, context, criterion.metric)
  if (!['>', '>=', '<', '<='].includes(criterion.op))
    throw refuse(shown, `op is one of >, >=, <, <=, not ${criterion.op}`, context)
  const cost = metricInfo(metric.name)?.family === 'cost'
  const clean: Criterion = {
    ...criterion,
    metric: metric.name,
    ...(cost ? {} : { split: criterion.split ?? 'test' }),
  }
  const problem = criterionProblem(clean, context.problemType)
  if (problem) throw refuse(shown, problem, context)
  return { kind: 'criterion', criterion: clean, notes: metric.note ? [metric.note] : [] }
}

function numberProblem(after: string, before: string, op: Comparator | undefined): string {
  if (/^[-+]?\d+,\d/.test(after)) return `"${after}" uses a decimal comma; write ${after.replace(',', '.')}`
  if (op && after === '') return 'there is no number after the comparison'
  if (op) return `"${after}" is not a number`
  return before ? 'there is no comparison and no number' : 'there is no number in it'
}

/** @param near what the nearest metric names are looked for */
export function refuse(typed: string, problem: string, context: ParseContext, near = ''): Refusal {
  const examples = EXAMPLES.map((example) => `"${example}"`).join(', ')
  const suggestions = metricSuggestions(near.split(/[<>=:]/)[0]?.trim() ?? '').join(', ')
  const invalid: InvalidField[] = [{ field: context.field ?? 'criterion', problem }]
  return new Refusal(
    'CRITERION_INVALID',
    `"${typed.trim()}" cannot be used as a criterion: ${problem}${problem.endsWith('?') ? '' : '.'} Texts that work: ${examples}. Metrics: ${suggestions}, ...`,
    { invalid },
  )
}
