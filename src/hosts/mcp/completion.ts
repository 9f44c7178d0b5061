import type { Layout } from '../../store/layout.ts'
import {
  datasetVersions,
  docsPaths,
  documentNames,
  experimentNames,
  incrementFolders,
} from '../calls/workspace-files.ts'
import { referenceNames, skillNames } from './packaged-texts.ts'

/** The protocol's limit for one answer. */
const MAX_VALUES = 100

export interface Completion {
  values: string[]
  total: number
  hasMore: boolean
}

/**
 * Values for a variable of a resource template or an argument of a prompt.
 * @param known the variables that the caller has filled in already
 */
export function completions(
  layout: Layout | undefined,
  variable: string,
  typed: string,
  known: Readonly<Record<string, string>> = {},
): Completion {
  const wanted = typed.toLowerCase()
  const inWorkspace = layout ? candidates(layout, variable, known) : []
  const all = [...new Set([...packaged(variable, known), ...inWorkspace])]
  const fitting = all.filter((value) => value.toLowerCase().includes(wanted))
  const first = (value: string) => Number(!value.toLowerCase().startsWith(wanted))
  const values = fitting.sort((a, b) => first(a) - first(b))
  return { values: values.slice(0, MAX_VALUES), total: values.length, hasMore: values.length > MAX_VALUES }
}

/** What is there without a workspace. */
function packaged(variable: string, known: Readonly<Record<string, string>>): string[] {
  if (variable === 'skill') return skillNames()
  if (variable !== 'reference') return []
  return (known.skill ? [known.skill] : skillNames()).flatMap(referenceNames)
}

function candidates(layout: Layout, variable: string, known: Readonly<Record<string, string>>): string[] {
  const increments = incrementFolders(layout)
  switch (variable) {
    case 'id':
    case 'increment':
      return increments.map(({ id }) => id)
    case 'document': {
      const folder = increments.find(({ id, name }) => known.id === id || known.id === name) ?? increments[0]
      return folder ? documentNames(folder) : []
    }
    case 'run':
      return increments.flatMap((folder) => experimentNames(folder).map((name) => `${folder.id}/${name}`))
    case 'stream':
      return ['stdout', 'stderr']
    case 'name':
      return datasetVersions(layout).map(({ name }) => name)
    case 'version':
      return datasetVersions(layout)
        .filter(({ name }) => !known.name || name === known.name)
        .map(({ version }) => version)
    case 'path':
      return docsPaths(layout)
    default:
      return []
  }
}
