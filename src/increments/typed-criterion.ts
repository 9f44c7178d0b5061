import type { Split } from '../core/measurement.ts'

/** Lower case, compatibility forms folded (`R²` is `r2`), blanks collapsed, quotes, bullets and final stops removed. */
export function plainText(typed: string): string {
  return typed
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s\u200b]+/g, ' ')
    .trim()
    .replace(/^[-*•]\s+/, '')
    .replace(/^["'`]+|["'`]+$/g, '')
    .replace(/[.!]+$/, '')
    .trim()
}

const COMPARISONS: readonly (readonly [RegExp, string])[] = [
  [/\b(?:must|should|shall|has to|have to|needs? to)\s+(?:be|stay|reach|achieve)\b/g, ' '],
  [/\b(?:is|are|of)\s+(?=at least|at most|above|below|under|over|more|less|greater|[<>≥≤])/g, ' '],
  // which way is better follows from the metric
  [/\bbetter than\s+(?=[$€£¥]?\.?\d)/g, ' '],
  [/≥|=>|>=|\b(?:at least|no less than|not less than|not below|no worse than)\b/g, ' >= '],
  [/≤|=<|<=|\b(?:at most|no more than|not more than|not above|up to|within)\b/g, ' <= '],
  [/\b(?:minimum|min)(?: of|:)?\s+(?=[$€£¥]?\.?\d)/g, ' >= '],
  [/\b(?:maximum|max)(?: of|:)?\s+(?=[$€£¥]?\.?\d)/g, ' <= '],
  [/\b(?:above|over|more than|greater than|higher than|larger than|exceeds?|exceeding)\b/g, ' > '],
  [/\b(?:below|under|less than|lower than|smaller than|faster than)\b/g, ' < '],
]

/** Words that compare become `>`, `>=`, `<`, `<=`. */
export function comparatorsOf(text: string): string {
  let result = text
  for (const [pattern, symbol] of COMPARISONS) result = result.replace(pattern, symbol)
  return result
    .replace(/(\d)\+(?=\s|$)/g, '$1')
    .replace(/\s+/g, ' ')
    .trim()
}

const SPLIT_WORDS: Readonly<Record<string, Split>> = {
  test: 'test',
  holdout: 'test',
  'held-out': 'test',
  'hold-out': 'test',
  validation: 'validation',
  val: 'validation',
  valid: 'validation',
  dev: 'validation',
  train: 'train',
  training: 'train',
  cv: 'folds',
  folds: 'folds',
  'cross-validated': 'folds',
  'cross-validation': 'folds',
}
const NAMES =
  'test|holdout|held-out|hold-out|validation|val|valid|dev|train|training|cv|folds|cross-validated|cross-validation'
const AFTER = new RegExp(
  `\\s*(?:\\(\\s*(?:on\\s+)?(?:the\\s+)?|\\b(?:on|in)\\s+(?:the\\s+)?)(${NAMES})(?:[ -](?:set|split|data|rows))?\\s*\\)?$`,
)
const BEFORE = new RegExp(`^(${NAMES})[\\s_](?!time|duration)(?=[a-z])`)

/** Takes "on the validation set", "(test)", "validation accuracy" out of a text. */
export function extractSplit(text: string): { text: string; split: Split | undefined } {
  const found = AFTER.exec(text) ?? BEFORE.exec(text)
  if (!found?.[1]) return { text, split: undefined }
  return { text: text.replace(found[0], '').trim(), split: SPLIT_WORDS[found[1]] }
}
