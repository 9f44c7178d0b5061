import { join } from 'node:path'
import { stringify } from 'yaml'
import { readText, writeFileAtomic } from '../adapters/files.ts'
import type { DatasetRecord } from '../core/dataset-record.ts'
import { type BlockOutcome, putBlock } from '../core/managed-blocks.ts'
import type { RunSummary } from '../core/run-summary.ts'
import { baselinesText } from './baseline-text.ts'
import { criteriaTable } from './criteria-text.ts'
import { dataText, splitsText, testDataText } from './dataset-text.ts'
import { BLOCKS, type BlockKey } from './documents.ts'
import { type FrontMatterChange, parseSpec, updateFrontMatter } from './front-matter.ts'
import { type IncrementRef, readSpec } from './load.ts'

/** Files from the workspace's root; conflicts are blocks that a person edited, which stay as they are. */
export interface Described {
  changed: string[]
  unchanged: string[]
  conflicts: { file: string; block: string }[]
}

/**
 * Writes what is known of the data, and of the baselines once they ran, into spec.md, plan.md and tests.md; sets
 * `ml.dataset`; writes data/schema.yaml. Only generated blocks change: what people wrote around them stays.
 * Where nothing is new, nothing is written.
 * @throws Refusal SPEC_INVALID before anything is written
 */
export function describeDataset(
  increment: IncrementRef,
  dataset: DatasetRecord,
  baselines: readonly RunSummary[] = [],
): Described {
  return describe(increment, { dataset, baselines })
}

/** The same for baselines alone, and for the table of criteria after an edit of the front matter. */
export function describe(
  increment: IncrementRef,
  facts: { dataset?: DatasetRecord; baselines?: readonly RunSummary[] },
): Described {
  const { front } = readSpec(increment)
  const { success, baseline } = front.ml
  const table = criteriaTable(success, baseline)
  const bodies: Partial<Record<BlockKey, string>> = { specCriteria: table, testsCriteria: table }
  const done = (facts.baselines ?? []).filter(
    ({ state, baseline: strategy }) => strategy && state === 'succeeded',
  )
  if (facts.dataset) {
    bodies.specData = dataText(facts.dataset)
    bodies.planSplits = splitsText(facts.dataset)
    bodies.testsData = testDataText(facts.dataset)
  }
  if (done.length > 0) {
    bodies.planBaselines = baselinesText(done, success, baseline)
    bodies.testsBaselines = bodies.planBaselines
  }
  const changes: FrontMatterChange[] = facts.dataset
    ? [{ path: ['ml', 'dataset'], value: facts.dataset.dataset }]
    : []
  const described = writeBlocks(increment, bodies, changes)
  if (facts.dataset) writeSchema(increment, facts.dataset, described)
  return described
}

/** Names the run that is judged, at the first look. */
export function setCandidate(increment: IncrementRef, run: string | null): void {
  const path = join(increment.path, 'spec.md')
  const text = readText(path) ?? ''
  const updated = updateFrontMatter(text, `${increment.relative}/spec.md`, [
    { path: ['ml', 'candidate'], value: run },
  ])
  if (updated !== text) writeFileAtomic(path, updated)
}

function writeBlocks(
  increment: IncrementRef,
  bodies: Partial<Record<BlockKey, string>>,
  changes: readonly FrontMatterChange[],
): Described {
  const described: Described = { changed: [], unchanged: [], conflicts: [] }
  for (const file of ['spec.md', 'plan.md', 'tests.md'] as const) {
    const relative = `${increment.relative}/${file}`
    const path = join(increment.path, file)
    const before = readText(path)
    if (before === undefined) continue
    let text = file === 'spec.md' ? updateFrontMatter(before, relative, changes) : before
    for (const [key, block] of Object.entries(BLOCKS)) {
      const body = block.file === file ? bodies[key as BlockKey] : undefined
      if (body === undefined) continue
      const put: { text: string; outcome: BlockOutcome } = putBlock(text, block.name, body, {
        after: block.after,
      })
      if (put.outcome === 'conflict') described.conflicts.push({ file: relative, block: block.name })
      text = put.text
    }
    if (file === 'spec.md') parseSpec(text, relative)
    if (text === before) described.unchanged.push(relative)
    else {
      writeFileAtomic(path, text)
      described.changed.push(relative)
    }
  }
  return described
}

/** data/schema.yaml: names, roles and types of the columns, for people and for checks of later data. */
function writeSchema(increment: IncrementRef, dataset: DatasetRecord, described: Described): void {
  const relative = `${increment.relative}/data/schema.yaml`
  const path = join(increment.path, 'data', 'schema.yaml')
  const columns = dataset.columns.map(({ name, role, type, missing, min, max, top, unique }) => ({
    name,
    role,
    type,
    nullable: missing > 0,
    ...(type === 'numeric' && min !== undefined ? { min, max } : {}),
    ...(type === 'categorical' && top && role !== 'id' && unique <= top.length
      ? { values: top.map(({ value }) => value) }
      : {}),
  }))
  const text = `# Columns of ${dataset.dataset} as registered; ranges and values are what was seen, not what is allowed.\n${stringify({ dataset: dataset.dataset, columns }, { lineWidth: 110 })}`
  const list = readText(path) === text ? described.unchanged : described.changed
  if (list === described.changed) writeFileAtomic(path, text)
  list.push(relative)
}
