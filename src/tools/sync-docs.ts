import { z } from 'zod'
import { opened, openedToWrite } from './opened-workspace.ts'
import { IncrementId, NextSteps } from './shapes.ts'
import { defineTool, renderNext, WRITES } from './tool.ts'

export const syncDocsTool = defineTool({
  name: 'sync_docs',
  title: 'Synchronise the living documents',
  description:
    'Brings docs/internal up to the records: architecture/ml-models.md, a decision record on the algorithm, and a runbook with hyperparameters and what was learned, failed experiments included. ' +
    'Only generated blocks are written; what people wrote around them stays. `mode: check` writes nothing and is for CI.',
  input: z.object({
    increment: IncrementId.describe('all where left out'),
    mode: z.enum(['update', 'check']).default('update'),
  }),
  output: z.object({
    changed: z.array(z.string()).describe('in check mode: what would change'),
    unchanged: z.array(z.string()),
    conflicts: z.array(z.string()).describe('a person edited a generated block: it is left as it is'),
    next: NextSteps.optional(),
  }),
  annotations: WRITES,
  command: {
    positional: ['increment'],
    examples: ['specweave-ml sync-docs', 'specweave-ml sync-docs --mode check'],
    no: {
      when: '`--mode check` finds a document that is not current, or a person edited a generated block',
      // An update leaves nothing to do but what a person edited.
      is: ({ changed, conflicts, next }) =>
        (next !== undefined && (changed as string[]).length > 0) || (conflicts as string[]).length > 0,
    },
  },
  async handle({ increment, mode }, context) {
    const { workspace, index } = await (mode === 'check' ? opened(context) : openedToWrite(context))
    const [{ schedule }, { synchronise }] = await Promise.all([
      import('../runs/schedule.ts'),
      import('./documents/living-documents.ts'),
    ])
    schedule(workspace, index)
    const result = await synchronise(
      workspace,
      index,
      increment === undefined ? undefined : [increment],
      mode,
    )
    return {
      ...result,
      ...(mode === 'check' && result.changed.length > 0
        ? { next: [{ tool: 'sync_docs', arguments: {}, why: 'writes what would change' }] }
        : {}),
    }
  },
  render({ changed, unchanged, conflicts, next }) {
    return [
      `${changed.length} changed, ${unchanged.length} unchanged, ${conflicts.length} in conflict`,
      ...changed.map((file) => `changed: ${file}`),
      ...conflicts.map((file) => `conflict: ${file}`),
      renderNext(next),
    ].join('\n')
  },
})
