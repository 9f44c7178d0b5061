import { accessSync, constants, type Dirent, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { confine } from '../adapters/files.ts'
import type { Index } from '../store/index-db.ts'
import type { Layout } from '../store/layout.ts'
import type { Workspace } from '../store/workspace.ts'
import type { ToolContext } from './context.ts'

/** The workspace of a call with its index. */
export interface Opened {
  workspace: Workspace
  index: Index
}

/** For tools that only read. A workspace that cannot be written to is read with an index in the state folder. */
export async function opened(context: ToolContext): Promise<Opened> {
  const workspace = await context.workspace()
  return { workspace, index: await indexOf(workspace) }
}

/**
 * For tools that change the workspace.
 * @throws Refusal WORKSPACE_READ_ONLY before anything was begun.
 */
export async function openedToWrite(context: ToolContext): Promise<Opened> {
  const workspace = await context.workspace()
  const problem = notWritable(workspace.layout)
  if (problem) {
    const { Refusal } = await import('../core/errors.ts')
    throw new Refusal(
      'WORKSPACE_READ_ONLY',
      `${workspace.layout.folder} cannot be written to (${problem}); nothing was changed. Make it writable, or work in a copy: get_increment, get_run, list_runs and compare_runs go on here.`,
      { next: [{ tool: 'get_increment', arguments: {}, why: 'reads what there is' }] },
    )
  }
  refuseLinksOut(workspace.layout)
  return { workspace, index: await indexOf(workspace) }
}

/** @throws Refusal PATH_OUTSIDE_WORKSPACE where a folder that is written to is a link that leads out. */
export function refuseLinksOut(layout: Layout): void {
  const { folder, increments, docs } = layout
  const inner = entriesOf(increments)
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(increments, name))
  for (const parent of [folder, dirname(docs), ...inner])
    for (const entry of entriesOf(parent))
      if (entry.isSymbolicLink()) confine(layout.root, join(parent, entry.name))
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
}

async function indexOf({ layout }: Workspace): Promise<Index> {
  const { openIndex } = await import('../store/index-db.ts')
  return openIndex(layout)
}

/** @returns the system's code, such as EROFS. */
function notWritable({ folder }: Layout): string | undefined {
  try {
    accessSync(folder, constants.W_OK)
    return undefined
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code
  }
}
