import { resolve } from 'node:path'
import { type Layout, layoutOf } from './layout.ts'
import { readWorkspaceConfig, type WorkspaceConfig } from './workspace-config.ts'

/** An opened workspace: its folders and its settings. The index is opened when a query first needs it. */
export interface Workspace {
  readonly root: string
  readonly layout: Layout
  readonly config: WorkspaceConfig
  /** As a server that was started with `--read-only` opens it: nothing is started, and no line is added to the ledger. */
  readonly readOnly?: true
}

export function openWorkspace(root: string): Workspace {
  const layout = layoutOf(resolve(root))
  return { root: layout.root, layout, config: readWorkspaceConfig(layout.folder) }
}
