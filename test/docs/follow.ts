import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { fences, type Page } from './pages.ts'

/** A command of a page as it is typed, and what the page shows below it; `undefined` where it shows nothing. */
export interface Step {
  typed: string
  shown?: string[]
}

/** The commands of a page's `sh` and `console` blocks, in order. */
export function stepsOf(page: Page): Step[] {
  return fences(page).flatMap(({ language, text }) => {
    if (language === 'sh') return [{ typed: text.trimEnd() }]
    if (language !== 'console') return []
    const parts = text.split(/^\$ /m).filter((part) => part !== '')
    return parts.map((part) => {
      const [typed = '', ...shown] = part.trimEnd().split('\n')
      return { typed, shown }
    })
  })
}

/** Runs what is typed in one shell, in the folder and environment that earlier commands left behind. */
export class Shell {
  readonly #child
  #output = ''
  #errors = ''

  constructor(cwd: string, env: NodeJS.ProcessEnv) {
    this.#child = spawn('bash', ['--noprofile', '--norc'], { cwd, env })
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text
    })
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text
    })
  }

  /** The first exit code that is not 0, of the commands typed, and what was printed. */
  async type(typed: string): Promise<{ code: number; printed: string; errors: string }> {
    const end = `-- ${randomUUID()} --`
    this.#output = ''
    this.#errors = ''
    // The shell reads its commands from stdin: one that read it, too, would eat the next ones.
    const each = typed.split('\n').map((line) => `${line} < /dev/null || code=\${code:-$?}`)
    this.#child.stdin.write(`code=; ${each.join('\n')}\necho "${end} \${code:-0} ."\n`)
    for (;;) {
      const [printed = '', code] = this.#output.split(end)
      if (code?.includes('.')) return { code: Number.parseInt(code, 10), printed, errors: this.#errors }
      await once(this.#child.stdout, 'data')
    }
  }

  async close(): Promise<void> {
    this.#child.stdin.end()
    await once(this.#child, 'close')
  }
}

/** What differs from one day to the next. */
const VARIES: readonly [RegExp, string][] = [
  [/\bduration [\d.]+ (?:ms|s|min)\b/g, 'duration TIME'],
  [/\b[0-9a-f]{16}\.jsonl\b/g, 'KEY.jsonl'],
  [/: \d+ lines$/g, ': N lines'],
]

/**
 * What is wrong with the lines that a page shows of an answer. `...` stands for whatever is there: in a line for any text, as a line
 * of its own for any lines.
 * @param optional lines that the page says appear on some machines only
 */
export function differences(
  shown: readonly string[],
  printed: readonly string[],
  optional: RegExp,
): string[] {
  const lines = printed.map(plain)
  const extra = (from: number, to: number): string[] =>
    lines
      .slice(from, to)
      .filter((line) => line !== '' && !optional.test(line))
      .map((line) => `not on the page: ${line}`)
  const wrong: string[] = []
  let at = 0
  let skips = false
  for (const line of shown) {
    if (line.trim() === '...') {
      skips = true
      continue
    }
    const asShown = matcher(plain(line))
    const found = lines.findIndex((candidate, place) => place >= at && asShown(candidate))
    if (found < 0) {
      if (!optional.test(line)) wrong.push(`not printed: ${line}`)
      continue
    }
    if (!skips) wrong.push(...extra(at, found))
    at = found + 1
    skips = false
  }
  return skips ? wrong : [...wrong, ...extra(at, lines.length)]
}

/** How far a measured number may lie from the one on the page: models are not the same to the last bit on every processor. */
const TOLERANCE = 0.02
const DECIMAL = /-?\d+\.\d+/

function matcher(shown: string): (line: string) => boolean {
  const parts = shown.split(new RegExp(`(\\.{3}|${DECIMAL.source})`))
  const values = parts.filter((part) => DECIMAL.test(part)).map(Number)
  const pattern = parts.map((part) =>
    part === '...' ? '.*' : DECIMAL.test(part) ? `(${DECIMAL.source})` : escaped(part),
  )
  const whole = new RegExp(`^${pattern.join('')}$`)
  return (line) => {
    const found = whole.exec(line)?.slice(1).map(Number)
    return found?.every((value, i) => Math.abs(value - (values[i] as number)) <= TOLERANCE) ?? false
  }
}

function plain(line: string): string {
  return VARIES.reduce((text, [pattern, word]) => text.replace(pattern, word), line.trimEnd())
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
