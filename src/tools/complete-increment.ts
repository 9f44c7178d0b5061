import { relative } from 'node:path'
import { z } from 'zod'
import { safeText } from '../core/untrusted-text.ts'
import { openedToWrite } from './opened-workspace.ts'
import { IncrementId, NextSteps } from './shapes.ts'
import { defineTool, renderNext } from './tool.ts'

/** Of the 45 s that clients wait, less what the rest of the call takes. */
const WAIT_S = 25

export const completeIncrement = defineTool({
  name: 'complete_increment',
  title: 'Complete an increment',
  description:
    "Closes a piece of work: validates once more, writes COMPLETION-SUMMARY.md, keeps the model with its metadata under models/ and brings the living documents up to date. Waits for the candidate's control. " +
    '`passed` needs a passing validation. `not_passed` is an honest end that needs nobody: the summary is headed NOT PASSED with the failed checks and what was learned.',
  input: z.object({
    increment: IncrementId,
    outcome: z.enum(['passed', 'not_passed']).optional(),
    reason: z.string().max(4000).optional().describe('what was tried and learned; needed for not_passed'),
  }),
  output: z.object({
    increment: z.string(),
    status: z.enum(['completed', 'abandoned', 'ready_for_review']),
    summary_path: z.string(),
    docs: z.array(z.string()),
    model: z.string().optional(),
    notes: z.array(z.string()).optional(),
    next: NextSteps.optional(),
  }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
  command: {
    positional: ['increment'],
    examples: [
      'specweave-ml complete-increment 0042',
      'specweave-ml complete-increment 0042 --outcome not_passed --reason "no model beat the rule on tenure"',
    ],
  },
  async handle(input, context) {
    const { workspace, index } = await openedToWrite(context)
    const [
      { schedule },
      { resolveIncrement },
      { judged, recordVerdict },
      { decideCompletion, refuseClosed, requireReason },
      { engineInUse },
      { underWay },
      { findRun },
      { waitForRuns },
      closing,
    ] = await Promise.all([
      import('../runs/schedule.ts'),
      import('../increments/load.ts'),
      import('./verdict/validated.ts'),
      import('../increments/complete.ts'),
      import('../increments/engine.ts'),
      import('../increments/under-way.ts'),
      import('../runs/find-run.ts'),
      import('../runs/wait.ts'),
      import('./documents/closing.ts'),
    ])
    schedule(workspace, index)
    // It comes to stand in the ledger, which nobody can take it out of again.
    const reason = input.reason === undefined ? undefined : safeText(input.reason)
    const increment = resolveIncrement(workspace, input.increment)
    refuseClosed(increment.id, increment.status)
    let result = await judged(workspace, index, increment, context)
    if (result.facts.wrongStatus) {
      const docs = await closing.putStatusBack(workspace, index, increment, result)
      return {
        increment: increment.id,
        status: result.facts.increment.status as 'completed' | 'abandoned',
        summary_path: `${increment.relative}/COMPLETION-SUMMARY.md`,
        docs,
        notes: [
          `${increment.id} was closed before, as the ledger holds: its status in metadata.json, which was ${increment.status}, was put back, and nothing else was done`,
        ],
      }
    }
    requireReason({ increment: increment.id, outcome: input.outcome, reason })
    const awaited = underWay(result.facts.gate)
    if (awaited.length > 0) {
      context.progress(`Waiting for ${awaited.join(', ')}`)
      const found = awaited.map((run) => findRun(index, run))
      await waitForRuns(index, found, WAIT_S, 'all', context.signal, () => void schedule(workspace, index))
      result = await judged(workspace, index, increment, context)
    }
    const completion = decideCompletion({
      increment: increment.id,
      status: result.facts.increment.status,
      verdict: result.verdict,
      underWay: underWay(result.facts.gate),
      outcome: input.outcome,
      reason,
      engineInUse: engineInUse(workspace.layout),
    })
    // After everything that can be refused: a refusal leaves no line in the ledger.
    const kept = await recordVerdict(workspace, result)
    const closed = await closing.closeIncrement(workspace, index, increment, result, completion)
    return {
      increment: increment.id,
      status: completion.status,
      summary_path: relative(workspace.root, closed.summary),
      docs: closed.docs,
      ...(closed.model ? { model: closed.model } : {}),
      notes: [...(completion.note ? [completion.note] : []), ...kept, ...closed.notes],
      next: [
        {
          person: `specweave-ml verify --recompute --increment ${increment.id}`,
          why: 'proves the ledger and scores the predictions again; in a clone, too',
        },
      ],
    }
  },
  render({ increment, status, summary_path, docs, model, notes, next }) {
    return [
      `${increment}: ${status}. Summary: ${summary_path}`,
      ...(model ? [`model: ${model}`] : []),
      ...(docs.length > 0 ? [`documents: ${docs.join(', ')}`] : []),
      ...(notes ?? []).map((note) => `note: ${note}`),
      renderNext(next),
    ].join('\n')
  },
})
