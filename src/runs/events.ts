import type { NonFinite } from '../core/measurement.ts'

/** One line of an events file (the public format; docs/reference/events.md). */
export type RunEvent =
  | { k: 'metric'; n: string; v: number | NonFinite; s?: number; t: number }
  | { k: 'param'; n: string; v: unknown; t: number }
  | { k: 'tag'; n: string; v: string; t: number }
  | { k: 'note'; v: string; t: number }
  | { k: 'artifact'; n: string; kind?: string; sha256?: string; bytes?: number; t: number }
  | { k: 'predictions'; n: string; sha256?: string; rows?: number; t: number }
  | { k: 'model'; n: string; format?: string; type?: unknown; t: number }
  | { k: 'status'; v: string; reason?: string; t: number }

const NON_FINITE: ReadonlySet<unknown> = new Set(['NaN', 'Infinity', '-Infinity'])
const NAMED: ReadonlySet<string> = new Set(['metric', 'param', 'tag', 'artifact', 'predictions', 'model'])

/**
 * Reads one line. Kinds that this version does not know are accepted and passed over, so that a newer SDK's files can be
 * read; a line that is not of the format is malformed.
 * @returns `undefined` where the line is malformed, `null` where its kind is unknown.
 */
export function parseEvent(line: string): RunEvent | null | undefined {
  let event: Record<string, unknown>
  try {
    event = JSON.parse(line)
  } catch {
    return undefined
  }
  if (event === null || typeof event !== 'object' || typeof event.k !== 'string') return undefined
  const { k, n, v, s } = event
  if (!isMoment(event.t)) event.t = 0
  if (NAMED.has(k) && (typeof n !== 'string' || n === '' || n.length > 500)) return undefined
  switch (k) {
    case 'metric':
      if (typeof v !== 'number' && !NON_FINITE.has(v)) return undefined
      if (s !== undefined && s !== null && !Number.isFinite(s)) return undefined
      if (s === null) delete event.s
      return event as unknown as RunEvent
    case 'tag':
    case 'note':
      return typeof v === 'string' ? (event as unknown as RunEvent) : undefined
    case 'status':
      return typeof v === 'string' && isTextOrNothing(event.reason)
        ? (event as unknown as RunEvent)
        : undefined
    case 'artifact':
      return isTextOrNothing(event.kind) &&
        isTextOrNothing(event.sha256) &&
        (event.bytes === undefined || event.bytes === null || Number.isFinite(event.bytes))
        ? (event as unknown as RunEvent)
        : undefined
    case 'param':
    case 'predictions':
    case 'model':
      return event as unknown as RunEvent
    default:
      return null
  }
}

/** Seconds since 1970 that a calendar can show. */
function isMoment(t: unknown): boolean {
  return typeof t === 'number' && Math.abs(t) <= 8.64e12
}

function isTextOrNothing(value: unknown): boolean {
  return value === undefined || value === null || typeof value === 'string'
}
