import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { canonicalJson } from '../core/canonical-json.ts'
import type { RunRecord } from './record.ts'

/** What makes two requests the same one (contracts.md, "Repeats"). */
export type RequestFacts = Pick<
  RunRecord,
  'command' | 'cwd' | 'params' | 'dataset' | 'seed' | 'env' | 'metrics_from' | 'baseline'
> & {
  /** Hash of the registered data. */
  datasetHash: string | null
  interpreter: string
  control?: RunRecord['control']
  children: string[]
}

/**
 * A hash over the request and the text of the files that its command names, so that an edited script is a new request.
 * Whether modules that the script imports were edited is asked of Git, when a repeat is about to be answered.
 */
export function requestHash(root: string, facts: RequestFacts): string {
  const cwd = resolve(root, facts.cwd)
  const files = facts.command
    .filter((argument) => /\.[A-Za-z0-9]{1,6}$/.test(argument))
    .map((argument) => [argument, fileHash(resolve(cwd, argument))])
    .filter(([, hash]) => hash !== undefined)
  return createHash('sha256')
    .update(canonicalJson({ ...facts, files }))
    .digest('hex')
}

function fileHash(path: string): string | undefined {
  try {
    const stat = statSync(path)
    if (!stat.isFile()) return undefined
    if (stat.size > 1024 * 1024) return `${stat.size}:${stat.mtimeMs}`
    return createHash('sha256').update(readFileSync(path)).digest('hex')
  } catch {
    return undefined
  }
}
