import { createHash } from 'node:crypto'
import { canonicalJson } from '../core/canonical-json.ts'
import { EXPERIMENT_FOLDER } from '../core/ids.ts'
import type { Index } from '../store/index-db.ts'
import type { RunRow } from '../store/schema.ts'

/** What makes two runs of different increments the same try. */
export interface Tried {
  dataset: string
  label: string
  command: string
  params: string
}

/** @returns `undefined` for what is no try of anybody's: without data, a baseline, a child of seeds. */
export function triedBy({ dataset, baseline, name, record }: RunRow): Tried | undefined {
  if (!dataset || baseline !== null || name.includes('/')) return undefined
  const { command, cwd, params } = JSON.parse(record) as {
    command: string[]
    cwd: string
    params?: Record<string, unknown>
  }
  return tried({ dataset, name, command, cwd, params: params ?? {} })
}

/** Its name without number and attempt; its command without the increment's own folder; its parameters in one order. */
export function tried(asked: {
  dataset: string
  name: string
  command: readonly string[]
  cwd: string
  params: Readonly<Record<string, unknown>>
}): Tried {
  const words = [asked.cwd, ...asked.command].map((word) =>
    word.replace(/(\.specweave\/increments\/)[^/]+/g, '$1*'),
  )
  return {
    dataset: nameOf(asked.dataset),
    label: (EXPERIMENT_FOLDER.exec(asked.name)?.[2] ?? asked.name).replace(/-r\d+$/, ''),
    command: hashed(words),
    params: Object.keys(asked.params).length === 0 ? '' : hashed(asked.params),
  }
}

/** `churn@2` is another version of `churn`. */
export function nameOf(dataset: string): string {
  return dataset.replace(/@\d+$/, '')
}

function hashed(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex').slice(0, 32)
}

/** A run of another increment that tried the same before. */
export interface EarlierTry {
  run: string
  folder: string
  dataset: string
  /** What is the same, in words. */
  same: string
}

/**
 * The same data (of any version), the same parameters, and the same command or, where there are parameters, the same
 * name: a run of another increment that has ended, one that succeeded first, then the newest.
 */
export function earlierTry(index: Index, increment: string, asked: Tried): EarlierTry | undefined {
  const row = index.driver.get(
    `SELECT r.run, r.folder, r.dataset, t.command FROM memory_tries t JOIN runs r ON r.run = t.run
     WHERE t.dataset = ? AND t.params = ? AND (t.command = ? OR (t.params <> '' AND t.label = ?))
       AND r.increment <> ? AND r.ended IS NOT NULL
     ORDER BY r.state = 'succeeded' DESC, r.ended DESC, r.run DESC LIMIT 1`,
    [asked.dataset, asked.params, asked.command, asked.label, increment],
  )
  if (!row) return undefined
  const what = row.command === asked.command ? 'command' : 'name'
  return {
    run: String(row.run),
    folder: String(row.folder),
    dataset: String(row.dataset),
    same: asked.params === '' ? `the same ${what}` : `the same ${what} and parameters`,
  }
}
