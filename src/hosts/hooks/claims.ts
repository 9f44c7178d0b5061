import type { Index } from '../../store/index-db.ts'

/** A value of a metric that a text states. */
export interface Claim {
  /** As it stands in the text, such as `accuracy of 0.97`. */
  text: string
  metric: string
  value: number
  /** Digits after the point, of the fraction that is meant: 97 % is 0.97 by two. */
  digits: number
}

const NUMBER = String.raw`(\d+(?:\.\d+)?)\s?(%)?(?![\d.]*\d)`

/** Who says so claims nothing. */
const SAID_TO_BE_REPORTED =
  /\breported\b|\bun-?measured\b|\bnot (?:yet )?measured\b|\bscript (?:says|said|prints|printed)\b/i

/** The sentence, or the line, in which a piece of a text stands; a point within a number ends none. */
function sentenceAround(text: string, at: number, length: number): string {
  const end = /[.!?](?!\d)|\n/g
  end.lastIndex = at + length
  const before = [...text.slice(0, at).matchAll(/[.!?](?!\d)|\n/g)].at(-1)?.index ?? -1
  return text.slice(before + 1, end.exec(text)?.index ?? text.length)
}

/** Metric names as people write them: `ROC AUC` for `roc_auc`. */
function named(metric: string): string {
  return metric.replace(/[.*+?^$()|[\]\\{}]/g, '\\$&').replaceAll('_', '[ _-]?')
}

/** Values that a text states of the named metrics: the name, then within a few words a number. */
export function claimsIn(text: string, metrics: readonly string[]): Claim[] {
  const claims: Claim[] = []
  for (const metric of metrics) {
    const pattern = new RegExp(String.raw`(?<![a-z0-9])${named(metric)}\b[^\d\n.;|]{0,40}?${NUMBER}`, 'gi')
    for (const match of text.matchAll(pattern)) {
      if (SAID_TO_BE_REPORTED.test(sentenceAround(text, match.index, match[0].length))) continue
      const [found, figure = '', percent] = match
      const decimals = figure.split('.')[1]?.length ?? 0
      claims.push({
        text: found.trim(),
        metric,
        value: percent ? Number(figure) / 100 : Number(figure),
        digits: percent ? decimals + 2 : decimals,
      })
    }
  }
  return claims
}

/**
 * Claims that repeat what a script reported and that the lab has measured in no run.
 * @returns each with the run whose script reported it.
 */
export function unmeasured(text: string, index: Index): { claim: Claim; run: string }[] {
  const rows = index.driver.all(
    "SELECT run, name, source, value FROM metrics WHERE value IS NOT NULL AND name NOT LIKE '%loss%'",
  ) as unknown as { run: string; name: string; source: string; value: number }[]
  const plain = (name: string): string => name.replace(/^(?:train|validation|val|test)_/, '')
  const names = [...new Set(rows.map(({ name }) => plain(name)))].filter((name) => /[a-z]{3}/i.test(name))
  return claimsIn(text, names).flatMap((claim) => {
    const same = rows.filter(
      ({ name, value }) =>
        plain(name) === claim.metric && Math.abs(value - claim.value) <= 0.5001 * 10 ** -claim.digits,
    )
    const reported = same.find(({ source }) => source === 'reported')
    return reported && !same.some(({ source }) => source === 'measured') ? [{ claim, run: reported.run }] : []
  })
}
