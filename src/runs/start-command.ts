import { spawn } from 'node:child_process'
import { closeSync, fstatSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder } from '../adapters/files.ts'
import { machineIdentity } from '../adapters/process/identity.ts'
import { WRAPPER_PROGRAM } from '../adapters/process/wrapper.ts'
import type { Prepared } from './prepare.ts'

/** A wrapper that this process started: it may find that another had started the command already, and leave. */
export interface StartedCommand {
  /** Settles when the wrapper has ended. */
  ended: Promise<void>
}

/**
 * Starts the wrapper in a session and process group of its own, with the logs as inherited descriptors: they are
 * written by the kernel for the command itself, so that nothing is lost whoever dies.
 */
export function startCommand(folder: string, prepared: Prepared): StartedCommand {
  makeFolder(join(folder, 'logs'))
  const stdout = openSync(join(folder, 'logs', 'stdout.log'), 'a')
  const stderr = openSync(join(folder, 'logs', 'stderr.log'), 'a')
  try {
    const { dev, ino } = fstatSync(stdout)
    const facts = JSON.stringify({ ...machineIdentity(), stdout: { dev, ino } }).slice(1, -1)
    const child = spawn(
      '/bin/sh',
      ['-c', WRAPPER_PROGRAM, 'specweave-run', folder, facts, ...prepared.command],
      {
        cwd: prepared.cwd,
        env: prepared.env,
        detached: true,
        stdio: ['ignore', stdout, stderr],
      },
    )
    const ended = new Promise<void>((resolve, reject) => {
      child.once('exit', () => resolve())
      child.once('error', reject)
    })
    return { ended }
  } finally {
    closeSync(stdout)
    closeSync(stderr)
  }
}
