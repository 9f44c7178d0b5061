import { readFileSync, statSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

/** Rows of larger files are not set beside each other: their hashes say that they differ. */
const LARGEST = 128 * 1024 ** 2

export interface PredictionsBeside {
  same: boolean
  rows: number
  /** Rows that only one of the files holds in this form, counted once for each row id. */
  different: number
}

/**
 * Sets two files of predictions beside each other, row by row, whatever their order.
 * @returns `undefined` where one of them is too large, or their columns differ.
 */
export function predictionsBeside(was: string, is: string): PredictionsBeside | undefined {
  if ([was, is].some((path) => statSync(path).size > LARGEST)) return undefined
  const [before, now] = [linesOf(was), linesOf(is)]
  if (before.header !== now.header) return undefined
  const left = new Map<string, number>()
  for (const line of before.rows) left.set(line, (left.get(line) ?? 0) + 1)
  const unmatched = now.rows.filter((line) => {
    const count = left.get(line) ?? 0
    if (count === 0) return true
    left.set(line, count - 1)
    return false
  })
  const gone = before.rows.length - (now.rows.length - unmatched.length)
  return {
    same: unmatched.length === 0 && gone === 0,
    rows: before.rows.length,
    different: Math.max(unmatched.length, gone),
  }
}

function linesOf(path: string): { header: string; rows: string[] } {
  const bytes = readFileSync(path)
  const text = (path.endsWith('.gz') ? gunzipSync(bytes, { maxOutputLength: LARGEST }) : bytes).toString(
    'utf8',
  )
  const [header = '', ...rows] = text.split(/\r?\n/)
  return { header, rows: rows.filter((line) => line !== '') }
}
