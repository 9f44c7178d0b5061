import { existsSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { Refusal } from '../../core/errors.ts'
import type { Workspace } from '../../store/workspace.ts'

/** Where a host looks for the workspace. `named`: the user said which folder; nothing above it is looked at then. */
export interface Place {
  folder: string
  named: boolean
}

/** The folder of `--workspace`, else of SPECWEAVE_WORKSPACE; `undefined` where nobody named one. */
export function namedPlace(
  flag: string | undefined,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Place | undefined {
  const folder = flag || environment.SPECWEAVE_WORKSPACE
  return folder ? { folder: resolve(folder), named: true } : undefined
}

/** The folder that holds `.specweave/`: the named one, or the nearest one upward. */
export function workspaceRoot(place: Place): string | undefined {
  for (let folder = resolve(place.folder); ; folder = dirname(folder)) {
    if (isFolder(join(folder, '.specweave'))) return folder
    if (place.named || folder === dirname(folder)) return undefined
  }
}

let opened: { workspace: Workspace; seen: string } | undefined

/**
 * Opens the workspace of a place; the same object as long as its ml.yaml stays as it is.
 * @throws Refusal WORKSPACE_MISSING, and what is wrong with ml.yaml.
 */
export async function openWorkspaceAt(place: Place): Promise<Workspace> {
  const root = workspaceRoot(place)
  if (!root) throw missing(place)
  const seen = root + configStamp(root)
  if (opened?.seen !== seen) {
    const { openWorkspace } = await import('../../store/workspace.ts')
    opened = { workspace: openWorkspace(root), seen }
  }
  return opened.workspace
}

function configStamp(root: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(join(root, '.specweave', 'ml.yaml'))
    return `:${mtimeMs}:${size}:${ino}`
  } catch {
    return ''
  }
}

function missing(place: Place): Refusal {
  if (place.named && !isFolder(place.folder))
    return new Refusal(
      'FILE_MISSING',
      `The workspace was named as ${place.folder}, and there is no such folder.`,
      { invalid: [{ field: 'workspace', problem: 'no such folder' }] },
    )
  const above = place.named ? workspaceRoot({ folder: place.folder, named: false }) : undefined
  return new Refusal(
    'WORKSPACE_MISSING',
    `There is no .specweave folder in ${place.folder}${place.named ? '' : ' or above it'}.${above ? ` There is one in ${above}.` : ''}`,
    {
      next: [
        {
          tool: 'create_increment',
          arguments: { title: 'Churn model', problem_type: 'classification' },
          why: 'makes the workspace and its first increment, here for a churn model',
        },
      ],
    },
  )
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory()
}
