import type { Layout } from '../../store/layout.ts'
import {
  datasetVersions,
  docsPaths,
  documentNames,
  experimentNames,
  incrementFolders,
  incrementStatus,
} from '../calls/workspace-files.ts'
import { docsAddress, documentAddress } from './resource-addresses.ts'

export interface ResourceEntry {
  uri: string
  name: string
  title?: string
  description?: string
  mimeType: string
}

export const GUIDE: ResourceEntry = {
  uri: 'specweave://guide/script',
  name: 'guide/script',
  title: 'The smallest script that hands in evidence',
  mimeType: 'text/markdown',
}

/**
 * Every resource by its address: the guide, increments with their documents, datasets, living documents, runs.
 * @param skills those of the program's skills, where they are offered
 */
export function listResources(
  layout: Layout | undefined,
  skills: readonly ResourceEntry[] = [],
): ResourceEntry[] {
  if (!layout) return [GUIDE, ...skills]
  const increments = incrementFolders(layout)
  return [
    GUIDE,
    ...skills,
    ...increments.flatMap((folder): ResourceEntry[] => {
      const { status, title } = incrementStatus(folder)
      return [
        {
          uri: `specweave://increment/${folder.id}`,
          name: folder.name,
          title: `${title ?? folder.name} (${status})`,
          mimeType: 'application/json',
        },
        ...documentNames(folder).map((name) => ({
          uri: documentAddress(folder.id, name),
          name: `${folder.id}/${name}`,
          mimeType: name.endsWith('.md') ? 'text/markdown' : 'text/plain',
        })),
      ]
    }),
    ...datasetVersions(layout).map(({ name, version }) => ({
      uri: `specweave://dataset/${name}/${version}`,
      name: `${name}@${version}`,
      mimeType: 'application/json',
    })),
    ...docsPaths(layout).map((path) => ({
      uri: docsAddress(path),
      name: `docs/${path}`,
      mimeType: 'text/markdown',
    })),
    ...increments.flatMap((folder) =>
      experimentNames(folder).map((name) => ({
        uri: `specweave://run/${folder.id}/${name}`,
        name: `${folder.id}/${name}`,
        mimeType: 'application/json',
      })),
    ),
  ]
}
