import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

export function kill(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended already.
  }
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
