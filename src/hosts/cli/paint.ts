import type { Colours } from './io.ts'

/** Colours a tool's text for people: its first line, the states of runs, the status of checks. */
export function paint(text: string, colours: Colours): string {
  if (!colours.isColorSupported) return text
  const [first = '', ...rest] = text.split('\n')
  return [colours.bold(first), ...rest.map((line) => paintLine(line, colours))].join('\n')
}

function paintLine(line: string, colours: Colours): string {
  if (/^#{1,3} |^[A-Z][\w ]+:$/.test(line)) return colours.bold(line)
  return paintWords(line, colours)
}

/** Colours the states of runs and the status of checks. */
export function paintWords(text: string, colours: Colours): string {
  return text
    .replace(/\b(succeeded|pass(?:ed)?|better|measured)\b/g, (word) => colours.green(word))
    .replace(/\b(failed|fail|lost|timed_out|worse|error)\b/g, (word) => colours.red(word))
    .replace(/\b(missing|stopped|incomplete|pending_approval|waived|warning)\b/g, (word) =>
      colours.yellow(word),
    )
    .replace(/\b(queued|starting|running|evaluating|reported)\b/g, (word) => colours.cyan(word))
}
