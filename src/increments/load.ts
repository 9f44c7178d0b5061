import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { readText } from '../adapters/files.ts'
import { Refusal } from '../core/errors.ts'
import { INCREMENT_FOLDER, nearest, padNumber } from '../core/ids.ts'
import type { Workspace } from '../store/workspace.ts'
import { parseSpec, type SpecDocument } from './front-matter.ts'
import { type IncrementStatus, isClosed, readMetadata } from './metadata.ts'

/** An increment of ours: a folder with a spec.md whose front matter has an `ml` block. */
export interface IncrementRef {
  /** `0042` */
  id: string
  slug: string
  /** `0042-recommendation-model` */
  folder: string
  /** Absolute. */
  path: string
  /** From the workspace's root, for answers and documents. */
  relative: string
  status: IncrementStatus
  lastActivity?: string
}

/** All increments of ours by number; those of the SpecWeave engine without an `ml` block are not ours to judge. */
export function listIncrements(workspace: Workspace): IncrementRef[] {
  let names: string[]
  try {
    // A link is no increment: what is written into one would lie somewhere else.
    names = readdirSync(workspace.layout.increments, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
  } catch {
    return []
  }
  return names
    .flatMap((folder) => {
      const [, id, slug] = INCREMENT_FOLDER.exec(folder) ?? []
      const path = join(workspace.layout.increments, folder)
      if (!id || !slug || !/^ml:/m.test(readText(join(path, 'spec.md')) ?? '')) return []
      const metadata = readMetadata(path)
      const status: IncrementStatus = metadata?.status ?? 'active'
      const relative = `.specweave/increments/${folder}`
      return [{ id, slug, folder, path, relative, status, lastActivity: metadata?.lastActivity }]
    })
    .sort((a, b) => Number(a.id) - Number(b.id) || a.folder.localeCompare(b.folder))
}

/** Those that `get_increment` gives an overview of and of which one is meant where none is named. */
export function activeIncrements(workspace: Workspace): IncrementRef[] {
  return listIncrements(workspace).filter(({ status }) => status === 'active')
}

/**
 * Finds the increment that is meant: `0042`, `42`, `0042-recommendation-model`, `recommendation-model`; the one that is
 * active where none is named.
 * @param purpose `work` needs an increment that is open: where all are closed, the way on is a new one
 * @throws Refusal INCREMENT_UNKNOWN (with the nearest), INCREMENT_AMBIGUOUS (with those that are active)
 */
export function resolveIncrement(
  workspace: Workspace,
  named?: string,
  purpose: 'look' | 'work' = 'look',
): IncrementRef {
  const all = listIncrements(workspace)
  if (named === undefined || named.trim() === '') return onlyActive(all, purpose)
  const typed = named.trim()
  const number = /^#?(\d{1,9})$/.exec(typed)?.[1]
  const found = all.filter((increment) =>
    number ? Number(increment.id) === Number(number) : increment.folder === typed || increment.slug === typed,
  )
  const [first, second] = found
  if (first && !second) return first
  if (first) throw ambiguous(found, `"${typed}" is the name of several increments`)
  // `0042-old-name` after a renaming still says which is meant, but only as a hint
  const byNumber = all.filter(({ id }) => typed.startsWith(`${id}-`))
  throw unknown(typed, number, all, byNumber)
}

/**
 * The same for calls that only show: where none is named and none is active, the one that was worked on last, with a
 * sentence that says so.
 * @throws Refusal as {@link resolveIncrement}
 */
export function incrementToShow(
  workspace: Workspace,
  named?: string,
): { increment: IncrementRef; note?: string } {
  const all = named === undefined || named.trim() === '' ? listIncrements(workspace) : []
  const last = all.some(({ status }) => status === 'active') ? undefined : lastWorkedOn(all)
  return last
    ? { increment: last, note: `No increment is active; this is the one worked on last: ${listed([last])}.` }
    : { increment: resolveIncrement(workspace, named) }
}

function lastWorkedOn(all: readonly IncrementRef[]): IncrementRef | undefined {
  const at = ({ lastActivity }: IncrementRef) => lastActivity ?? ''
  return all.reduce<IncrementRef | undefined>(
    (last, one) => (last === undefined || at(one) >= at(last) ? one : last),
    undefined,
  )
}

function onlyActive(all: IncrementRef[], purpose: 'look' | 'work'): IncrementRef {
  const active = all.filter(({ status }) => status === 'active')
  const [first, second] = active
  if (first && !second) return first
  if (first) throw ambiguous(active, 'Several increments are active; name one')
  const open = all.filter(({ status }) => !isClosed(status))
  const last = lastWorkedOn(all)
  const shown = lastWorkedOn(open) ?? (purpose === 'look' ? last : undefined)
  throw new Refusal(
    'INCREMENT_UNKNOWN',
    last === undefined
      ? 'There is no increment in this workspace yet.'
      : `No increment is active${open.length > 0 ? `; open are ${listed(open)}. Name one` : `: all are closed, ${listed([last])} the last. ${purpose === 'work' ? 'Make one' : 'Name one'}`}.`,
    {
      missing: ['increment'],
      next: shown
        ? [{ tool: 'get_increment', arguments: { increment: shown.id }, why: `shows ${shown.folder}` }]
        : [
            {
              tool: 'create_increment',
              arguments: { title: 'Churn model', problem_type: 'classification' },
              why: `makes the ${all.length === 0 ? 'first' : 'next'} increment; put in its title and problem type`,
            },
          ],
    },
  )
}

function unknown(
  typed: string,
  number: string | undefined,
  all: IncrementRef[],
  byNumber: IncrementRef[],
): Refusal {
  const wanted = number === undefined ? typed : padNumber(Number(number), 4)
  const names =
    number === undefined ? all.flatMap(({ folder, slug }) => [folder, slug]) : all.map(({ id }) => id)
  const close = nearest(wanted, names)
    .map((name) => all.find(({ id, folder, slug }) => id === name || folder === name || slug === name)!)
    .concat(byNumber)
  const unique = [...new Set(close)].slice(0, 3)
  const hint =
    unique.length > 0
      ? ` The nearest: ${listed(unique)}.`
      : all.length > 0
        ? ` There are ${listed(all.slice(-5))}.`
        : ' There is none in this workspace yet.'
  const best = unique[0]
  return new Refusal('INCREMENT_UNKNOWN', `No increment is called "${typed}".${hint}`, {
    invalid: [{ field: 'increment', problem: 'no increment has this id' }],
    next: best
      ? [{ tool: 'get_increment', arguments: { increment: best.id }, why: `shows ${best.folder}` }]
      : [{ tool: 'get_increment', arguments: {}, why: 'shows what there is' }],
  })
}

function ambiguous(found: IncrementRef[], what: string): Refusal {
  return new Refusal('INCREMENT_AMBIGUOUS', `${what}: ${listed(found)}.`, {
    missing: ['increment'],
    next: found.slice(0, 3).map(({ id, folder }) => ({
      tool: 'get_increment',
      arguments: { increment: id },
      why: `shows ${folder}`,
    })),
  })
}

function listed(increments: readonly IncrementRef[]): string {
  return increments.map(({ folder, status }) => `${folder} (${status})`).join(', ')
}

/** Reads an increment's spec.md. @throws Refusal SPEC_INVALID, with line and column */
export function readSpec(increment: IncrementRef): SpecDocument {
  const file = `${increment.relative}/spec.md`
  const text = readText(join(increment.path, 'spec.md'))
  if (text === undefined)
    throw new Refusal('SPEC_INVALID', `${file} is missing.`, {
      next: [{ person: `git checkout -- ${file}`, why: 'brings it back' }],
    })
  return parseSpec(text, file)
}
