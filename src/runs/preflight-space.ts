import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  readdirSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { freemem } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { confine, readText } from '../adapters/files.ts'
import { substitute } from './prepare.ts'
import type { RunRecord } from './record.ts'
import type { SameCommand } from './same-command.ts'

const GIB = 1024 ** 3
/** Asked for where no earlier run tells how much the command writes. */
const UNKNOWN_BYTES = GIB
const FEWEST_BYTES = 100 * 1024 ** 2
const MOST_ENTRIES = 20_000

export interface Found {
  status: 'pass' | 'fail' | 'warn'
  message: string
}

/** Absolute paths of `metrics_from`. */
export function outputPaths(root: string, folder: string, record: RunRecord): string[] {
  return record.metrics_from.map(({ path }) =>
    confine(root, resolve(root, record.cwd, substitute(path, { run_dir: folder }))),
  )
}

/** Whether the run's folder and what `metrics_from` names can be written. A folder that is not there may be made. */
export function checkOutputs(root: string, folder: string, paths: readonly string[]): Found {
  const probe = join(folder, '.preflight-probe')
  try {
    writeFileSync(probe, 'x')
    rmSync(probe)
  } catch (cause) {
    return { status: 'fail', message: `the run's folder cannot be written: ${reason(cause)}` }
  }
  for (const path of paths) {
    const shown = relative(root, path)
    const stat = statSync(path, { throwIfNoEntry: false })
    if (stat && !stat.isFile()) return { status: 'fail', message: `${shown} (metrics_from) is no file` }
    const place = stat ? path : nearestFolder(dirname(path))
    try {
      accessSync(place, constants.W_OK)
    } catch (cause) {
      return { status: 'fail', message: `${shown} (metrics_from) cannot be written: ${reason(cause)}` }
    }
  }
  const also = paths.length > 0 ? ` and ${paths.length} of metrics_from` : ''
  return { status: 'pass', message: `the run's folder${also} can be written` }
}

/** Free disk against what earlier runs of the command wrote; free memory against what they held, which only warns. */
export function checkSpace(folder: string, record: RunRecord, earlier: readonly SameCommand[]): Found {
  const written = Math.max(0, ...earlier.map((run) => bytesIn(run.folder)))
  const needed = written > 0 ? Math.max(FEWEST_BYTES, 2 * written) : UNKNOWN_BYTES
  const { bavail, bsize } = statfsSync(folder)
  const free = bavail * bsize
  const why =
    written > 0 ? 'twice what its largest earlier run wrote, at least 0.1' : 'no earlier run tells how much'
  const disk = `${gib(free)} GiB of disk are free, ${gib(needed)} GiB wanted (${why})`
  if (free < needed) return { status: 'fail', message: `too little room: ${disk}` }
  const peak = Math.max(0, ...earlier.map(({ peakBytes }) => peakBytes))
  const wanted = (record.resources.memory_gb ?? 0) * GIB || peak
  if (wanted === 0) return { status: 'pass', message: disk }
  const memory = freeMemory()
  const said = `${gib(memory)} GiB of memory are free, ${gib(wanted)} GiB ${record.resources.memory_gb ? 'asked for' : 'held by an earlier run'}`
  return { status: memory < wanted ? 'warn' : 'pass', message: `${disk}; ${said}` }
}

/** What a process can get: on Linux also what holds copies of files and can be given back. */
function freeMemory(): number {
  const available = /^MemAvailable:\s+(\d+) kB/m.exec(readText('/proc/meminfo') ?? '')
  return available ? Number(available[1]) * 1024 : freemem()
}

function nearestFolder(folder: string): string {
  let place = folder
  while (!existsSync(place) && dirname(place) !== place) place = dirname(place)
  return place
}

function bytesIn(folder: string): number {
  let bytes = 0
  let entries = 0
  const walk = (at: string): void => {
    let names: string[]
    try {
      names = readdirSync(at)
    } catch {
      return
    }
    for (const name of names) {
      if (++entries > MOST_ENTRIES) return
      const stat = lstatSync(join(at, name), { throwIfNoEntry: false })
      if (stat?.isDirectory()) walk(join(at, name))
      else if (stat?.isFile()) bytes += stat.size
    }
  }
  walk(folder)
  return bytes
}

function gib(bytes: number): string {
  return String(Number((bytes / GIB).toPrecision(3)))
}

function reason(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException
  return code ?? message
}
