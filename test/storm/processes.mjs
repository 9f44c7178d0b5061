// The processes of a round, found by the mark in the environment that they were started with.
import { appendFileSync, readdirSync, readFileSync } from 'node:fs'

/** @returns {{pid: number, kind: string, words: string[], state: string}[]} */
export function processesOf(arena) {
  const mark = `STORM_MARK=${arena.mark}`
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      try {
        const environment = readFileSync(`/proc/${name}/environ`, 'latin1').split('\0')
        if (!environment.includes(mark)) return []
        const words = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0')
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
        const state = stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3)
        if (state === 'Z' || state === 'X') return []
        const runFolder = environment.find((entry) => entry.startsWith('SPECWEAVE_RUN_DIR='))?.slice(18)
        return [{ pid: Number(name), kind: kindOf(words), words, state, runFolder }]
      } catch {
        return []
      }
    })
}

function kindOf(words) {
  const text = words.join(' ')
  if (words.includes('specweave-run')) return 'wrapper'
  // It may have a file of its own, or be a command of the program; then it gives itself a name.
  if (words[0].startsWith('specweave-ml supervise')) return 'supervisor'
  if (words.slice(1, 3).some((word) => /(?:^|\/)supervise(?:\.\w+)?$/.test(word))) return 'supervisor'
  if (words[2] === 'serve') return 'server'
  if (text.includes('specweave_lab')) return 'lab'
  if (text.includes('storm_script.py')) return 'script'
  return text.includes('main.js') ? 'job' : 'other'
}

/** Sends SIGKILL and writes it down, as every killer of the storm does. @returns whether it was there. */
export function killed(arena, { pid, kind, runFolder }, step) {
  const fact = { kind, step, pid, target: runFolder, how: 'from outside' }
  appendFileSync(arena.path('kills.jsonl'), `${JSON.stringify(fact)}\n`)
  try {
    process.kill(pid, 'SIGKILL')
    return true
  } catch {
    return false
  }
}

export function signal(pid, name) {
  try {
    process.kill(pid, name)
    return true
  } catch {
    return false
  }
}
