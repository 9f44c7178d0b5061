import type { KeyObject } from 'node:crypto'
import { GENESIS, hashOf, isSigned, type LedgerRecord, parseRecord } from './ledger-line.ts'

/** One chain as its text says, checked line by line. */
export interface ParsedChain {
  lines: ChainLine[]
  /** What does not hold, by line of the file, counted from 1. */
  problems: { line: number; what: string }[]
  /** How many lines from the top form an unbroken chain of verified lines. */
  sound: number
  /** A last line without its newline that cannot be read: a write that a crash cut short, and no change by anyone. */
  torn: boolean
}

export interface ChainLine {
  record: LedgerRecord
  /** The line's text, without its newline. */
  text: string
  /** Its hash and its signature are right. */
  verified: boolean
}

/**
 * Reads and checks the text of a chain.
 * @param key the chain's public key; `undefined` where it is missing, so that no line can be verified.
 * @param known texts of lines that need no check of their signature: those that this machine wrote.
 */
export function parseChain(
  text: string,
  key: KeyObject | undefined,
  known: ReadonlySet<string> = new Set(),
): ParsedChain {
  const chain: ParsedChain = { lines: [], problems: [], sound: 0, torn: false }
  const rows = text.split(/\r?\n/)
  const unfinished = rows.at(-1) !== ''
  let before: LedgerRecord | undefined
  let intact = true
  for (const [index, row] of rows.entries()) {
    if (row === '') continue
    const record = parseRecord(row)
    if (!record) {
      if (unfinished && index === rows.length - 1) chain.torn = true
      else {
        chain.problems.push({ line: index + 1, what: 'is no line of a ledger' })
        intact = false
      }
      continue
    }
    const what = faultOf(record, row, before, key, known)
    if (what) chain.problems.push({ line: index + 1, what: what.text })
    intact &&= what === undefined
    chain.lines.push({ record, text: row, verified: what === undefined || what.genuine })
    if (intact) chain.sound = chain.lines.length
    before = record
  }
  return chain
}

/** `genuine`: the line itself was written by the key's holder, only its place in the chain is wrong. */
function faultOf(
  record: LedgerRecord,
  text: string,
  before: LedgerRecord | undefined,
  key: KeyObject | undefined,
  known: ReadonlySet<string>,
): { text: string; genuine: boolean } | undefined {
  if (!known.has(text)) {
    if (hashOf(record) !== record.hash)
      return { text: `was changed after it was written (seq ${record.seq})`, genuine: false }
    if (!key) return { text: 'cannot be verified: the public key is missing', genuine: false }
    if (!isSigned(record, key)) return { text: `has a false signature (seq ${record.seq})`, genuine: false }
  }
  const seq = (before?.seq ?? 0) + 1
  if (record.seq === seq && record.prev === (before?.hash ?? GENESIS)) return undefined
  if (record.seq > seq)
    return { text: `follows a gap: seq ${seq} to ${record.seq - 1} are missing before it`, genuine: true }
  return {
    text: `does not follow the line before it (seq ${record.seq} where ${seq} was due)`,
    genuine: true,
  }
}
