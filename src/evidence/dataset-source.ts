import { accessSync, constants, readdirSync, realpathSync, type Stats, statSync } from 'node:fs'
import { basename, dirname, isAbsolute, relative, resolve, sep } from 'node:path'
import { Refusal } from '../core/errors.ts'
import { nearest, slugify } from '../core/ids.ts'
import type { Workspace } from '../store/workspace.ts'

/** A file to be registered, and what is written down about where it lay. */
export interface DatasetSource {
  /** Absolute. */
  path: string
  /** Relative to the workspace; the bare name of a file outside it, so that no home path is committed. */
  recorded: string
  warnings: string[]
}

/**
 * Finds the source: a relative path starts at the workspace's root and must stay in it; an absolute one may lie anywhere
 * that can be read.
 * @throws Refusal FILE_MISSING with near names, PATH_OUTSIDE_WORKSPACE, DATASET_INVALID for a folder or an empty file.
 */
export function locateSource(workspace: Workspace, source: string): DatasetSource {
  if (source.includes('\0')) throw new Refusal('INPUT_INVALID', 'A path must not contain a NUL character.')
  const path = resolve(workspace.root, source)
  if (!isAbsolute(source) && !isInside(workspace.root, path)) {
    throw new Refusal('PATH_OUTSIDE_WORKSPACE', `${source} leads outside the workspace ${workspace.root}.`, {
      invalid: [{ field: 'source', problem: `give the absolute path, ${path}, to read data from outside` }],
    })
  }
  requireFile(path, source)
  const inside = isInside(realpathSync(workspace.root), realpathSync(path))
  return {
    path,
    recorded: inside ? relative(realpathSync(workspace.root), realpathSync(path)) : basename(path),
    warnings: inside
      ? []
      : [
          `The source lies outside the workspace: only its name (${basename(path)}) and its hash are recorded.`,
        ],
  }
}

function requireFile(path: string, named: string): void {
  let stats: Stats
  try {
    stats = statSync(path)
    accessSync(path, constants.R_OK)
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    const what = code === 'ENOENT' || code === 'ENOTDIR' ? 'does not exist' : `cannot be read (${code})`
    throw new Refusal('FILE_MISSING', `The source ${named} ${what}.${nearNames(path)}`, {
      invalid: [{ field: 'source', problem: what }],
    })
  }
  if (!stats.isFile())
    throw invalid(named, 'is a folder or a device; a data set is one CSV, JSON Lines or Parquet file')
  if (stats.size === 0) throw invalid(named, 'is empty')
}

function invalid(named: string, problem: string): Refusal {
  return new Refusal('DATASET_INVALID', `The source ${named} ${problem}.`, {
    invalid: [{ field: 'source', problem }],
  })
}

function nearNames(path: string): string {
  try {
    const near = nearest(basename(path), readdirSync(dirname(path)))
    return near.length > 0 ? ` In its folder: ${near.join(', ')}.` : ''
  } catch {
    return ''
  }
}

function isInside(root: string, path: string): boolean {
  const way = relative(root, path)
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}

/** @throws Refusal INPUT_INVALID, with a name that would do. */
export function requireDatasetName(name: string): void {
  if (/^[a-z0-9][a-z0-9._-]*$/.test(name) && name.length <= 60) return
  const slug = slugify(name)
  throw new Refusal(
    'INPUT_INVALID',
    `"${name.length > 80 ? `${name.slice(0, 80)}...` : name}" cannot be a dataset's name.${slug && ` "${slug}" would do.`}`,
    {
      invalid: [
        {
          field: 'name',
          problem: 'lower case letters, digits, ".", "_" and "-", a letter or digit first, at most 60',
        },
      ],
    },
  )
}
