import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

export function kill(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended already.
  }
}

/** What `ps` shows of a process; empty where there is none. */
export function commandOf(pid: number): string {
  try {
    return process.platform === 'linux'
      ? readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      : execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' })
  } catch {
    return ''
  }
}

/** Whether a supervisor has something left to do; no where it is gone, or waits for its next run. */
export function works(supervisor: number): boolean {
  const command = commandOf(supervisor)
  return command !== '' && !command.includes('supervise: waiting')
}

/** Processes with this entry in their environment; only Linux shows it cheaply. */
export function carrying(entry: string): number[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(entry)
      } catch {
        return false
      }
    })
    .map(Number)
}

/** Ends every process with this entry in its environment, also those that they start meanwhile. */
export async function endCarrying(entry: string): Promise<void> {
  for (let i = 0; i < 100 && carrying(entry).length > 0; i++) {
    for (const pid of carrying(entry)) kill(pid)
    await sleep(20)
  }
}
