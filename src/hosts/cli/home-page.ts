import { layoutOf } from '../../store/layout.ts'
import { workspaceRoot } from '../calls/find-workspace.ts'
import { packageManifest } from '../calls/package-manifest.ts'
import {
  experimentNames,
  type IncrementFolder,
  incrementFolders,
  incrementStatus,
} from '../calls/workspace-files.ts'
import type { CliIo } from './io.ts'

type Step = [command: string, why: string]

/** What a person sees who types only the program's name. */
export function homePage(io: CliIo, commandNames: readonly string[]): string {
  const { colours, program } = io
  const root = workspaceRoot(io.place)
  const increments = root ? incrementFolders(layoutOf(root)) : []
  const steps = nextSteps(increments, commandNames)
  const width = Math.max(...steps.map(([command]) => command.length))
  return [
    `${colours.bold(`SpecWeave ML ${packageManifest().version}`)}: machine-learning work as specified, recorded and checked engineering.`,
    'A durable lab and an honest referee for AI coding assistants (MCP) and people (this command line).',
    '',
    ...whereItStands(root, increments, io),
    '',
    'Next:',
    ...steps.map(([command, why]) => `  ${program} ${command.padEnd(width)}   ${colours.dim(why)}`),
    '',
    `${program} --help lists every command. An assistant starts the server with: ${program} serve`,
  ].join('\n')
}

function whereItStands(
  root: string | undefined,
  increments: readonly IncrementFolder[],
  io: CliIo,
): string[] {
  if (!root) return [`No workspace in ${io.place.folder} or above it yet; create-increment makes one.`]
  const lines = increments.slice(0, 5).map((folder) => {
    const runs = experimentNames(folder).length
    return `  ${folder.name}  ${incrementStatus(folder).status}, ${runs} ${runs === 1 ? 'run' : 'runs'}`
  })
  if (increments.length > 5) lines.push(`  and ${increments.length - 5} more`)
  return [
    `Workspace ${root}, ${increments.length} ${increments.length === 1 ? 'increment' : 'increments'}`,
    ...lines,
  ]
}

function nextSteps(increments: readonly IncrementFolder[], commandNames: readonly string[]): Step[] {
  const active = increments.find((folder) => incrementStatus(folder).status === 'active')
  const create: Step = [
    'create-increment --title "Churn model" --problem-type classification',
    'plan a model',
  ]
  const steps: Step[] = active
    ? [
        [`get-increment ${active.id}`, 'where it stands and what is missing'],
        [`list-runs --increment ${active.id}`, 'its runs with their numbers'],
        [`validate-increment ${active.id}`, 'every criterion, with its evidence'],
      ]
    : [
        create,
        increments.length > 0
          ? ['get-increment', 'an overview of all increments']
          : ['doctor', 'what this machine has and lacks'],
      ]
  steps.push(['--help', 'every command'])
  const known = steps.filter(
    ([command]) => command.startsWith('--') || commandNames.includes(command.split(' ')[0] ?? ''),
  )
  return known.slice(0, 3)
}
