import { readdirSync } from 'node:fs'
import { relative } from 'node:path'
import { readText } from '../adapters/files.ts'
import { withLock } from '../adapters/process/lock.ts'
import { privateFolder } from '../adapters/state-folder.ts'
import type { Workspace } from '../store/workspace.ts'
import { parseChain } from './ledger-chain.ts'
import { cloneId, findOwnKey, ownKey, publicKeyFile, readPublicKey } from './ledger-keys.ts'
import type { LedgerEvent, LedgerRecord } from './ledger-line.ts'
import { chainFile, OwnChain, readCopy } from './own-chain.ts'

/** A line of any chain. `verified` is false where its hash or its signature does not hold: it may be anybody's. */
export interface LedgerLine extends LedgerRecord {
  key: string
  verified: boolean
}

export interface LedgerProblem {
  /** Relative to the workspace. */
  file: string
  line?: number
  what: string
}

export interface LedgerChain {
  key: string
  /** Written by this clone. */
  own: boolean
  lines: LedgerLine[]
}

/** All chains of the workspace. An empty `problems` means that everything verifies. */
export interface Ledger {
  chains: LedgerChain[]
  /** The lines of all chains by time. Lines that do not verify are among them: see {@link LedgerLine.verified}. */
  lines: LedgerLine[]
  problems: LedgerProblem[]
}

/** Reads and verifies every chain. Changes nothing, and never refuses: what does not hold is in `problems`. */
export function readLedger(workspace: Workspace): Ledger {
  const own = findOwnKey(workspace)?.id
  const problems: LedgerProblem[] = []
  const chains = chainKeys(workspace, own).map((key) => readChain(workspace, key, key === own, problems))
  const lines = chains
    .flatMap((chain) => chain.lines)
    .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.key.localeCompare(b.key) || a.seq - b.seq))
  return { chains, lines, problems }
}

/** The numbers of the increments that it holds lines of, whether they are on disk or not. */
export function incrementNumbers({ lines }: Ledger): Set<number> {
  const ids = lines.flatMap(({ verified, data }) => (verified ? [data.increment] : []))
  return new Set(ids.flatMap((id) => (typeof id === 'string' && /^\d+$/.test(id) ? [Number(id)] : [])))
}

/**
 * Runs `work` with the ledger as it stands while no other process of this clone can add to it: what is decided from it
 * still holds when it is recorded. `work` is synchronous and short.
 *
 * The lock is a folder of numbered files in the state folder (see {@link withLock}); its holder's death is judged by pid
 * and start time. Other clones write chains of their own and need no lock.
 */
export async function withLedger<T>(
  workspace: Workspace,
  work: (ledger: Ledger, append: (event: LedgerEvent, data: Record<string, unknown>) => LedgerRecord) => T,
): Promise<T> {
  const lock = privateFolder('locks', `ledger-${cloneId(workspace)}`)
  return withLock(
    lock,
    () => {
      let chain: OwnChain | undefined
      return work(readLedger(workspace), (event, data) => {
        chain ??= new OwnChain(workspace, ownKey(workspace))
        return chain.append(event, data)
      })
    },
    { timeoutS: 60 },
  )
}

/** Adds one line to this clone's chain. On disk, flushed, when it returns. */
export function appendEvent(
  workspace: Workspace,
  event: LedgerEvent,
  data: Record<string, unknown>,
): Promise<LedgerRecord> {
  return withLedger(workspace, (_ledger, append) => append(event, data))
}

function chainKeys(workspace: Workspace, own: string | undefined): string[] {
  const keys = new Set(own ? [own] : [])
  try {
    for (const name of readdirSync(workspace.layout.ledger)) {
      const key = /^([0-9a-f]{16})\.(?:jsonl|pub)$/.exec(name)?.[1]
      if (key) keys.add(key)
    }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause
  }
  return [...keys].sort()
}

function readChain(workspace: Workspace, key: string, own: boolean, problems: LedgerProblem[]): LedgerChain {
  // The copy before the file: a line is written to the file first, so that a copy that is ahead means a loss.
  const copy = own ? readCopy(key).lines : []
  const path = chainFile(workspace, key)
  const file = relative(workspace.root, path)
  const text = readText(path)
  const pub = readPublicKey(workspace, key)
  if (own && text === undefined && copy.length === 0) return { key, own, lines: [] }
  if (typeof pub === 'string')
    problems.push({ file: relative(workspace.root, publicKeyFile(workspace, key)), what: pub })
  if (!own && text === undefined) problems.push({ file, what: 'is missing, though its public key is there' })
  const parsed = parseChain(
    text ?? '',
    typeof pub === 'string' ? undefined : pub,
    new Set(copy.map((l) => l.text)),
  )
  for (const { line, what } of parsed.problems) problems.push({ file, line, what })
  const there = new Set(parsed.lines.filter((line) => line.verified).map((line) => line.record.hash))
  const missing = copy.filter((line) => !there.has(line.record.hash))
  if (missing.length > 0) problems.push({ file, what: shortened(missing.map((line) => line.record.seq)) })
  // Lines that were taken away still count: shortening the file gives no look back.
  const lines = [...parsed.lines, ...missing]
    .sort((a, b) => a.record.seq - b.record.seq)
    .map((line) => ({ ...line.record, key, verified: line.verified }))
  return { key, own, lines }
}

function shortened(seqs: number[]): string {
  const which =
    seqs.length === 1 ? `seq ${seqs[0]}` : `${seqs.length} lines (seq ${seqs[0]} to ${seqs.at(-1)})`
  return `lacks ${which} that this machine wrote: it was shortened or changed, or another branch is checked out. The next entry puts them back from this machine's copy.`
}
