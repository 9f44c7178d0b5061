import type { Check } from '../core/criterion.ts'
import type { GateFacts } from './gate-facts.ts'

/** What one run was seen to read, as far as the gate looks at it. */
export interface SeenRun {
  run: string
  /** Whether anything was noted at all: not of older runs, and not of programs that the lab cannot watch. */
  recorded: boolean
  /** How many files were seen, and whether there were more than the record holds. */
  files: number
  complete: boolean
  /** What a run that is judged must not read. */
  forbidden: readonly ForbiddenRead[]
  /** Files that hold rows of the test set, without what is to be predicted of them. */
  features?: readonly ForbiddenRead[]
  /** Files that were not looked through for rows of the test set, and might hold some; with the reason where one is known. */
  unsearched?: readonly { path: string; sha256: string | null; why?: string }[]
}

export interface ForbiddenRead {
  path: string
  /** What it is, to be read after "path, ". */
  what: string
  /** `path` is a command that was started, and not a file that was opened. */
  started?: true
}

const SHOWN = 3

/** Whether the candidate, or a run whose files it was seen to read, was seen to open sealed rows. */
export function readsChecks({ candidate, reads, increment, dataset }: GateFacts): Check[] {
  const [judged] = reads ?? []
  if (!candidate || !reads || !judged) return []
  const id = 'candidate.reads'
  const guilty = guiltyReads(reads)
  if (guilty) {
    return [
      {
        id,
        status: 'fail',
        message: `${guilty.what} A run that explores may do so; one that is judged, or that a judged one builds on, may not. ${REMEDY}`,
        evidence: guilty.run,
        next: {
          tool: 'run_experiment',
          arguments: { increment, name: candidate.name, command: candidate.command },
          why: 'runs it again once its script reads the registered splits alone; name that run as ml.candidate in spec.md',
        },
      },
    ]
  }
  if (!judged.recorded) {
    return [
      {
        id,
        status: 'pass',
        message: `not done, not blocking: nothing was noted of what ${candidate.run} read. It ran before such notes were taken, outside the lab, or as a program that is no Python.`,
        evidence: candidate.run,
      },
    ]
  }
  const count = reads.reduce((sum, { files }) => sum + files, 0)
  const others = reads.length > 1 ? ` and ${reads.length - 1} that it builds on` : ''
  const waiting = reads.flatMap((run) => run.unsearched ?? []).filter(({ why }) => why === undefined)
  const search = waiting.length > 0 ? ` ${waiting.length} of them ${WERE_NOT_SEARCHED}` : ''
  const left = notSearched(reads)
  const named = reads.flatMap((run) => run.features ?? []).slice(0, SHOWN)
  const features = named.map(({ path, what }) => ` ${path}, ${what}.`).join('')
  const cut = reads.some(({ complete }) => !complete) ? ', and the notes were cut off there' : ''
  return [
    {
      id,
      status: 'pass',
      message: `${left ? `warning, not blocking: ${left}. ` : ''}${candidate.run}${others} was not seen opening the source of ${dataset ?? 'its data'} or another split's labels (${count} data file${count === 1 ? '' : 's'} seen${cut}). That is no proof that it did not: other programs and some native readers are not seen.${search}${features}`,
      evidence: candidate.run,
    },
  ]
}

/** What a run, or one that it builds on, was seen to open that a judged run must not; the guilty run is the first. */
export function guiltyReads(reads: readonly SeenRun[]): { run: string; what: string } | undefined {
  const guilty = reads.filter(({ forbidden }) => forbidden.length > 0)
  const [judged] = reads
  if (!judged || !guilty[0]) return undefined
  return { run: guilty[0].run, what: guilty.map((run) => opened(run, judged)).join(' ') }
}

const REMEDY =
  'Load the splits with specweave.load_dataset(), or from SPECWEAVE_TRAIN, SPECWEAVE_VALIDATION and SPECWEAVE_TEST.'

const WERE_NOT_SEARCHED =
  'were not looked through for rows of the test set (not done, not blocking: the run was not looked at since they were read).'

/** `1 data file was not searched: ext.pkl (pickle is never loaded)`; `undefined` where all that can be was. */
export function notSearched(reads: readonly SeenRun[]): string | undefined {
  const files = reads
    .flatMap((run) => run.unsearched ?? [])
    .flatMap(({ path, why }) => (why ? [{ path, why }] : []))
  if (files.length === 0) return undefined
  const named = files.slice(0, SHOWN).map(({ path, why }) => `${path} (${why})`)
  const more = files.length > SHOWN ? `, and ${files.length - SHOWN} more` : ''
  const were = files.length === 1 ? '1 data file was' : `${files.length} data files were`
  return `${were} not searched for rows of the test set: ${named.join(', ')}${more}`
}

function opened({ run, forbidden }: SeenRun, judged: SeenRun): string {
  const shown = forbidden.slice(0, SHOWN).map((one, at) => {
    const before = forbidden[at - 1]
    const verb = before && before.started === one.started ? '' : `${doing(one)} `
    return `${verb}${one.path}, ${one.what}`
  })
  const more = forbidden.length > SHOWN ? `, and ${forbidden.length - SHOWN} more` : ''
  const builds = run === judged.run ? '' : `, whose files ${judged.run} was seen to read,`
  return `${run}${builds} was seen ${shown.join('; ')}${more}.`
}

function doing({ started }: ForbiddenRead): string {
  return started ? 'starting' : 'opening'
}

/** What a run is told at its end: it may have been made to explore. */
export function readsWarning({ forbidden }: SeenRun): string[] {
  const [first] = forbidden
  if (!first) return []
  const more = forbidden.length > 1 ? ` (and ${forbidden.length - 1} more)` : ''
  return [
    `was seen ${doing(first)} ${first.path}, ${first.what}${more}: it may explore, and a verdict on it fails. ${REMEDY}`,
  ]
}
