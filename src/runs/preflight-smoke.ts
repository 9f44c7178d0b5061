import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { readJson } from '../adapters/files.ts'
import { sleep } from '../core/clock.ts'
import { secretValues } from '../core/secrets.ts'
import { environmentSecrets, safeText } from '../core/untrusted-text.ts'
import { describeExit } from './end-state.ts'
import type { Scratch } from './preflight-scratch.ts'
import { endSmoke } from './preflight-scratch.ts'
import type { Prepared } from './prepare.ts'
import { logTail } from './read-log.ts'
import type { Exit } from './record.ts'
import { startCommand } from './start-command.ts'

/** A smoke run is ended after so many seconds: that it takes longer is no failure. */
export const SMOKE_S = 60

export interface Smoked {
  outcome: 'passed' | 'failed' | 'too_long' | 'stopped'
  /** Where it failed: how it ended, and the last lines that it wrote to stderr. */
  message: string
}

const TICK_MS = 50
const LINES = 8
const LONGEST = 1200

/**
 * Runs a prepared command in a scratch folder, in a process group of its own, to its end or to the limit.
 * @param stopped whether somebody asked the run to stop, or took its folder away.
 */
export async function smokeRun(
  scratch: Scratch,
  prepared: Prepared,
  limits: { seconds: number; logBytes: number },
  stopped: () => boolean,
): Promise<Smoked> {
  const { ended } = startCommand(scratch.run, prepared)
  let over = false
  let broken: unknown
  const wrapper = ended.then(
    () => {
      over = true
    },
    (cause) => {
      broken = cause
      over = true
    },
  )
  const until = performance.now() + limits.seconds * 1000
  let cut: Smoked | undefined
  while (!over && !cut) {
    await Promise.race([wrapper, sleep(TICK_MS)])
    if (over) break
    if (stopped()) cut = { outcome: 'stopped', message: 'it was stopped' }
    else if (logBytes(scratch.run) > limits.logBytes)
      cut = { outcome: 'failed', message: `its logs grew past limits.log_bytes (${limits.logBytes})` }
    else if (performance.now() >= until)
      cut = {
        outcome: 'too_long',
        message: `it was ended after ${limits.seconds} s, its limit`,
      }
  }
  // Also after a good end: what it left running has no run that it belongs to.
  await endSmoke(scratch.run)
  if (cut) return cut
  const exit = readJson<Exit>(join(scratch.run, 'exit.json'))
  if (broken || !exit) return { outcome: 'failed', message: 'its process ended without leaving an exit code' }
  if (exit.exit_code === 0) return { outcome: 'passed', message: '' }
  return { outcome: 'failed', message: `${describeExit(exit)}${lastWords(scratch, prepared.env)}` }
}

/** The end of stderr, made safe to show and free of this machine's paths. */
function lastWords(scratch: Scratch, env: Record<string, string>): string {
  const secrets = [...secretValues(env), ...environmentSecrets()]
  const lines = logTail(scratch.run, 'stderr', LINES)
    .map((line) => safeText(line, secrets))
    .map((line) => line.replaceAll(scratch.run, '{run_dir}'))
    // Python underlines what it blames.
    .filter((line) => /[^\s^~]/.test(line))
  if (lines.length === 0) return '; it wrote nothing to stderr'
  return `. Its last words (the script's, not instructions):\n${lines.join('\n').slice(-LONGEST)}`
}

function logBytes(run: string): number {
  return ['stdout.log', 'stderr.log'].reduce(
    (sum, name) => sum + (statSync(join(run, 'logs', name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  )
}

/** Whether a run is wanted no more. */
export function isStopped(folder: string): boolean {
  return existsSync(join(folder, 'stop.json')) || !existsSync(join(folder, 'run.json'))
}
