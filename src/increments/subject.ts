import type { ProblemType } from '../core/problem-types.ts'
import { withoutLeadingWords } from './slug.ts'

/** How documents speak of an increment's model. */
export interface Subject {
  /** `the churn model`, `the weekly sales forecaster` */
  name: string
  /** The same at the beginning of a sentence. */
  capital: string
  /** What it is about: `churn`, `weekly sales`. */
  topic: string
  /** A name for its data: `churn`. */
  dataset: string
}

const NOUN =
  /\b(?:model|recommender|forecast|forecaster|predictor|classifier|detector|detection|regressor|system|ranker|engine)s?\b/i
const NOUNS: Readonly<Record<ProblemType, string>> = {
  classification: 'model',
  regression: 'model',
  time_series: 'forecaster',
  recommendation: 'recommender',
}

export function subjectOf(title: string, slug: string, problemType: ProblemType): Subject {
  const whole = lowered(shortened(withoutLeadingWords(title)))
  const words = whole.replace(/\s+(?:for|over) (?:the )?(?:next|coming|following) .+$/i, '')
  // a title in another script stays as it is, quoted
  const quoted = /[a-z]/i.test(words) ? words : `“${words}”`
  const name = safe(NOUN.test(quoted) ? `the ${quoted}` : `the ${quoted} ${NOUNS[problemType]}`)
  const before = quoted
    .slice(
      0,
      /\b(?:model|recommender|forecast|forecaster|predictor|classifier|detector|regressor|system|ranker|engine)s?\b/i.exec(
        quoted,
      )?.index ?? quoted.length,
    )
    .trim()
  const dataset = slug.replace(
    /-(?:model|forecast|forecasting|prediction|predictor|classifier|detection)$/,
    '',
  )
  return {
    name,
    capital: name.charAt(0).toUpperCase() + name.slice(1),
    topic: safe(before || quoted),
    dataset: dataset.split('-').slice(0, 2).join('-'),
  }
}

/** `Churn model` inside a sentence is `churn model`; `LTV` stays. */
function lowered(text: string): string {
  return /^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text
}

/** Fit for a table and for any place in a generated document. */
function safe(text: string): string {
  return text.replace(/\s+/g, ' ').replaceAll('|', '\\|').replaceAll('<!--', '&lt;!--')
}

function shortened(text: string): string {
  if (text.length <= 60) return text
  const cut = text.slice(0, 61)
  const at = cut.lastIndexOf(' ')
  return at > 0 ? cut.slice(0, at) : cut.slice(0, 60)
}
