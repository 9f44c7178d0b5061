import { join } from 'node:path'
import { readText, writeFileAtomic } from '../adapters/files.ts'
import type { DatasetRecord } from '../core/dataset-record.ts'
import { putBlock, readBlock } from '../core/managed-blocks.ts'
import type { RunSummary } from '../core/run-summary.ts'
import { baselinesText } from './baseline-text.ts'
import { criteriaBlocks, withoutTicks } from './criteria-blocks.ts'
import { dataText, registeredText, splitsText, testDataText } from './dataset-text.ts'
import { BLOCKS, type Block, type BlockKey, DOCUMENTS } from './documents.ts'
import { type FrontMatterChange, parseSpec, updateFrontMatter } from './front-matter.ts'
import { type IncrementRef, readSpec } from './load.ts'
import { isGeneratedSchema, schemaYaml } from './schema-yaml.ts'
import { subjectOf } from './subject.ts'

/** Files from the workspace's root; conflicts are blocks that a person edited, which stay as they are. */
export interface Described {
  changed: string[]
  unchanged: string[]
  conflicts: { file: string; block: string }[]
}

/**
 * Writes what is known of the data, and of the baselines once they ran, into the four documents; sets
 * `ml.dataset`; writes data/schema.yaml and data/sample.csv. Only generated blocks change: what people wrote around them stays.
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

/** The same for baselines alone, and for what repeats the criteria after an edit of the front matter. */
export function describe(
  increment: IncrementRef,
  facts: { dataset?: DatasetRecord; baselines?: readonly RunSummary[] },
): Described {
  const { front } = readSpec(increment)
  const { success, baseline, problem } = front.ml
  const { name } = subjectOf(front.title, increment.slug, problem.type)
  const bodies: Partial<Record<BlockKey, string>> = criteriaBlocks({
    success,
    baseline,
    problemType: problem.type,
    name,
  })
  const done = (facts.baselines ?? []).filter(
    ({ state, baseline: strategy }) => strategy && state === 'succeeded',
  )
  if (facts.dataset) {
    bodies.specData = dataText(facts.dataset)
    bodies.tasksRegister = registeredText(facts.dataset)
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
  if (facts.dataset) writeData(increment, facts.dataset, described)
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

/** A person confirmed the criteria: nothing in the documents calls them proposed any more. */
export function takeProposedMarks(increment: IncrementRef): void {
  const path = join(increment.path, 'spec.md')
  const text = readText(path) ?? ''
  const changes = readSpec(increment).front.ml.success.flatMap(({ proposed }, at) =>
    proposed ? [{ path: ['ml', 'success', at, 'proposed'], value: undefined }] : [],
  )
  const updated = updateFrontMatter(text, `${increment.relative}/spec.md`, changes)
  if (updated !== text) writeFileAtomic(path, updated)
  describe(increment, {})
}

/** Names who signed the increment off, and when. */
export function setSignOff(increment: IncrementRef, signed: { by: string; at: string }): void {
  const path = join(increment.path, 'spec.md')
  const text = readText(path) ?? ''
  const updated = updateFrontMatter(text, `${increment.relative}/spec.md`, [
    { path: ['ml', 'sign_off'], value: signed },
  ])
  if (updated !== text) writeFileAtomic(path, updated)
}

function writeBlocks(
  increment: IncrementRef,
  bodies: Partial<Record<BlockKey, string>>,
  changes: readonly FrontMatterChange[],
): Described {
  const described: Described = { changed: [], unchanged: [], conflicts: [] }
  for (const file of DOCUMENTS) {
    const relative = `${increment.relative}/${file}`
    const path = join(increment.path, file)
    const before = readText(path)
    if (before === undefined) continue
    let text = file === 'spec.md' ? updateFrontMatter(before, relative, changes) : before
    const unticked = file === 'spec.md' ? withoutTicks(text) : undefined
    if (unticked) text = unticked.text
    for (const [key, block] of Object.entries<Block>(BLOCKS)) {
      const body = block.file === file ? bodies[key as BlockKey] : undefined
      if (body === undefined || (!block.after && !readBlock(text, block.name))) continue
      const put = putBlock(text, block.name, body, { after: block.after })
      if (put.outcome === 'conflict') described.conflicts.push({ file: relative, block: block.name })
      text = put.text
    }
    if (unticked) text = unticked.ticked(text)
    if (file === 'spec.md') parseSpec(text, relative)
    if (text === before) described.unchanged.push(relative)
    else {
      writeFileAtomic(path, text)
      described.changed.push(relative)
    }
  }
  return described
}

/** data/schema.yaml, unless somebody wrote or edited it, and data/sample.csv, which registration left beside the rows. */
function writeData(increment: IncrementRef, dataset: DatasetRecord, described: Described): void {
  const { name, version } = dataset
  const sample = readText(join(increment.path, '../../datasets', name, `v${version}`, 'sample.csv'))
  const files: [string, string | undefined][] = [
    ['schema.yaml', schemaYaml(dataset)],
    ['sample.csv', sample],
  ]
  for (const [file, text] of files) {
    if (text === undefined) continue
    const path = join(increment.path, 'data', file)
    const before = readText(path)
    const kept = file === 'schema.yaml' && before !== undefined && !isGeneratedSchema(before)
    const list = kept || before === text ? described.unchanged : described.changed
    if (list === described.changed) writeFileAtomic(path, text)
    list.push(`${increment.relative}/data/${file}`)
  }
}
