import type { NextStep } from '../../core/errors.ts'
import { slugify } from '../../core/ids.ts'
import type { ProblemType } from '../../core/problem-types.ts'
import { likelySource } from './likely-source.ts'

const COLUMNS = 12

/**
 * The step before all others of an increment without data. Only its user knows the file and the target; where the
 * workspace holds exactly one file of data, it is proposed.
 * @param root of the workspace
 */
export function registerStep(root: string, increment: string, problemType: ProblemType): NextStep {
  const { files, more, columns, target } = likelySource(root, problemType)
  const only = files.length === 1 ? files[0] : undefined
  const name = only
    ?.split('/')
    .at(-1)
    ?.replace(/\.\w+$/, '')
  return {
    tool: 'register_dataset',
    arguments: {
      name: (name && slugify(name).slice(0, 60)) || 'data',
      source: only ?? 'path/to/data.csv',
      target: target ?? 'column',
      problem_type: problemType,
      increment,
    },
    why: `profiles and splits the data and seals the test labels; ${toSettle(files, more, columns, target)}`,
  }
}

/** What of the call its user has to say. Names of columns are data, and stand in quotes. */
function toSettle(
  files: readonly string[],
  more: number,
  columns: readonly string[],
  target?: string,
): string {
  if (files.length === 0) return 'name your own file and target'
  if (files.length > 1)
    return `name the file (here are ${files.join(', ')}${more > 0 ? ` and ${more} more` : ''}) and the target`
  if (target) return 'the only data file here, and the target by its usual name: ask if they are meant'
  const shown = columns.slice(0, COLUMNS).map((column) => JSON.stringify(column.slice(0, 40)))
  const rest = columns.length > COLUMNS ? ` and ${columns.length - COLUMNS} more` : ''
  return `the only data file here; name the target${shown.length > 0 ? ` (its columns: ${shown.join(', ')}${rest})` : ''}`
}
