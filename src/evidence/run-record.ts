import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { readJson } from '../adapters/files.ts'
import { canonicalJson } from '../core/canonical-json.ts'
import type { Ledger } from './ledger.ts'

/** Of a run's `run.json`, which nobody writes any more once the run has ended; `undefined` where it cannot be read. */
export function runRecordSha256(runFolder: string): string | undefined {
  const record = readJson<unknown>(join(runFolder, 'run.json'))
  return record === undefined ? undefined : createHash('sha256').update(canonicalJson(record)).digest('hex')
}

/**
 * Whether run.json is another than when the run was measured; what earlier versions measured cannot tell, and a run that is
 * not here at all is gone.
 */
export function isRecordChanged(run: string, runFolder: string, ledger: Ledger): boolean {
  if (!existsSync(join(runFolder, 'run.json'))) return false
  const known = ledger.lines.flatMap(({ event, verified, data }) =>
    event === 'evidence.recorded' && verified && data.run === run && typeof data.record_sha256 === 'string'
      ? [data.record_sha256]
      : [],
  )
  return known.length > 0 && !known.includes(runRecordSha256(runFolder) ?? '')
}
