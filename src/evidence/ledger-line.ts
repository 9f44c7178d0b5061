import { createHash, type KeyObject, sign, verify } from 'node:crypto'
import { canonicalJson } from '../core/canonical-json.ts'
import { isObject } from '../core/shape.ts'

/** What the ledger records, `noun.past_tense`. */
export const LEDGER_EVENTS = [
  'dataset.registered',
  'look.taken',
  'look.returned',
  'evidence.recorded',
  'threshold.chosen',
  'lift.measured',
  'test.reproduced',
  'control.measured',
  'reads.searched',
  'criteria.proposed',
  'criteria.frozen',
  'approval.given',
  'gate.decided',
  'run.reproduced',
  'tamper.seen',
  'increment.completed',
  'ledger.restored',
] as const

export type LedgerEvent = (typeof LEDGER_EVENTS)[number]

/** One line of a chain as it stands in the file, in canonical JSON. */
export interface LedgerRecord {
  /** 1, 2, 3, ... in its chain. */
  seq: number
  /** ISO 8601, UTC. */
  at: string
  event: LedgerEvent
  data: Record<string, unknown>
  /** `hash` of the line before; 64 zeros for the first. */
  prev: string
  /** SHA-256, hex, of the canonical JSON of `{seq, at, event, data, prev}`. */
  hash: string
  /** Ed25519 over `specweave-ledger:1:<hash>`, base64. */
  sig: string
}

export const GENESIS = '0'.repeat(64)
const MEMBERS = 'at,data,event,hash,prev,seq,sig'

export function hashOf(body: Omit<LedgerRecord, 'hash' | 'sig'>): string {
  const { seq, at, event, data, prev } = body
  return createHash('sha256').update(canonicalJson({ seq, at, event, data, prev })).digest('hex')
}

function signedBytes(hash: string): Buffer {
  return Buffer.from(`specweave-ledger:1:${hash}`)
}

/** The line that follows `before`, signed. */
export function nextRecord(
  before: LedgerRecord | undefined,
  event: LedgerEvent,
  data: Record<string, unknown>,
  at: string,
  key: KeyObject,
): LedgerRecord {
  const body = {
    seq: (before?.seq ?? 0) + 1,
    at,
    event,
    // What is hashed must be what is read back: dates as text, `undefined` left out.
    data: JSON.parse(canonicalJson(data)) as Record<string, unknown>,
    prev: before?.hash ?? GENESIS,
  }
  const hash = hashOf(body)
  return { ...body, hash, sig: sign(null, signedBytes(hash), key).toString('base64') }
}

export function isSigned(record: LedgerRecord, key: KeyObject): boolean {
  try {
    const signature = Buffer.from(record.sig, 'base64')
    // Base64 can be spelled in several ways: the one that was written is signed, no other.
    return (
      signature.toString('base64') === record.sig && verify(null, signedBytes(record.hash), key, signature)
    )
  } catch {
    return false
  }
}

/** @returns `undefined` where the text is no line of a ledger: other members are not signed, so none may be added. */
export function parseRecord(text: string): LedgerRecord | undefined {
  try {
    const record = JSON.parse(text) as LedgerRecord
    return isObject(record) &&
      Object.keys(record).sort().join() === MEMBERS &&
      Number.isInteger(record.seq) &&
      [record.at, record.event, record.prev, record.hash, record.sig].every((v) => typeof v === 'string') &&
      isObject(record.data)
      ? record
      : undefined
  } catch {
    return undefined
  }
}
