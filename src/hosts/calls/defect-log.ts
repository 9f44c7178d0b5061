import { appendFileSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { privateFolder } from '../../adapters/state-folder.ts'
import { Refusal } from '../../core/errors.ts'
import { maskText, secretValues } from '../../core/secrets.ts'
import { packageManifest } from './package-manifest.ts'

const MAX_LOG = 1_000_000

/**
 * Writes down what we did not foresee, with its stack, in the user's own folder.
 * @returns the log's path; `undefined` where it cannot be written.
 */
export function recordDefect(cause: unknown, where: string): string | undefined {
  const stack = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
  const entry = [
    `${new Date().toISOString()} ${where}`,
    `specweave-ml ${packageManifest().version}, Node ${process.versions.node}, ${process.platform} ${process.arch}`,
    maskText(stack, secretValues(process.env)),
    '\n',
  ].join('\n')
  try {
    const path = join(privateFolder('logs'), 'defects.log')
    keepShort(path)
    appendFileSync(path, entry, { mode: 0o600 })
    return path
  } catch {
    return undefined
  }
}

function keepShort(path: string): void {
  try {
    if (statSync(path).size > MAX_LOG) renameSync(path, `${path}.1`)
  } catch {
    // There is no log yet.
  }
}

/** The refusal that stands for a defect: what failed, where its details lie, where to report it, and no stack. */
export function asDefect(cause: unknown, where: string): Refusal {
  const log = recordDefect(cause, where)
  const manifest = packageManifest()
  const report = manifest.bugs?.url ?? manifest.homepage
  const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause)
  return new Refusal(
    'INTERNAL_DEFECT',
    [
      `${where} failed by a defect of specweave-ml: ${maskText(reason ?? '', secretValues(process.env)).slice(0, 300)}.`,
      log ? `Details: ${log}.` : 'Details could not be written to the state folder.',
      report ? `Please report it, with that log, at ${report}.` : 'Please report it, with that log.',
    ].join(' '),
    { cause },
  )
}
