import { distance } from 'fastest-levenshtein'

/** Increment `0042`; its folder is `0042-churn-model`. */
export const INCREMENT_FOLDER = /^(\d{4,})-([a-z0-9]+(?:-[a-z0-9]+)*)$/
/** `exp-003-xgboost`, `exp-003-xgboost-r2`. */
export const EXPERIMENT_FOLDER = /^exp-(\d{3,})-([^/\\\0]{1,200})$/
/** Seeds `s7`, folds `f3`, trials `t0017`: child runs, in a folder of that name under their parent. */
export const CHILD_FOLDER = /^(?:s\d+|f\d+|t\d{4,})$/
export const JOB_ID = /^job-(\d{3,})$/
export const DATASET_ID = /^([a-z0-9][a-z0-9._-]*)@(\d+)$/

const RESERVED = new Set(['con', 'prn', 'aux', 'nul'])

/**
 * A name made fit for a folder: lower case ASCII, words joined by `-`, at most 60 characters; accents are dropped.
 * @returns an empty string where nothing usable is left.
 */
export function slugify(text: string): string {
  const slug = text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60)
    .replace(/-+$/, '')
  return RESERVED.has(slug) ? `${slug}-1` : slug
}

export function padNumber(n: number, width: number): string {
  return String(n).padStart(width, '0')
}

export interface RunId {
  increment: string
  experiment: string
  child?: string
}

/** Reads `0042/exp-003-xgboost` and `0042/exp-005-tune/t0017`; `undefined` where the text is no run id. */
export function parseRunId(id: string): RunId | undefined {
  const [increment, experiment, child, ...rest] = id.split('/')
  if (!increment || !experiment || rest.length > 0) return undefined
  if (!/^\d{4,}$/.test(increment) || !EXPERIMENT_FOLDER.test(experiment)) return undefined
  if (child !== undefined && !CHILD_FOLDER.test(child)) return undefined
  return child === undefined ? { increment, experiment } : { increment, experiment, child }
}

/** The closest known names to what was typed, best first: a third of its length in edits, or a common beginning. */
export function nearest(typed: string, known: readonly string[], limit = 3): string[] {
  return known
    .map((name) => ({
      name,
      edits:
        name.includes(typed) || typed.includes(name)
          ? 0
          : abbreviates(typed, name)
            ? 0.5
            : distance(typed, name),
    }))
    .filter(({ edits }) => edits <= Math.max(2, Math.ceil(typed.length / 3)))
    .sort((a, b) => a.edits - b.edits || (a.name < b.name ? -1 : 1))
    .slice(0, limit)
    .map(({ name }) => name)
}

/** `cmd` of `command`: the same first letter, and the others in their order. */
function abbreviates(typed: string, name: string): boolean {
  if (typed.length < 3 || typed[0] !== name[0]) return false
  let at = 0
  for (const letter of name) if (letter === typed[at]) at++
  return at === typed.length
}
