import {
  closeSync,
  createReadStream,
  createWriteStream,
  existsSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { asRefusal, temporaryName } from '../adapters/files.ts'
import type { SplitName } from './datasets.ts'
import { readEvidence } from './evidence-file.ts'
import type { Ledger } from './ledger.ts'
import { contentSha256 } from './predictions-content.ts'
import { fileSha256 } from './vault.ts'

/** Of all predictions of one increment that are kept for Git, compressed. */
export const KEPT_BYTES = 20 * 1024 ** 2

/** No CSV becomes smaller than this share of itself often enough to try it. */
const SMALLEST_SHARE = 1 / 10

/** One file of predictions that a verdict read, as its line in the ledger names it (`data.predictions`). */
export interface JudgedPredictions {
  run: string
  split: SplitName
  /** Of the CSV's bytes; the same as `predictions_sha256` in evidence.json. */
  sha256: string
  /** Of `predictions/<split>.csv.gz`; null where it was not kept. */
  gzip_bytes: number | null
  /** Why it was not kept: it would be more than {@link KEPT_BYTES} in all, or was gone or changed by then. */
  not_kept?: 'too_large' | 'missing'
}

export interface JudgedRun {
  run: string
  /** Absolute. */
  folder: string
}

/** What a pass rests on comes first where there is no room for all. */
const ORDER: readonly string[] = ['test', 'validation', 'train']

/**
 * Writes `predictions/<split>.csv.gz` beside the predictions that a verdict read, so that Git can hold them and a clone
 * can score them again. The bytes depend on the CSV alone: no time, no name. What is there already stays.
 * @param runs the candidate first.
 * @param before what earlier verdicts of the increment kept: it counts, too.
 */
export async function keepPredictions(
  runs: readonly JudgedRun[],
  before: readonly JudgedPredictions[] = [],
  limit = KEPT_BYTES,
): Promise<JudgedPredictions[]> {
  const judged = new Set(runs.map(({ run }) => run))
  let room = limit - sum(before.filter(({ run }) => !judged.has(run)))
  const kept: JudgedPredictions[] = []
  for (const { run, folder } of runs) {
    const splits = Object.entries(readEvidence(folder)?.splits ?? {}).sort(
      ([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1),
    )
    for (const [split, { predictions_sha256: sha256 }] of splits) {
      if (typeof sha256 !== 'string') continue
      const gzipBytes = await keep(join(folder, 'predictions', `${split}.csv`), sha256, room)
      if (typeof gzipBytes === 'number') room -= gzipBytes
      kept.push({
        run,
        split: split as SplitName,
        sha256,
        ...(typeof gzipBytes === 'number'
          ? { gzip_bytes: gzipBytes }
          : { gzip_bytes: null, not_kept: gzipBytes }),
      })
    }
  }
  return kept
}

function rank(split: string): number {
  return ORDER.includes(split) ? ORDER.indexOf(split) : ORDER.length
}

function sum(kept: readonly JudgedPredictions[]): number {
  return kept.reduce((bytes, { gzip_bytes }) => bytes + (gzip_bytes ?? 0), 0)
}

/** @returns the bytes of the compressed file, or why there is none. */
async function keep(path: string, sha256: string, room: number): Promise<number | 'too_large' | 'missing'> {
  const target = `${path}.gz`
  if (existsSync(target) && (await holds(target, sha256))) return statSync(target).size
  if (!existsSync(path) || (await fileSha256(path)) !== sha256) return 'missing'
  if (statSync(path).size * SMALLEST_SHARE > room) return 'too_large'
  const temporary = join(dirname(path), temporaryName('tmp'))
  try {
    await pipeline(
      createReadStream(path),
      createGzip({ level: 9 }),
      createWriteStream(temporary, { flags: 'wx' }),
    )
    nameNoSystem(temporary)
    const { size } = statSync(temporary)
    if (size > room) return 'too_large'
    renameSync(temporary, target)
    return size
  } catch (cause) {
    throw asRefusal(cause, target)
  } finally {
    rmSync(temporary, { force: true })
  }
}

async function holds(gzip: string, sha256: string): Promise<boolean> {
  return contentSha256(gzip).then(
    (found) => found === sha256,
    () => false,
  )
}

/** The tenth byte of a gzip file names the operating system (RFC 1952); zlib fills it in, we say "unknown". */
function nameNoSystem(path: string): void {
  const fd = openSync(path, 'r+')
  try {
    writeSync(fd, Buffer.from([255]), 0, 1, 9)
  } finally {
    closeSync(fd)
  }
}

/** Runs that the latest verdict of an increment read and that are not here: of their numbers nothing can be proven. */
export function missingJudged(ledger: Ledger, increment: string, runs: ReadonlySet<string>): string[] {
  const read = judgedBefore(ledger, increment).at(-1) ?? []
  return [...new Set(read.map(({ run }) => run))].filter((run) => !runs.has(run))
}

/** What each verdict of an increment read, the newest last; `undefined` for one that was recorded without it. */
export function judgedBefore(ledger: Ledger, increment: string): (JudgedPredictions[] | undefined)[] {
  return ledger.lines
    .filter((line) => line.event === 'gate.decided' && line.verified && line.data.increment === increment)
    .map(({ data }) =>
      Array.isArray(data.predictions) ? (data.predictions as JudgedPredictions[]) : undefined,
    )
}
