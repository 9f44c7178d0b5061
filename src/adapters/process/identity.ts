import { execFileSync } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'

/**
 * Who a process is, in a way that survives pid reuse, a reboot and containers: death is judged by these facts and
 * never by a heartbeat, so that a process that was merely stopped is alive.
 */
export interface ProcessIdentity {
  pid: number
  /** Linux: clock ticks since boot (field 22 of /proc/<pid>/stat). macOS: what `ps -o lstart=` prints. */
  start_time: string
  boot_id: string
  /** `pid:[4026531836]`; empty where the platform has no PID namespaces. */
  pid_ns: string
  /** Stable for the machine, never the hostname, which changes with the network. */
  machine_id: string
}

export type Liveness = 'alive' | 'dead' | 'foreign'

const linux = process.platform === 'linux'
const BOOT_ID = '/proc/sys/kernel/random/boot_id'

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return ''
  }
}

function output(command: string, args: string[]): string {
  try {
    return execFileSync(command, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 2000,
    }).trim()
  } catch {
    return ''
  }
}

/** The start time of a live process, or `undefined` where there is none with this pid. A zombie has ended. */
export function processStartTime(pid: number): string | undefined {
  if (linux) {
    const stat = read(`/proc/${pid}/stat`)
    // The command's name may hold spaces and parentheses: fields are counted after the last `)`.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return stat === '' || fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
  }
  return output('ps', ['-o', 'lstart=', '-p', String(pid)]) || undefined
}

/** Whether a process was suspended (SIGSTOP, Ctrl-Z): it lives, and does nothing. */
export function isStopped(pid: number): boolean {
  const state = linux
    ? read(`/proc/${pid}/stat`).replace(/^.*\) /s, '')
    : output('ps', ['-o', 'state=', '-p', String(pid)])
  return state.startsWith('T')
}

let machine: Pick<ProcessIdentity, 'boot_id' | 'pid_ns' | 'machine_id'> | undefined

/** The facts that are the same for every process of this machine and namespace. */
export function machineIdentity(): Pick<ProcessIdentity, 'boot_id' | 'pid_ns' | 'machine_id'> {
  machine ??= linux
    ? {
        boot_id: read(BOOT_ID),
        pid_ns: readlinkOrEmpty('/proc/self/ns/pid'),
        machine_id: read('/etc/machine-id') || read('/var/lib/dbus/machine-id') || `boot:${read(BOOT_ID)}`,
      }
    : {
        boot_id: output('sysctl', ['-n', 'kern.bootsessionuuid']),
        pid_ns: '',
        machine_id:
          /"IOPlatformUUID" = "([^"]+)"/.exec(
            output('ioreg', ['-rd1', '-c', 'IOPlatformExpertDevice']),
          )?.[1] ?? `boot:${output('sysctl', ['-n', 'kern.bootsessionuuid'])}`,
      }
  return machine
}

function readlinkOrEmpty(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

let current: ProcessIdentity | undefined

export function currentProcess(): ProcessIdentity {
  current ??= { pid: process.pid, start_time: processStartTime(process.pid) ?? '', ...machineIdentity() }
  return current
}

/** `foreign`: another machine or PID namespace, which is never judged from here. */
export function liveness(identity: ProcessIdentity): Liveness {
  const here = machineIdentity()
  if (identity.machine_id !== here.machine_id) return 'foreign'
  if (identity.boot_id !== here.boot_id) return 'dead'
  if (identity.pid_ns !== here.pid_ns) return 'foreign'
  return processStartTime(identity.pid) === identity.start_time ? 'alive' : 'dead'
}
