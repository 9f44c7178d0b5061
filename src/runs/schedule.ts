import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Index } from '../store/index-db.ts'
import type { Workspace } from '../store/workspace.ts'
import { type Outlook, outlook } from './claim.ts'
import type { LiveRun } from './refresh.ts'

const OWN_FILE = 'supervise.cjs'

/** How to start this program again: `[node, main.js]`. Set once by the host. */
let program: readonly string[] = [process.execPath, mainScript(process.argv[1] ?? '')]

/** The supervisor has a file of its own beside the program's, which starts faster (scripts/build.mjs). */
export function mainScript(script: string): string {
  return basename(script) === OWN_FILE ? join(dirname(script), 'main.js') : script
}

function supervisorProgram(): readonly string[] {
  const [node = process.execPath, ...script] = program
  const own = join(dirname(script[0] ?? ''), OWN_FILE)
  return existsSync(own) ? [node, own] : [node, ...script, 'supervise']
}

export function setProgram(argv: readonly string[]): void {
  program = argv
}

export function thisProgram(): readonly string[] {
  return program
}

/** Runs for which a supervisor was started a moment ago and may not have made its claim yet. */
const begun = new Map<string, number>()
const GRACE_MS = 3000

/**
 * Starts a detached supervisor for each queued run that fits the free slots, and for each run whose supervisor died.
 * Any process that opens the workspace may do so, at any time; which supervisor gets a run is decided by its claim.
 */
export function schedule(workspace: Workspace, index: Index): Outlook {
  const now = performance.now()
  for (const [key, at] of begun) if (now - at > GRACE_MS) begun.delete(key)
  const found = outlook(workspace, index)
  for (const { run } of [...found.orphans.filter(isDue), ...found.ready]) {
    const key = `${workspace.root}\0${run}`
    if (begun.has(key)) continue
    begun.set(key, now)
    startSupervisor(workspace, run, key)
  }
  return found
}

/** So many supervisors of one run are killed by nobody: it is what they die of, and the next will too. */
const MANY_CLAIMS = 10
const LONGEST_PAUSE_MS = 300_000

function isDue({ facts: { claim } }: LiveRun): boolean {
  if (!claim || claim.n < MANY_CLAIMS) return true
  const sinceMs = Math.abs(Date.now() - Date.parse(claim.at))
  return sinceMs > Math.min(LONGEST_PAUSE_MS, claim.n * 1000)
}

function startSupervisor(workspace: Workspace, run: string, key: string): void {
  const [node = process.execPath, ...script] = supervisorProgram()
  // It is spared the reading of ml.yaml: the parsers would be half of what it loads before it starts the command.
  const config = JSON.stringify(workspace.config)
  const child = spawn(node, [...script, '--workspace', workspace.root, '--config', config, run], {
    cwd: workspace.root,
    detached: true,
    stdio: 'ignore',
    env: { ...process.env, SPECWEAVE_RUN_DIR: undefined },
  })
  child.on('error', () => begun.delete(key))
  child.unref()
}
