import { stringify } from 'yaml'
import { putBlock } from '../core/managed-blocks.ts'
import { baselinesPending } from './baseline-text.ts'
import { criteriaBlocks } from './criteria-blocks.ts'
import {
  dataPending,
  type Pending,
  registerPending,
  splitsPending,
  testDataPending,
} from './dataset-pending.ts'
import { documentSlots } from './document-slots.ts'
import type { IncrementPlan } from './increment-plan.ts'
import { reflow } from './reflow.ts'
import { type DocumentName, documentTemplate, fill } from './template.ts'

/**
 * Generated blocks: the document, the block's name and the heading below which it stands. One without a heading stands
 * where its template has it; a document of an earlier version, which does not have it, gets none.
 */
export const BLOCKS = {
  specSuccess: { file: 'spec.md', name: 'success' },
  specCriteria: { file: 'spec.md', name: 'criteria', after: '### Success criteria' },
  specData: { file: 'spec.md', name: 'data', after: '### Registered data' },
  specLimits: { file: 'spec.md', name: 'limits' },
  specAcceptance: { file: 'spec.md', name: 'acceptance' },
  planSplits: { file: 'plan.md', name: 'splits', after: '### Splits of the registered data' },
  planBaselines: { file: 'plan.md', name: 'baselines', after: '### Baselines to beat' },
  tasksRegister: { file: 'tasks.md', name: 'register' },
  testsCriteria: { file: 'tests.md', name: 'criteria', after: '## Evaluation Criteria' },
  testsData: { file: 'tests.md', name: 'data', after: '## Data Under Test' },
  testsBaselines: { file: 'tests.md', name: 'baselines', after: '## Baselines' },
} as const satisfies Record<string, Block>

export interface Block {
  file: DocumentName
  name: string
  after?: string
}

export type BlockKey = keyof typeof BLOCKS
export const DOCUMENTS: readonly DocumentName[] = ['spec.md', 'plan.md', 'tasks.md', 'tests.md']

/** The four documents of a new increment. */
export function renderDocuments(
  plan: IncrementPlan,
  folder: string,
  number: string,
): Record<DocumentName, string> {
  const slots = documentSlots(plan, folder, number)
  const pending: Pending = {
    number,
    name: slots.name!,
    metric: slots.metric!,
    dataset: slots.dataset_name!,
    problemType: plan.problemType,
    inputs: slots.inputs!,
    outputs: slots.outputs!,
  }
  const bodies: Record<BlockKey, string> = {
    ...criteriaBlocks({ ...plan.criteria, problemType: plan.problemType, name: slots.name! }),
    specData: dataPending(pending),
    planSplits: splitsPending(pending),
    planBaselines: baselinesPending(pending, plan.criteria.baseline),
    tasksRegister: registerPending(pending),
    testsData: testDataPending(pending),
    testsBaselines: baselinesPending(pending, plan.criteria.baseline),
  }
  const texts = Object.fromEntries(
    DOCUMENTS.map((name) => [name, reflow(fill(documentTemplate(name), slots))]),
  )
  for (const [key, { file, name, after }] of Object.entries<Block>(BLOCKS))
    texts[file] = putBlock(texts[file]!, name, bodies[key as BlockKey], { after, force: true }).text
  return {
    ...(texts as Record<DocumentName, string>),
    'spec.md': frontMatter(plan, folder) + texts['spec.md'],
  }
}

function frontMatter(plan: IncrementPlan, folder: string): string {
  const { success, baseline } = plan.criteria
  const lines = [
    '---',
    `increment: ${folder}`,
    `title: ${quoted(plan.title)}`,
    'type: feature',
    'priority: P1',
    'status: active',
    `created: ${plan.created.slice(0, 10)}`,
    'structure: user-stories',
    'ml:',
    '  problem:',
    `    type: ${plan.problemType}`,
    `    input: ${quoted(oneLine(plan.input))}`,
    `    output: ${quoted(oneLine(plan.output))}`,
    `  dataset: ${plan.dataset?.dataset ?? 'null'}`,
    "  candidate: null # the run that is judged; null: best on validation by the first criterion's metric",
    '  success:',
    ...success.map(({ metric, op, value, split, proposed }) => {
      const extra = `${split ? `, split: ${split}` : ''}${proposed ? ', proposed: true' : ''}`
      return `    - {metric: ${metric}, op: "${op}", value: ${value}${extra}}`
    }),
    `  baseline: {metric: ${baseline.metric}, lift: ${baseline.lift}, over: ${baseline.over}}`,
    `  looks: ${plan.looks} # at the sealed test set`,
    '  requires: [baseline]',
    '  sign_off: {by: null, at: null}',
    '---',
    '',
    '',
  ]
  return lines.join('\n')
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

function quoted(text: string): string {
  return stringify(text, { defaultStringType: 'QUOTE_DOUBLE', lineWidth: 0 }).trimEnd()
}
