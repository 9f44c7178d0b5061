import { join } from 'node:path'
import { writeFileAtomic } from '../adapters/files.ts'
import { Refusal } from '../core/errors.ts'
import type { ModelFigures } from '../core/model-figures.ts'
import type { IncrementRef } from './load.ts'
import { readMetadata } from './metadata.ts'

/** `github` in metadata.json: `issue` and `url` are the SpecWeave engine's keys for an increment's issue. */
export interface GithubLink {
  issue: number
  url: string
  /** As the issue, or its last comment, tells them; missing where the engine made the issue. */
  figures?: ModelFigures
  /** ISO 8601, UTC: when they were told. */
  synced?: string
}

/** @throws Refusal SPEC_INVALID where metadata.json could not keep a link */
export function githubLink(increment: IncrementRef): GithubLink | undefined {
  const link = required(increment).github as Partial<GithubLink> | undefined
  // The engine writes a number, or its digits.
  const issue = Number(link?.issue)
  if (!Number.isSafeInteger(issue) || issue < 1) return undefined
  return { ...link, issue, url: typeof link?.url === 'string' ? link.url : '' }
}

/** Keeps what else stands there. */
export function linkIssue(increment: IncrementRef, link: GithubLink, now = new Date()): void {
  const metadata = required(increment)
  const github = { ...(metadata.github as object | undefined), ...link }
  const text = JSON.stringify({ ...metadata, github, lastActivity: now.toISOString() }, null, 2)
  writeFileAtomic(join(increment.path, 'metadata.json'), `${text}\n`)
}

function required(increment: IncrementRef) {
  const metadata = readMetadata(increment.path)
  if (metadata) return metadata
  throw new Refusal('SPEC_INVALID', `${increment.relative}/metadata.json is missing or cannot be read.`, {
    next: [{ person: `git checkout -- ${increment.relative}/metadata.json`, why: 'brings it back' }],
  })
}
