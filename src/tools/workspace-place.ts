import { existsSync } from 'node:fs'
import { pythonEnvironment } from '../adapters/python/environment.ts'
import { projectInterpreter } from '../adapters/python/interpreter.ts'
import { Refusal } from '../core/errors.ts'
import { engineInUse } from '../increments/engine.ts'
import { createWorkspace } from '../store/create-workspace.ts'
import { openIndex } from '../store/index-db.ts'
import type { Workspace } from '../store/workspace.ts'
import type { ToolContext } from './context.ts'

/** What the generated scripts import. */
const NEEDED = ['pandas', 'scikit-learn']

/**
 * The workspace that the host found, or a new one where there is none, or where the SpecWeave engine has made only its own part.
 * A new one is set to the lab's interpreter where the project's own lacks what `scripts/train.py` imports; then the lab's
 * set-up begins in the background.
 */
export async function workspaceFor(context: ToolContext): Promise<{ workspace: Workspace; notes: string[] }> {
  const found = await existing(context)
  if (found && (existsSync(found.layout.config) || !engineInUse(found.layout)))
    return { workspace: found, notes: [] }
  const root = found?.root ?? context.home.folder
  const lacking = await lackingPackages(root)
  const workspace = createWorkspace(root, {
    named: found ? true : context.home.named,
    ...(lacking ? { interpreter: 'lab' } : {}),
  })
  const notes = [`${found ? 'added ml.yaml to' : 'made'} the workspace ${workspace.layout.folder}`]
  if (lacking) {
    notes.push(`${lacking}: ml.yaml has "interpreter: lab", which runs scripts in the lab's own environment`)
    notes.push(...(await beginLab(workspace)))
  }
  return { workspace, notes }
}

async function existing(context: ToolContext): Promise<Workspace | undefined> {
  try {
    return await context.workspace()
  } catch (cause) {
    if (cause instanceof Refusal && cause.code === 'WORKSPACE_MISSING') return undefined
    throw cause
  }
}

async function lackingPackages(root: string): Promise<string | undefined> {
  try {
    const { path } = projectInterpreter(root, undefined)
    const environment = await pythonEnvironment(path)
    const installed = new Set(Object.keys(environment?.packages ?? {}).map((name) => name.toLowerCase()))
    const missing = NEEDED.filter((name) => !installed.has(name))
    return missing.length > 0
      ? `${environment?.interpreter ?? path} lacks ${missing.join(' and ')}`
      : undefined
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause)
  }
}

async function beginLab(workspace: Workspace): Promise<string[]> {
  const { findLab } = await import('../adapters/lab/environment.ts')
  if (findLab()) return []
  const [{ submitJob }, { schedule }] = await Promise.all([
    import('../runs/submit-job.ts'),
    import('../runs/schedule.ts'),
  ])
  const index = await openIndex(workspace.layout)
  const job = submitJob(workspace, index, ['setup', '--workspace', workspace.root])
  schedule(workspace, index)
  return [`the lab is being set up in the background (${job.run})`]
}
