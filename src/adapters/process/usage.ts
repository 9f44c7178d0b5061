import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** CPU time and memory of some processes together, at one moment. */
export interface Usage {
  /** User and system time so far, seconds. */
  cpuS: number
  /** Resident memory, bytes. */
  rssBytes: number
}

const CLOCK_TICKS = 100
const PAGE_BYTES = 4096

export function usageOf(pids: readonly number[]): Usage {
  if (process.platform === 'linux') {
    let cpuS = 0
    let rssBytes = 0
    for (const pid of pids) {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
        const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
        cpuS += (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS
        rssBytes += Number(fields[21]) * PAGE_BYTES
      } catch {
        // It ended between the listing and this look.
      }
    }
    return { cpuS, rssBytes }
  }
  if (pids.length === 0) return { cpuS: 0, rssBytes: 0 }
  try {
    const text = execFileSync('ps', ['-o', 'time=,rss=', '-p', pids.join(',')], { encoding: 'utf8' })
    return text
      .trim()
      .split('\n')
      .reduce(
        (sum, line) => {
          const [time = '0:0', rss = '0'] = line.trim().split(/\s+/)
          const seconds = time.split(/[:-]/).reduce((total, part) => total * 60 + Number(part), 0)
          return { cpuS: sum.cpuS + seconds, rssBytes: sum.rssBytes + Number(rss) * 1024 }
        },
        { cpuS: 0, rssBytes: 0 },
      )
  } catch {
    return { cpuS: 0, rssBytes: 0 }
  }
}
