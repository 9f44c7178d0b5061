import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Workspace } from '../store/workspace.ts'

const OWN_FILE = 'supervise.cjs'

/** How to start this program again: `[node, main.js]`. Set once by the host. */
let program: readonly string[] = [process.execPath, mainScript(process.argv[1] ?? '')]

/** The supervisor has a file of its own beside the program's, which starts faster (scripts/build.mjs). */
export function mainScript(script: string): string {
  return basename(script) === OWN_FILE ? join(dirname(script), 'main.js') : script
}

export function setProgram(argv: readonly string[]): void {
  program = argv
}

export function thisProgram(): readonly string[] {
  return program
}

function supervisorProgram(): readonly string[] {
  const [node = process.execPath, ...script] = program
  const own = join(dirname(script[0] ?? ''), OWN_FILE)
  return existsSync(own) ? [node, own] : [node, ...script, 'supervise']
}

/** What a supervisor says when it has nothing left to do and waits. */
export const IDLE = 'idle'

/** More of them that wait are sent home. */
const MOST_IDLE = 2

/** A supervisor whose last run has ended may take a run for which another was started so short a time ago. */
const JUST_BEGUN_MS = 250

interface Pool {
  idle: Set<ChildProcess>
  latest: { run: string; at: number }
}

const connected = new Set<ChildProcess>()

/** By workspace and settings: a supervisor keeps the settings that it was started with. */
const pools = new Map<string, Pool>()

/**
 * Sees to it that a supervisor looks at a run soon: one of ours that waits for work, else a new one. Starting one is
 * most of what a short run costs. This is a way of telling and no more: who gets the run is decided by the claim, and a
 * supervisor that works needs nobody (design: it is detached, and all that it knows is in files).
 * @param gone called when the supervisor has ended, so that another may be sent.
 */
export function sendSupervisor(workspace: Workspace, run: string, gone: () => void): void {
  const key = `${workspace.root}\0${JSON.stringify(workspace.config)}`
  const pool = pools.get(key) ?? { idle: new Set(), latest: { run, at: Number.NEGATIVE_INFINITY } }
  pools.set(key, pool)
  pool.latest = { run, at: performance.now() }
  const start = (): void => startSupervisor(workspace, run, pool, gone)
  const [waiting] = pool.idle
  if (waiting) give(waiting, run, pool, start)
  else start()
}

function give(supervisor: ChildProcess, run: string, pool: Pool, otherwise: () => void): void {
  pool.idle.delete(supervisor)
  // It may leave, or be killed, before it has read this.
  const left = (): void => {
    supervisor.off('message', taken)
    otherwise()
  }
  const taken = (): void => void supervisor.off('exit', left)
  supervisor.once('exit', left)
  supervisor.once('message', taken)
  supervisor.send(run, () => {})
}

function startSupervisor(workspace: Workspace, run: string, pool: Pool, gone: () => void): void {
  const [node = process.execPath, ...script] = supervisorProgram()
  // It is spared the reading of ml.yaml: the parsers would be half of what it loads before it starts the command.
  const config = JSON.stringify(workspace.config)
  const child = spawn(node, [...script, '--workspace', workspace.root, '--config', config, run], {
    cwd: workspace.root,
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: { ...process.env, SPECWEAVE_RUN_DIR: undefined },
  })
  connected.add(child)
  child.on('error', gone)
  child.on('exit', () => {
    connected.delete(child)
    pool.idle.delete(child)
    gone()
  })
  child.on('message', () => {
    const { run: latest, at } = pool.latest
    if (performance.now() - at < JUST_BEGUN_MS) {
      pool.latest.at = Number.NEGATIVE_INFINITY
      give(child, latest, pool, () => {})
    } else if (pool.idle.size < MOST_IDLE) pool.idle.add(child)
    else child.disconnect()
  })
  child.unref()
  child.channel?.unref()
}

/** Sends home those that wait; the others leave when they have done their work. They would, too, when this process ends. */
export function dismissSupervisors(): void {
  for (const supervisor of connected) if (supervisor.connected) supervisor.disconnect()
  connected.clear()
  pools.clear()
}
