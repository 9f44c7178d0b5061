import {
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { makeFolder, readJson } from '../adapters/files.ts'
import { processesOfRun, signal } from '../adapters/process/group.ts'
import { sleep } from '../core/clock.ts'
import { readFacts } from './facts.ts'
import type { RunRecord } from './record.ts'
import { endProcesses } from './stop.ts'

/** Everything of a smoke run lies here, in the folder of its run, and goes with it. */
export const SCRATCH = '.preflight'

export interface Scratch {
  folder: string
  /** The split files, cut. */
  data: string
  /** What stands for the run's folder. */
  run: string
}

export function scratchOf(runFolder: string): Scratch {
  const folder = join(runFolder, SCRATCH)
  return { folder, data: join(folder, 'data'), run: join(folder, 'run') }
}

/** An empty one; what a dead supervisor left is ended and removed first. */
export async function makeScratch(runFolder: string, record: RunRecord): Promise<Scratch> {
  await clearScratch(runFolder)
  const scratch = scratchOf(runFolder)
  // One by one: where the run's folder was taken away, it is not made a second time.
  for (const folder of [scratch.folder, scratch.run]) makeFolder(folder)
  for (const part of ['events', 'logs', 'predictions']) makeFolder(join(scratch.run, part))
  writeFileSync(join(scratch.run, 'run.json'), `${JSON.stringify(record, undefined, 2)}\n`)
  return scratch
}

/** Ends what is left of a smoke run, puts back what it wrote over, and removes its files. */
export async function clearScratch(runFolder: string): Promise<void> {
  const { folder, run } = scratchOf(runFolder)
  if (!existsSync(folder)) return
  await endSmoke(run)
  restoreOutputs(folder)
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
}

const GRACE_MS = 2000

/** Ends the processes of a smoke run; its wrapper too, which may not have said yet that it is there. */
export async function endSmoke(run: string): Promise<void> {
  await endProcesses(run, GRACE_MS)
  for (let round = 0; round < 20; round++) {
    const left = processesOfRun(readFacts(run)?.started, run)
    if (left.length === 0) return
    for (const pid of left) signal(pid, 'SIGKILL')
    await sleep(50)
  }
}

interface KeptOutput {
  path: string
  /** Name of the copy; null where the file was not there. */
  copy: string | null
}

const LARGEST = 256 * 1024 * 1024

/**
 * Files that `metrics_from` names outside the run's folder: a smoke run writes them too, and its points must not be
 * taken for the run's.
 */
export function keepOutputs(scratch: Scratch, paths: readonly string[]): void {
  const kept: KeptOutput[] = []
  for (const [number, path] of paths.entries()) {
    const stat = statSync(path, { throwIfNoEntry: false })
    if (stat && (!stat.isFile() || stat.size > LARGEST)) continue
    const copy = stat ? `output-${number}` : null
    if (stat && copy) {
      copyFileSync(path, join(scratch.folder, copy), constants.COPYFILE_FICLONE)
      utimesSync(join(scratch.folder, copy), stat.atime, stat.mtime)
    }
    kept.push({ path, copy })
  }
  writeFileSync(join(scratch.folder, 'outputs.json'), JSON.stringify(kept))
}

export function restoreOutputs(folder: string): void {
  const kept = readJson<KeptOutput[]>(join(folder, 'outputs.json'))
  for (const { path, copy } of Array.isArray(kept) ? kept : []) {
    if (copy === null) rmSync(path, { force: true })
    else if (existsSync(join(folder, copy))) {
      const { atime, mtime } = statSync(join(folder, copy))
      mkdirSync(dirname(path), { recursive: true })
      copyFileSync(join(folder, copy), path)
      utimesSync(path, atime, mtime)
    }
  }
}
