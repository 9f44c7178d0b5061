/** Words that nearly every title or sentence about a model has: they tie nothing together. */
const COMMON = new Set(
  (
    'a about above after again all also an and any are as at be because been before being better between both build built but by can ' +
    'could data dataset did do does done down each evaluate few first for from had has have how if in into is it its just machine ' +
    'learn learning make makes making many may might ml model models more most much new no none not of off on once one only ' +
    'or other our out over own per pipeline predict prediction predicting project run runs same set should show since so ' +
    'some such system test than that the their them then there these they this those through to too train training try under ' +
    'until up us use used using very want was we were what when where which while who why will with without work would you your ' +
    'classification classifier classify regression regressor forecast forecasting recommendation detection'
  ).split(' '),
)

/**
 * The words of a text that say what it is about: without accents, case, endings and those that are everywhere. In order,
 * each once.
 */
export function tellingWords(text: string): string[] {
  const plain = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
  const words = plain.match(/[\p{L}\p{N}]+/gu) ?? []
  return [...new Set(words.filter((word) => !COMMON.has(word) && /\p{L}/u.test(word)).map(stem))].filter(
    (word) => word.length > 2 || /[^\p{ASCII}]/u.test(word),
  )
}

/** Enough for `churned` and `tenures` to meet `churn` and `tenure`. */
function stem(word: string): string {
  const short = word.replace(/(?<=[a-z]{3})(?:ing|ed|s)$/, '')
  return short.replace(/(?<=[a-z]{3})e$/, '')
}

/** A search is at most so many words. */
const MOST_WORDS = 40
const LONGEST_WORD = 100

/**
 * Any text as a query of FTS5: each word a quoted phrase, so that nothing in it is an operator, and any of them will do.
 * @returns `undefined` where there is no letter and no digit to search for.
 */
export function ftsQuery(text: string): string | undefined {
  const words = text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: SQLite ends a text at the first of them
    .split(/[\s\u0000-\u001f]+/)
    .filter((word) => /[\p{L}\p{N}]/u.test(word))
  const telling = words.filter((word) => !COMMON.has(word.toLowerCase()))
  const asked = [...new Set(telling.length > 0 ? telling : words)].slice(0, MOST_WORDS)
  if (asked.length === 0) return undefined
  return asked.map((word) => `"${word.slice(0, LONGEST_WORD).replaceAll('"', '""')}"`).join(' OR ')
}
