import { slugify } from '../core/ids.ts'
import type { ProblemType } from '../core/problem-types.ts'

/** Words at the beginning of a title that say what to do, not what it is about. */
const LEADING = new Set(
  'build create train make develop design implement write add fit learn predict forecast estimate please can could you us let lets we i need want to the a an our my new some'.split(
    ' ',
  ),
)
/** Of these, what a title for people does without: "Build a churn model" is "Churn model". */
const TITLE_LEADING = new Set(
  'build create train make develop design implement write please can could you us let lets we i need want to the a an our my'.split(
    ' ',
  ),
)
const NUMBERED = /^(\d{4,})[-_ ]+(.+)$/

export interface TitleParts {
  /** Where the title carries one: `0042-recommendation-model`. */
  number?: number
  slug: string
  /** The title for people: without number, first letter upper case. */
  title: string
}

/**
 * Number, slug and title from what was typed: "build a churn model" gives `churn-model`, "0042-recommendation-model" gives number
 * and slug. A title without any ASCII letter or digit is named for its problem type.
 */
export function readTitle(typed: string, problemType: ProblemType): TitleParts {
  const text = typed.trim().replace(/\s+/g, ' ')
  const [, digits, rest] = NUMBERED.exec(text) ?? []
  const number = digits === undefined ? undefined : Number(digits)
  const words = rest ?? text
  const spoken = rest === undefined || /\s/.test(rest) ? words : words.replace(/[-_]+/g, ' ')
  const title = withoutWords(spoken, TITLE_LEADING)
  return {
    ...(number === undefined ? {} : { number }),
    slug:
      rest === undefined ? slugOf(words, problemType) : slugOrType(cutAtWord(slugFull(rest)), problemType),
    title: title.charAt(0).toUpperCase() + title.slice(1),
  }
}

function slugOf(title: string, problemType: ProblemType): string {
  const words = slugFull(title).split('-').filter(Boolean)
  let start = 0
  while (start < words.length - 1 && LEADING.has(words[start]!)) start += 1
  return slugOrType(cutAtWord(words.slice(start).join('-')), problemType)
}

/** "Predict the churn of users" without its first two words; case and script stay. */
export function withoutLeadingWords(title: string): string {
  return withoutWords(title, LEADING)
}

function withoutWords(title: string, leading: ReadonlySet<string>): string {
  const words = title.trim().split(/\s+/)
  let start = 0
  while (start < words.length - 1 && leading.has(words[start]!.toLowerCase())) start += 1
  return words.slice(start).join(' ')
}

/** `slugify` cuts at 60 characters; here every word is kept until the cut falls between words. */
function slugFull(text: string): string {
  return text
    .split(/\s+/)
    .map((word) => slugify(word))
    .filter(Boolean)
    .join('-')
}

function cutAtWord(slug: string): string {
  if (slug.length <= 60) return slug
  const cut = slug.slice(0, 61)
  const at = cut.lastIndexOf('-')
  return (at > 0 ? cut.slice(0, at) : cut.slice(0, 60)).replace(/-+$/, '')
}

/** A slug of digits alone would read as a number without a name. */
function slugOrType(slug: string, problemType: ProblemType): string {
  const generic = `${problemType.replace('_', '-')}-model`
  if (slug === '') return generic
  return /[a-z]/.test(slug) ? slug : `${generic}-${slug}`
}
