import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { asRefusal, temporaryName } from '../adapters/files.ts'
import { Refusal } from '../core/errors.ts'
import { padNumber } from '../core/ids.ts'
import type { Workspace } from '../store/workspace.ts'
import { describeDataset } from './describe.ts'
import { renderDocuments } from './documents.ts'
import type { IncrementPlan } from './increment-plan.ts'
import type { IncrementRef } from './load.ts'
import { newMetadata } from './metadata.ts'
import { renderNotebooks } from './notebooks.ts'
import { nextNumber, reserveNumber, takenNumbers } from './numbering.ts'
import { trainScript } from './template.ts'

export interface CreatedIncrement {
  /** `0042` */
  increment: string
  /** `0042-recommendation-model` */
  folder: string
  /** From the workspace's root. */
  path: string
  /** From the increment's folder. */
  files: string[]
  /** What was decided for the writer. */
  notes: string[]
}

/** Made empty, as every increment has them from the first day. */
const FOLDERS = ['scripts', 'experiments', 'models', 'data', 'notebooks', 'reports'] as const

/**
 * Creates an increment: it appears whole or not at all, under a number that no other process can have. It is built
 * beside the increments, under a reserved number, and moved to its name.
 * @param used numbers that the ledger holds lines of: what was deleted is not begun anew under its number
 * @throws Refusal INCREMENT_EXISTS where the number that was asked for is in use
 */
export function createIncrement(
  workspace: Workspace,
  plan: IncrementPlan,
  used: ReadonlySet<number> = new Set(),
): CreatedIncrement {
  const { layout } = workspace
  if (plan.number !== undefined && (takenNumbers(layout).has(plan.number) || used.has(plan.number)))
    throw exists(workspace, plan.number, used)
  for (;;) {
    const reservation = reserveNumber(layout, plan.number, used)
    if (!reservation) throw exists(workspace, plan.number!, used)
    try {
      const created = buildAndMove(workspace, plan, reservation.number)
      if (created) return created
    } finally {
      reservation.release()
    }
    // somebody put this very folder there between our look and the move
    if (plan.number !== undefined) throw exists(workspace, plan.number, used)
  }
}

function buildAndMove(
  { layout }: Workspace,
  plan: IncrementPlan,
  number: number,
): CreatedIncrement | undefined {
  const id = padNumber(number, 4)
  const folder = `${id}-${plan.slug}`
  const temporary = join(layout.reservations, temporaryName('new'))
  const files = filesOf(plan, folder, id)
  try {
    mkdirSync(layout.increments, { recursive: true })
    for (const name of FOLDERS) mkdirSync(join(temporary, name), { recursive: true })
    for (const [path, text] of Object.entries(files)) writeFileSync(join(temporary, path), text)
    if (plan.dataset) describeDataset(refTo(temporary, folder, id, plan.slug), plan.dataset)
    renameSync(temporary, join(layout.increments, folder))
  } catch (cause) {
    rmSync(temporary, { recursive: true, force: true })
    const code = (cause as NodeJS.ErrnoException).code
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOTDIR') return undefined
    throw asRefusal(cause, join(layout.increments, folder))
  }
  return {
    increment: id,
    folder,
    path: `.specweave/increments/${folder}`,
    files: Object.keys(files),
    notes: plan.criteria.notes,
  }
}

/** The increment while it is still being built. */
function refTo(path: string, folder: string, id: string, slug: string): IncrementRef {
  return { id, slug, folder, path, relative: `.specweave/increments/${folder}`, status: 'active' }
}

function filesOf(plan: IncrementPlan, folder: string, id: string): Record<string, string> {
  const metadata = newMetadata(folder, new Date(plan.created), plan.project)
  return {
    ...renderDocuments(plan, folder, id),
    'metadata.json': `${JSON.stringify(metadata, null, 2)}\n`,
    'scripts/train.py': trainScript(plan.problemType),
    ...renderNotebooks({ folder, increment: id }),
  }
}

function exists({ layout }: Workspace, number: number, used: ReadonlySet<number>): Refusal {
  const folder = takenNumbers(layout).get(number)
  const id = padNumber(number, 4)
  const free = padNumber(nextNumber(layout, used), 4)
  const where = folder
    ? ` (${folder})`
    : used.has(number)
      ? ' in the ledger, though its folder is not here'
      : ' or is just being made'
  return new Refusal(
    'INCREMENT_EXISTS',
    `Increment ${id} exists already${where}; nothing was created. The next free number is ${free}.`,
    {
      invalid: [{ field: 'id', problem: `${id} is in use` }],
      next: [
        { tool: 'get_increment', arguments: { increment: id }, why: 'shows the one that has the number' },
      ],
    },
  )
}
