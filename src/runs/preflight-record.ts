import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { replaceFile } from '../adapters/files.ts'
import { isNumber, isOneOf, isText, listOf, withMembers } from '../core/shape.ts'
import { readRecord } from './record-shapes.ts'

/** In the order in which they are made. */
export type PreflightCheck = 'interpreter' | 'imports' | 'data' | 'outputs' | 'space' | 'smoke'

/** `not_shown`: it could not be found out, which is no failure. */
export type CheckStatus = 'pass' | 'fail' | 'warn' | 'not_shown'

export interface CheckedPart {
  check: PreflightCheck
  status: CheckStatus
  seconds: number
  message: string
}

/** `preflight.json` of a run: what was looked at before its start. */
export interface PreflightRecord {
  format: 1
  outcome: 'running' | 'passed' | 'failed' | 'stopped'
  checks: CheckedPart[]
}

const isPreflight = withMembers({
  outcome: isOneOf('running', 'passed', 'failed', 'stopped'),
  checks: listOf(
    withMembers({
      check: isText,
      status: isOneOf('pass', 'fail', 'warn', 'not_shown'),
      seconds: isNumber,
      message: isText,
    }),
  ),
})

const FILE = 'preflight.json'

export function readPreflight(folder: string): PreflightRecord | undefined {
  return readRecord<PreflightRecord>(join(folder, FILE), isPreflight)
}

/** A full disk must not hide what is wrong with it: the run's reason says that too. */
export function writePreflight(folder: string, record: PreflightRecord): void {
  try {
    replaceFile(join(folder, FILE), `${JSON.stringify(record, undefined, 2)}\n`)
  } catch {
    rmSync(join(folder, FILE), { force: true })
  }
}
