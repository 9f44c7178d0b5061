import { canonicalJson } from '../core/canonical-json.ts'
import type { RunRecord } from './record.ts'

/** Something that was not the same when a run was repeated. */
export interface Differed {
  kind: 'code' | 'data' | 'package' | 'python' | 'hardware'
  /** Such as `scikit-learn`, or `cpu_model`. */
  name: string
  was: string | null
  is: string | null
}

/** Free memory is another at each moment, and nothing depends on it. */
const PASSING: ReadonlySet<string> = new Set(['free_memory_bytes'])
const LONGEST = 200

/** What two records say was different around two runs of one command; pure. */
export function differencesBetween(was: RunRecord, is: RunRecord): Differed[] {
  return [...code(was, is), ...environment(was, is), ...hardware(was, is)]
}

function code(was: RunRecord, is: RunRecord): Differed[] {
  return [
    ...differ('code', 'commit', was.code?.git_sha, is.code?.git_sha),
    ...differ('code', 'changes that were not committed', was.code?.hash, is.code?.hash),
  ]
}

/** What was left out of a run's code cannot be laid out again: keys, data, files in which a secret was found. */
export function notKept({ code }: RunRecord): string[] {
  return (code?.omitted ?? []).map(({ path, reason }) => `${path}: ${reason}`)
}

function environment(was: RunRecord, is: RunRecord): Differed[] {
  // A run that was killed early, or an older version's, has no list: nothing can be said then.
  if (!was.environment || !is.environment) return []
  const [before, now] = [was.environment.packages, is.environment.packages]
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort()
  return [
    ...differ('python', 'version', was.environment.python, is.environment.python),
    ...names.flatMap((name) => differ('package', name, before[name], now[name])),
  ]
}

function hardware(was: RunRecord, is: RunRecord): Differed[] {
  if (!was.hardware || !is.hardware) return []
  const names = [...new Set([...Object.keys(was.hardware), ...Object.keys(is.hardware)])].sort()
  return names
    .filter((name) => !PASSING.has(name))
    .flatMap((name) => differ('hardware', name, was.hardware?.[name], is.hardware?.[name]))
}

export function differ(kind: Differed['kind'], name: string, was: unknown, is: unknown): Differed[] {
  if (canonicalJson(was ?? null) === canonicalJson(is ?? null)) return []
  return [{ kind, name, was: text(was), is: text(is) }]
}

function text(value: unknown): string | null {
  if (value === undefined || value === null) return null
  return (typeof value === 'string' ? value : canonicalJson(value)).slice(0, LONGEST)
}
