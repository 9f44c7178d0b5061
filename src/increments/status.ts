import { join } from 'node:path'
import { readText, writeFileAtomic } from '../adapters/files.ts'
import { Refusal } from '../core/errors.ts'
import { updateFrontMatter } from './front-matter.ts'
import type { IncrementRef } from './load.ts'
import { type IncrementStatus, readMetadata } from './metadata.ts'

/** The engine's names for when and why. */
const STAMPS: Partial<Record<IncrementStatus, { at: string; reason?: string }>> = {
  paused: { at: 'pausedAt', reason: 'pausedReason' },
  backlog: { at: 'backlogAt', reason: 'backlogReason' },
  abandoned: { at: 'abandonedAt', reason: 'abandonedReason' },
  ready_for_review: { at: 'readyForReviewAt' },
  completed: { at: 'completedAt' },
}

/**
 * Sets an increment's status: metadata.json first, which is the truth, then the front matter of spec.md, which follows it.
 * A spec.md that cannot be read is refused before anything is written.
 */
export function setStatus(
  increment: IncrementRef,
  status: IncrementStatus,
  options: { now?: Date; reason?: string } = {},
): void {
  const now = (options.now ?? new Date()).toISOString()
  const metadata = readMetadata(increment.path)
  if (!metadata)
    throw new Refusal('SPEC_INVALID', `${increment.relative}/metadata.json is missing or cannot be read.`, {
      next: [{ person: `git checkout -- ${increment.relative}/metadata.json`, why: 'brings it back' }],
    })
  const file = `${increment.relative}/spec.md`
  const text = readText(join(increment.path, 'spec.md'))
  const updated =
    text === undefined ? undefined : updateFrontMatter(text, file, [{ path: ['status'], value: status }])
  const stamp = STAMPS[status]
  const stamped = stamp
    ? { [stamp.at]: now, ...(stamp.reason && options.reason ? { [stamp.reason]: options.reason } : {}) }
    : {}
  writeJson(join(increment.path, 'metadata.json'), { ...metadata, status, lastActivity: now, ...stamped })
  if (updated !== undefined && updated !== text) writeFileAtomic(join(increment.path, 'spec.md'), updated)
}

/** Notes that something was done for an increment; the engine lists stale increments by it. */
export function touch(increment: IncrementRef, now = new Date()): void {
  const metadata = readMetadata(increment.path)
  if (metadata)
    writeJson(join(increment.path, 'metadata.json'), { ...metadata, lastActivity: now.toISOString() })
}

function writeJson(path: string, value: unknown): void {
  writeFileAtomic(path, `${JSON.stringify(value, null, 2)}\n`)
}
