import { statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { confine, readText, replaceFile } from '../adapters/files.ts'
import { maskText } from '../core/secrets.ts'
import { environmentSecrets } from '../core/untrusted-text.ts'
import { substitute } from './prepare.ts'
import type { RunRecord } from './record.ts'

const STEP_COLUMNS = ['step', 'epoch', 'iteration', 'iter', 'global_step', 'batch']
const TIME_COLUMNS = ['t', 'time', 'timestamp', 'wall_time']
const LARGEST = 256 * 1024 * 1024

/**
 * Takes up a CSV or JSONL that the script writes, as reported points: every numeric column becomes a metric. The points
 * are written whole to `events/metrics-from-<n>.jsonl` whenever the source has changed; equal lines give equal events,
 * so that only what is new is taken up.
 */
export class MetricsFrom {
  readonly #folder: string
  readonly #sources: { path: string; step: string | undefined; seen: string }[]

  /**
   * @param root of the workspace: a log is read from inside it only.
   * @param code the folder that the run's working folder is relative to; the workspace's, but for reproductions.
   * @throws Refusal PATH_OUTSIDE_WORKSPACE
   */
  constructor(root: string, folder: string, record: RunRecord, code = root) {
    this.#folder = folder
    this.#sources = record.metrics_from.map(({ path, step }) => {
      const named = substitute(path, { run_dir: folder })
      return { path: confine(root, resolve(code, record.cwd, named)), step, seen: '' }
    })
  }

  /** @returns warnings about files that are missing or hold no numbers, for the run's end. */
  take(final = false): string[] {
    return this.#sources.flatMap((source, number) => {
      const stat = statSync(source.path, { throwIfNoEntry: false })
      if (!stat) return final ? [`metrics_from: ${source.path} was never written`] : []
      if (stat.size > LARGEST)
        return final ? [`metrics_from: ${source.path} is larger than 256 MiB and was not taken up`] : []
      const state = `${stat.size}:${stat.mtimeMs}`
      if (state === source.seen) return []
      const text = readText(source.path) ?? ''
      const rows = /\.(?:jsonl|ndjson)$/i.test(source.path)
        ? readJsonLines(text, final)
        : readCsv(text, final)
      const secrets = environmentSecrets()
      const events = rows.flatMap((row) => eventsOf(row, source.step, secrets))
      if (events.length === 0) return final ? [`metrics_from: ${source.path} holds no numeric column`] : []
      replaceFile(join(this.#folder, 'events', `metrics-from-${number + 1}.jsonl`), events.join(''))
      // Where there was no room, it is taken up again.
      source.seen = state
      return []
    })
  }
}

type SourceRow = Record<string, number>

function eventsOf(row: SourceRow, stepColumn: string | undefined, secrets: readonly string[]): string[] {
  const step = stepColumn ?? STEP_COLUMNS.find((name) => name in row)
  const time = TIME_COLUMNS.find((name) => name in row)
  const at = { ...(step && row[step] !== undefined ? { s: row[step] } : {}), t: time ? row[time] : 0 }
  return Object.entries(row)
    .filter(([name]) => name !== step && name !== time)
    .map(
      ([n, v]) =>
        `${JSON.stringify({ k: 'metric', n: maskText(n, secrets), v: Number.isFinite(v) ? v : String(v), ...at })}\n`,
    )
}

/** A last line without its newline may still be growing: it is read at the end only. */
function wholeLines(text: string, final: boolean): string[] {
  const lines = text.split(/\r?\n/)
  if (!final || lines.at(-1) === '') lines.pop()
  return lines.filter((line) => line.trim() !== '')
}

function readCsv(text: string, final: boolean): SourceRow[] {
  const [header, ...lines] = wholeLines(text, final)
  if (header === undefined) return []
  const separator = header.includes('\t') ? '\t' : header.includes(';') && !header.includes(',') ? ';' : ','
  const cells = (line: string): string[] =>
    line.split(separator).map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'))
  const names = cells(header)
  return lines.map((line) => {
    const values = cells(line)
    return numbersOf(Object.fromEntries(names.map((name, i) => [name, values[i] ?? ''])))
  })
}

function readJsonLines(text: string, final: boolean): SourceRow[] {
  return wholeLines(text, final).flatMap((line) => {
    try {
      return [numbersOf(JSON.parse(line) as Record<string, unknown>)]
    } catch {
      return []
    }
  })
}

function numbersOf(row: Record<string, unknown>): SourceRow {
  const numbers: SourceRow = {}
  for (const [name, value] of Object.entries(row)) {
    if (name === '' || typeof value === 'boolean' || value === null) continue
    const text = String(value).trim()
    const number = /^[-+]?(?:nan)$/i.test(text)
      ? Number.NaN
      : /^[-+]?inf(?:inity)?$/i.test(text)
        ? text.startsWith('-')
          ? -Infinity
          : Infinity
        : text === ''
          ? undefined
          : Number(text)
    if (number === undefined || (Number.isNaN(number) && !/nan$/i.test(text))) continue
    numbers[name] = number
  }
  return numbers
}
