import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { machineIdentity, type ProcessIdentity, processStartTime } from './identity.ts'

interface ProcessRow {
  pid: number
  ppid: number
  pgid: number
  session: number
}

const linux = process.platform === 'linux'

function linuxProcesses(): ProcessRow[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
        const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
        if (fields[0] === 'Z' || fields[0] === 'X') return []
        return [
          { pid: Number(name), ppid: Number(fields[1]), pgid: Number(fields[2]), session: Number(fields[3]) },
        ]
      } catch {
        return []
      }
    })
}

function otherProcesses(): ProcessRow[] {
  const text = execFileSync('ps', ['-axo', 'pid=,ppid=,pgid=,sess='], { encoding: 'utf8' })
  return text
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter((fields) => fields.length >= 3)
    .map(([pid = 0, ppid = 0, pgid = 0, session = 0]) => ({ pid, ppid, pgid, session }))
}

/** Whether a process carries `SPECWEAVE_RUN_DIR=<folder>` in the environment that it was started with. */
function carriesRunFolder(pid: number, folder: string): boolean {
  const marker = `SPECWEAVE_RUN_DIR=${folder}`
  try {
    if (linux)
      return readFileSync(`/proc/${pid}/environ`, 'latin1')
        .split('\0')
        .includes(Buffer.from(marker).toString('latin1'))
    const line = execFileSync('ps', ['-E', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' })
    return line.split(/\s+/).includes(marker)
  } catch {
    return false
  }
}

/**
 * The processes of a run that still live: those of the wrapper's group and session, and those that left both but
 * carry the run's folder in their environment (daemons). The wrapper itself is left out.
 * @param wrapper led the run's process group and session.
 */
export function processesOfRun(wrapper: ProcessIdentity | undefined, folder: string): number[] {
  const leader = wrapper && groupMayLive(wrapper) ? wrapper.pid : -1
  return (linux ? linuxProcesses() : otherProcesses())
    .filter((row) => row.pid !== leader && row.pid !== process.pid)
    .filter((row) => row.pgid === leader || row.session === leader || carriesRunFolder(row.pid, folder))
    .map((row) => row.pid)
}

/**
 * A pid is given to nobody else while a group of that number has members. Where another process has it, or the machine
 * was started again, that group is a stranger's.
 */
function groupMayLive({ pid, start_time, boot_id, pid_ns, machine_id }: ProcessIdentity): boolean {
  const here = machineIdentity()
  if (boot_id !== here.boot_id || pid_ns !== here.pid_ns || machine_id !== here.machine_id) return false
  const now = processStartTime(pid)
  return now === undefined || now === start_time
}

/** @returns false where there is no such process (any more). */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    process.kill(pid, name)
    return true
  } catch {
    return false
  }
}
