import type { Direction } from '../core/metrics.ts'
import { tidy } from './typed-value.ts'

/** "better than random by 3x", "at least 20% better than the best baseline", as typed. */
export interface BaselinePhrase {
  /** Metric words before the phrase, where there are any. */
  metric?: string
  /** `3x` is `{times: 3}`, `20%` is `{share: 0.2}`. */
  amount: { times: number } | { share: number }
  over: string
}

const AMOUNT = '(\\d+(?:\\.\\d+)?)\\s*\\+?\\s*(x|times|%|percent)\\+?'
const OVER = "(?:the\\s+|our\\s+|an?\\s+)?([a-z][a-z -]*?)(?:'s)?"
const BY = new RegExp(
  `^(?:(.*?)[\\s:]+)?(?:must\\s+|should\\s+|has to\\s+)?(?:be\\s+)?(?:better than|beats?|outperforms?|exceeds?|improves? (?:on|over))\\s+${OVER}\\s+by\\s+(?:at least\\s+|>=?\\s*)?${AMOUNT}(?:\\s+or more)?$`,
)
const THAN = new RegExp(
  `^(?:(.*?)[\\s:]+)?(?:must\\s+|should\\s+)?(?:be\\s+|is\\s+)?(?:at least\\s+|>=?\\s*)?${AMOUNT}\\s+(?:better than|above|higher than|lower than|lift over|improvement over|over|of)\\s+${OVER}$`,
)

const STRATEGIES: Readonly<Record<string, string>> = {
  random: 'random',
  guessing: 'random',
  chance: 'random',
  popularity: 'popularity',
  popular: 'popularity',
  'most popular': 'popularity',
  majority: 'majority',
  'majority class': 'majority',
  'rule based': 'rule-based',
  rules: 'rule-based',
  rule: 'rule-based',
  naive: 'naive',
  'seasonal naive': 'seasonal-naive',
}

/** The name of a baseline's strategy as the lab uses it; `best` for any of them; `undefined` where it is neither. */
export function strategyName(typed: string): string | undefined {
  const words = typed
    .toLowerCase()
    .replace(/-/g, ' ')
    .replace(/\b(?:strong(?:est)?|simple|existing)\b/g, '')
    .replace(/\bbaselines?\b/g, 'baseline')
    .replace(/\s+/g, ' ')
    .trim()
  if (/^(?:best|every|each|all|any|the)?(?: of the)? ?(?:baseline)?$/.test(words)) return 'best'
  const name = words.replace(/ ?baseline ?/g, ' ').trim()
  return Object.hasOwn(STRATEGIES, name) ? STRATEGIES[name] : undefined
}

/** @param text lower case, NFKC, blanks collapsed */
export function readBaselinePhrase(text: string): BaselinePhrase | undefined {
  const by = BY.exec(text)
  const than = by ? null : THAN.exec(text)
  const [metric, over, digits, unit] = by
    ? [by[1], by[2], by[3], by[4]]
    : [than?.[1], than?.[4], than?.[2], than?.[3]]
  const strategy = over === undefined ? undefined : strategyName(over)
  if (!strategy || digits === undefined) return undefined
  const amount = Number(digits)
  const named = metric
    ?.replace(/(?:^|\s)(?:must|should|be|is|has to|at least)$/, '')
    .replace(/^(?:(?:the|our|an?)\s+)?(?:new\s+)?(?:model|it|candidate|this)$/, '')
    .trim()
  return {
    ...(named ? { metric: named } : {}),
    amount: unit === 'x' || unit === 'times' ? { times: amount } : { share: tidy(amount / 100) },
    over: strategy,
  }
}

/**
 * The lift that an amount asks for. "3x" of a score is a lift of 2.0; of an error it is a third, a lift of 1 - 1/3.
 * @returns `undefined` where the amount asks for nothing or for the impossible (an error 100 % lower, 1x).
 */
export function liftOf(amount: BaselinePhrase['amount'], direction: Direction): number | undefined {
  const lift =
    'share' in amount ? amount.share : direction === 'minimize' ? 1 - 1 / amount.times : amount.times - 1
  if (!(lift > 0) || (direction === 'minimize' && lift >= 1)) return undefined
  return tidy(lift)
}
