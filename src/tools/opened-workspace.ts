import type { Index } from '../store/index-db.ts'
import type { Workspace } from '../store/workspace.ts'
import type { ToolContext } from './context.ts'

/** The workspace of a call with its index. */
export interface Opened {
  workspace: Workspace
  index: Index
}

export async function opened(context: ToolContext): Promise<Opened> {
  const [workspace, { openIndex }] = await Promise.all([context.workspace(), import('../store/index-db.ts')])
  return { workspace, index: await openIndex(workspace.layout, workspace.config.id) }
}
