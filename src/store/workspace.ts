import { existsSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type Layout, layoutOf } from './layout.ts'
import { readWorkspaceConfig, type WorkspaceConfig } from './workspace-config.ts'

/** An opened workspace: its folders and its settings. The index is opened when a query first needs it. */
export interface Workspace {
  readonly root: string
  readonly layout: Layout
  readonly config: WorkspaceConfig
}

/** Walks up from a folder to the one that holds `.specweave/` with our `ml.yaml` or increments in it. */
export function findWorkspaceRoot(from: string): string | undefined {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if (existsSync(join(folder, '.specweave')) && statSync(join(folder, '.specweave')).isDirectory())
      return folder
    if (folder === dirname(folder)) return undefined
  }
}

export function openWorkspace(root: string): Workspace {
  const layout = layoutOf(resolve(root))
  return { root: layout.root, layout, config: readWorkspaceConfig(layout.folder) }
}
