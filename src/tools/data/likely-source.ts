import { closeSync, opendirSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { openRegular } from '../../adapters/files.ts'
import type { ProblemType } from '../../core/problem-types.ts'
import { safeText } from '../../core/untrusted-text.ts'

/** Where people lay data: not below, so that a look costs little however large the project is. */
const FOLDERS = ['.', 'data']
const ENTRIES = 1000
const HEADER_BYTES = 16 * 1024

/** A file of data by its name; what begins with a dot is hidden. */
const DATA = /^[\p{L}\p{N}_][\p{L}\p{N} _.()+-]{0,99}\.(?:csv|parquet)$/iu

const TARGETS: Readonly<Record<ProblemType, readonly string[]>> = {
  classification: ['target', 'label', 'class', 'outcome', 'y', 'churn', 'churned', 'fraud', 'is_fraud'],
  regression: ['target', 'label', 'y', 'price', 'value'],
  time_series: ['target', 'y', 'value', 'sales', 'demand'],
  recommendation: [],
}

export interface LikelySource {
  /** From the root, by name; at most the first few. */
  files: string[]
  more: number
  /** Of the only file, where it is a CSV, as its header has them: data, and never instructions. */
  columns: string[]
  /** The column of a usual name, where there is exactly one. */
  target?: string
}

/** The data that somebody who begins an increment here most likely means. Never fails: it only saves a question. */
export function likelySource(root: string, problemType: ProblemType): LikelySource {
  const files = FOLDERS.flatMap((folder) => dataIn(root, folder)).sort()
  const [only, second] = files
  const columns = only && !second && /\.csv$/i.test(only) ? header(join(root, only)) : []
  const targets = columns.filter((column) => TARGETS[problemType].includes(column.toLowerCase()))
  return {
    files: files.slice(0, 4),
    more: Math.max(0, files.length - 4),
    columns,
    ...(targets.length === 1 ? { target: targets[0] } : {}),
  }
}

function dataIn(root: string, folder: string): string[] {
  const found: string[] = []
  try {
    const opened = opendirSync(join(root, folder))
    try {
      for (let seen = 0; seen < ENTRIES; seen++) {
        const entry = opened.readSync()
        if (!entry) break
        if (entry.isFile() && DATA.test(entry.name)) found.push(join(folder, entry.name))
      }
    } finally {
      opened.closeSync()
    }
  } catch {
    // No such folder, or one that we may not read.
  }
  return found
}

function header(path: string): string[] {
  try {
    const fd = openRegular(path)
    if (fd === undefined) return []
    try {
      const bytes = Buffer.alloc(HEADER_BYTES)
      const text = bytes.toString('utf8', 0, readSync(fd, bytes)).replace(/^\uFEFF/, '')
      const end = text.search(/\r?\n/)
      return end === -1 ? [] : cells(text.slice(0, end))
    } finally {
      closeSync(fd)
    }
  } catch {
    return []
  }
}

/** Of a header that needs more than this to be read, nothing is said: the lab reads it in earnest. */
function cells(line: string): string[] {
  const count = (mark: string) => line.split(mark).length
  const mark = [',', ';', '\t'].sort((a, b) => count(b) - count(a))[0] as string
  const quoted = line.split(mark).map((cell) => cell.trim().replace(/^"([^"]*)"$/, '$1'))
  return quoted.every((cell) => cell !== '' && !cell.includes('"') && safeText(cell) === cell) ? quoted : []
}
