import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { asRefusal, makeFolder, temporaryName } from '../adapters/files.ts'
import { Refusal } from '../core/errors.ts'
import { EXPERIMENT_FOLDER, padNumber, slugify } from '../core/ids.ts'
import type { Layout } from '../store/layout.ts'

/**
 * The bare name that a caller gave, fit for a folder.
 * @throws Refusal RUN_NAME_INVALID where nothing usable is left, or the name reaches out of its folder.
 */
export function checkedName(name: string): string {
  const trimmed = name.trim()
  if (trimmed.length > 200 || /[/\\\0]|^\.+$/.test(trimmed)) {
    throw new Refusal('RUN_NAME_INVALID', `A run cannot be named ${JSON.stringify(trimmed.slice(0, 80))}.`, {
      invalid: [
        { field: 'name', problem: 'letters, digits, spaces, "-", "_" and "." only, at most 200 characters' },
      ],
    })
  }
  const match = EXPERIMENT_FOLDER.exec(trimmed)
  const slug = slugify(match ? (match[2] ?? '') : trimmed)
  if (slug === '') {
    throw new Refusal(
      'RUN_NAME_INVALID',
      `Nothing of the name ${JSON.stringify(name)} can be used for a folder.`,
      {
        invalid: [{ field: 'name', problem: 'needs at least one Latin letter or digit' }],
      },
    )
  }
  return match ? `exp-${match[1]}-${slug}` : slug
}

/** Whether two folder names are attempts at one experiment: the same but for number (of a bare name) and `-rN`. */
export function baseName(folder: string): string {
  return folder.replace(/-r\d+$/, '')
}

/** The newest folder of the experiment that a name means, if there is one. */
export function existingFolder(folders: readonly string[], name: string): string | undefined {
  const numbered = EXPERIMENT_FOLDER.test(name)
  return folders
    .filter((folder) => {
      const base = baseName(folder)
      return numbered ? base === name : EXPERIMENT_FOLDER.exec(base)?.[2] === name
    })
    .sort((a, b) => numberOf(a) - numberOf(b) || attempt(a) - attempt(b))
    .at(-1)
}

function numberOf(folder: string): number {
  return Number(EXPERIMENT_FOLDER.exec(folder)?.[1] ?? 0)
}

function attempt(folder: string): number {
  return Number(/-r(\d+)$/.exec(folder)?.[1] ?? 1)
}

/**
 * Makes a run's folder, whole from its first moment: filled under a temporary name and renamed. A rename onto a folder
 * that is not empty fails, so that each name is given once, whoever else is naming.
 * @param fill writes the files, given the name that the folder will have.
 * @returns the folder's name.
 */
export function createRunFolder(
  layout: Layout,
  experiments: string,
  increment: string,
  name: string,
  fill: (folder: string, name: string) => void,
): string {
  // Not its parents: an increment that was moved away must not come back empty.
  makeFolder(experiments)
  for (;;) {
    const folders = readdirSync(experiments)
    const existing = existingFolder(folders, name)
    const reservation =
      existing || EXPERIMENT_FOLDER.test(name) ? undefined : reserveNumber(layout, experiments, increment)
    const wanted = existing
      ? `${baseName(existing)}-r${attempt(existing) + 1}`
      : reservation
        ? `exp-${reservation.number}-${name}`
        : name
    const temporary = join(experiments, temporaryName('new'))
    try {
      mkdirSync(temporary)
      fill(temporary, wanted)
      renameSync(temporary, join(experiments, wanted))
      return wanted
    } catch (cause) {
      rmSync(temporary, { recursive: true, force: true })
      const { code } = cause as NodeJS.ErrnoException
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw asRefusal(cause, experiments)
    } finally {
      if (reservation) rmSync(reservation.file, { force: true })
    }
  }
}

interface Reservation {
  number: string
  file: string
}

/**
 * The next free experiment number of an increment, kept from others by exclusive creation until the folder stands.
 * The SDK follows the same protocol (python/sdk/specweave/numbering.py).
 */
function reserveNumber(layout: Layout, experiments: string, increment: string): Reservation {
  makeFolder(layout.reservations)
  for (
    let number = highestNumber(experiments) + 1;
    ;
    number = Math.max(number, highestNumber(experiments)) + 1
  ) {
    const padded = padNumber(number, 3)
    const file = join(layout.reservations, `${increment}.exp-${padded}`)
    try {
      writeFileSync(file, '', { flag: 'wx' })
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'EEXIST') continue
      throw asRefusal(cause, file)
    }
    // Another may have made the folder and let its reservation go since the listing.
    if (highestNumber(experiments) < number) return { number: padded, file }
    rmSync(file, { force: true })
  }
}

function highestNumber(experiments: string): number {
  return Math.max(
    0,
    ...readdirSync(experiments).map((folder) => Number(EXPERIMENT_FOLDER.exec(folder)?.[1] ?? 0)),
  )
}
