import { spawn } from 'node:child_process'
import type { Index } from '../store/index-db.ts'
import type { Workspace } from '../store/workspace.ts'
import { type Outlook, outlook } from './claim.ts'

/** How to start this program again: `[node, main.js]`. Set once by the host. */
let program: readonly string[] = [process.execPath, process.argv[1] ?? '']

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
  for (const { run } of [...found.orphans, ...found.ready]) {
    const key = `${workspace.root}\0${run}`
    if (begun.has(key)) continue
    begun.set(key, now)
    startSupervisor(workspace, run, key)
  }
  return found
}

function startSupervisor(workspace: Workspace, run: string, key: string): void {
  const [node = process.execPath, ...script] = program
  // It is spared the reading of ml.yaml: the parsers would be half of what it loads before it starts the command.
  const config = JSON.stringify(workspace.config)
  const child = spawn(
    node,
    [...script, 'supervise', '--workspace', workspace.root, '--config', config, run],
    {
      cwd: workspace.root,
      detached: true,
      stdio: 'ignore',
      env: { ...process.env, SPECWEAVE_RUN_DIR: undefined },
    },
  )
  child.on('error', () => begun.delete(key))
  child.unref()
}
