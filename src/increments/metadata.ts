import { join } from 'node:path'
import { readJson } from '../adapters/files.ts'

/** The SpecWeave engine's words; `planned` is what its `create-increment` writes, `planning` what older versions did. */
export const INCREMENT_STATUSES = [
  'planned',
  'planning',
  'backlog',
  'active',
  'paused',
  'ready_for_review',
  'completed',
  'abandoned',
] as const
export type IncrementStatus = (typeof INCREMENT_STATUSES)[number]

/** Nothing is run or judged in it any more. */
export function isClosed(status: IncrementStatus): boolean {
  return status === 'completed' || status === 'abandoned'
}

/** `metadata.json`, the truth for an increment's status. Keys are the engine's; keys that we do not know are kept. */
export interface IncrementMetadata {
  /** The folder's name, `0042-recommendation-model`. */
  id: string
  status: IncrementStatus
  type: string
  priority: string
  created: string
  lastActivity: string
  [key: string]: unknown
}

export function newMetadata(folder: string, now: Date, project: string): IncrementMetadata {
  const at = now.toISOString()
  return {
    id: folder,
    status: 'active',
    type: 'feature',
    priority: 'P1',
    created: at,
    lastActivity: at,
    // the engine measures tests of code; what proves a model is in tests.md
    testMode: 'none',
    coverageTarget: 0,
    feature_id: null,
    epic_id: null,
    externalLinks: {},
    project,
  }
}

/** @returns `undefined` where the file is missing or is no JSON object with a status that we know */
export function readMetadata(incrementFolder: string): IncrementMetadata | undefined {
  const read = readJson<IncrementMetadata>(join(incrementFolder, 'metadata.json'))
  if (typeof read !== 'object' || read === null) return undefined
  return (INCREMENT_STATUSES as readonly unknown[]).includes(read.status) ? read : undefined
}
