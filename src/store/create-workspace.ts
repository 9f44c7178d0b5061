import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, realpathSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, resolve } from 'node:path'
import { asRefusal, createExclusive } from '../adapters/files.ts'
import { Refusal } from '../core/errors.ts'
import { writeGitRules } from './git-rules.ts'
import { layoutOf } from './layout.ts'
import { openWorkspace, type Workspace } from './workspace.ts'
import { WORKSPACE_FORMAT } from './workspace-config.ts'

/**
 * Makes `.specweave/` in a folder; one that is there already is opened, and what it lacks is added.
 * @param named the folder was named by the caller: then a home folder will do too.
 * @param interpreter written to ml.yaml where given.
 * @throws Refusal WORKSPACE_UNSUITABLE, WORKSPACE_READ_ONLY
 */
export function createWorkspace(
  folder: string,
  options: { named: boolean; interpreter?: string },
): Workspace {
  const root = resolve(folder)
  refuseUnsuitable(root, options.named)
  const layout = layoutOf(root)
  try {
    mkdirSync(layout.increments, { recursive: true })
    const interpreter = options.interpreter ? `interpreter: ${options.interpreter}\n` : ''
    createExclusive(
      layout.config,
      `# Settings of specweave-ml; docs/reference/ml-yaml.md lists them.\nformat: ${WORKSPACE_FORMAT}\nid: ${randomUUID()}\n${interpreter}`,
    )
    writeGitRules(layout)
  } catch (cause) {
    throw asRefusal(cause, layout.folder)
  }
  return openWorkspace(root)
}

function refuseUnsuitable(root: string, named: boolean): void {
  if (!existsSync(root) || !statSync(root).isDirectory()) {
    throw new Refusal('WORKSPACE_UNSUITABLE', `${root} is no folder that exists.`, {
      next: [{ person: `mkdir -p ${root}`, why: 'makes it' }],
    })
  }
  const real = realpathSync(root)
  const home = existsSync(homedir()) ? realpathSync(homedir()) : homedir()
  if (dirname(real) !== real && (named || real !== home)) return
  throw new Refusal(
    'WORKSPACE_UNSUITABLE',
    `${root} is ${dirname(real) === real ? 'the root of the file system' : 'your home folder'}: no workspace is made there unasked.`,
    {
      next: [
        { person: 'cd into your project, or give --workspace DIR', why: 'says where the workspace belongs' },
      ],
    },
  )
}
