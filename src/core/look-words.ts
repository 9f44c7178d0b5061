const MOST = 10

/** `0042/exp-004-gb, 0042/exp-007-rf`: the runs that looks were taken for; nothing where none was. */
export function lookedRunsWords(runs: readonly string[] = []): string {
  const more = runs.length - MOST
  return `${runs.slice(0, MOST).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

/**
 * Whoever has seen sealed numbers and then names another run to be judged has chosen by the test set, in part.
 * @param first the candidate that the first look fixed.
 * @returns a clause; nothing where the candidate is still that one.
 */
export function switchedWords(candidate: string | undefined, first: string | undefined): string | undefined {
  if (!candidate || !first || candidate === first) return undefined
  return `the candidate was switched after the first look at the sealed test set: it was ${first} then and is ${candidate} now, so its number may owe something to the choice`
}
