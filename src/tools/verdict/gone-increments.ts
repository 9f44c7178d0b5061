import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Ledger, LedgerLine } from '../../evidence/ledger.ts'
import { takenNumbers } from '../../increments/numbering.ts'
import type { Workspace } from '../../store/workspace.ts'
import { type RecordedEnd, recordedEnd } from '../judging/recorded-end.ts'

/** An increment that was judged or closed, and that is not here to be held against the ledger. */
export interface GoneIncrement {
  /** `0042` */
  increment: string
  /** Of the last verdict; null where it was closed without one. */
  verdict: string | null
  /** ISO 8601, UTC; of the last line. */
  at: string
  candidate: string | null
  verdicts: number
  looks: number
  closed: RecordedEnd | null
  /** Where the SpecWeave engine put it aside, such as `_archive/0042-churn`: it is not judged there. */
  aside?: string
  /** Its folder is there, and its spec.md is gone or no longer that of an increment of ours. */
  bare?: string
}

/** @param here ids of the increments that are on disk. */
export function goneIncrements(
  { layout }: Workspace,
  ledger: Ledger,
  here: ReadonlySet<string>,
): GoneIncrement[] {
  const lines = new Map<string, LedgerLine[]>()
  for (const line of ledger.lines) {
    const { increment } = line.data
    if (!line.verified || typeof increment !== 'string' || here.has(increment)) continue
    lines.set(increment, [...(lines.get(increment) ?? []), line])
  }
  const folders = takenNumbers(layout)
  return [...lines].sort().flatMap(([increment, own]) => {
    const decided = own.filter(({ event }) => event === 'gate.decided')
    const judged = [...decided, ...own.filter(({ event }) => event === 'increment.completed')]
    const last = judged.at(-1)
    if (!last) return []
    const { verdict, candidate } = (decided.at(-1) ?? last).data
    const folder = folders.get(Number(increment))
    return {
      increment,
      verdict: typeof verdict === 'string' ? verdict : null,
      at: last.at,
      candidate: typeof candidate === 'string' ? candidate : null,
      verdicts: decided.length,
      looks: own.filter(({ event }) => event === 'look.taken').length,
      closed: recordedEnd(ledger, increment) ?? null,
      ...(folder && existsSync(join(layout.increments, folder))
        ? folder.startsWith('_')
          ? { aside: folder.replaceAll('\\', '/') }
          : { bare: folder }
        : {}),
    }
  })
}

/** `0042: in the ledger with the verdict PASS (3 verdicts, 1 look, closed as completed on 2026-11-22), and ...` */
export function goneIncrementInWords(one: GoneIncrement): string {
  const { increment, verdict, verdicts, looks, closed, aside, bare } = one
  const where = aside
    ? `its folder lies in ${aside}: not compared`
    : bare
      ? `spec.md in ${bare} is gone, or has no \`ml\` block`
      : 'its folder is not on disk'
  const known = [
    counted(verdicts, 'verdict'),
    counted(looks, 'look'),
    ...(closed ? [`closed as ${closed.status} on ${closed.at.slice(0, 10)}`] : []),
  ].join(', ')
  return `${increment}: in the ledger with ${verdict ? `the verdict ${verdict.toUpperCase()}` : 'no verdict'} (${known}), and ${where}`
}

/** Its line among the verdicts. */
export function goneVerdictLine({ increment, verdict, candidate, looks, aside }: GoneIncrement): string {
  const state = aside ? 'put aside, not compared' : 'NOT PROVEN: not on disk'
  return `${increment} ${verdict?.toUpperCase() ?? 'no verdict'} (${state}): ${candidate ?? 'no candidate'}; looks ${looks}`
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
