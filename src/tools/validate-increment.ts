import { z } from 'zod'
import { openedToWrite } from './opened-workspace.ts'
import { IncrementId, NextSteps } from './shapes.ts'
import { defineTool, renderNext, WRITES } from './tool.ts'

export const Checks = z.array(
  z.object({
    id: z.string(),
    status: z.enum(['pass', 'fail', 'missing', 'waived', 'pending_approval']),
    message: z.string(),
    evidence: z.string().optional(),
    next: z.record(z.string(), z.unknown()).optional(),
  }),
)

/** Criteria that were changed or taken away once test scores were known are said in every verdict. */
function changedCriteria(askedBefore: Readonly<Record<string, string>>): string[] {
  return Object.entries(askedBefore).map(
    ([check, before]) => `${check} was changed after the first look at the test set: it was "${before}"`,
  )
}

/** Whoever takes back the status of a closed increment by hand does not open it again. */
function closedAnyway(wrongStatus: string | undefined): string[] {
  return wrongStatus ? [`${wrongStatus}. It stays closed: it was judged again, and nothing is recorded`] : []
}

export const validateIncrement = defineTool({
  name: 'validate_increment',
  title: 'Validate an increment',
  description:
    'Checks every criterion and rule for the one candidate, by measured numbers only, and says pass, fail or missing with the evidence and the next call. ' +
    'A pass needs a number measured on the sealed test set (evaluate_run with split test). The verdict is recorded in the ledger.',
  input: z.object({
    increment: IncrementId,
    ask: z
      .array(z.string().min(1).max(200))
      .max(20)
      .optional()
      .describe(
        'ids of checks that the person at this client shall be asked to approve or waive, with their reason; only a person answers',
      ),
  }),
  output: z.object({
    increment: z.string(),
    verdict: z.enum(['pass', 'fail', 'incomplete']),
    candidate: z.string().optional(),
    checks: Checks,
    warnings: z.array(z.string()).optional(),
    next: NextSteps,
  }),
  annotations: WRITES,
  command: {
    positional: ['increment'],
    examples: ['specweave-ml validate-increment 0042'],
    no: { when: 'the verdict is `fail` or `incomplete`', is: ({ verdict }) => verdict !== 'pass' },
  },
  async handle(input, context) {
    const { workspace, index } = await openedToWrite(context)
    const [{ schedule }, { resolveIncrement }, { judged, recordVerdict }, { nextSteps }] = await Promise.all([
      import('../runs/schedule.ts'),
      import('../increments/load.ts'),
      import('./verdict/validated.ts'),
      import('./documents/increment-progress.ts'),
    ])
    schedule(workspace, index)
    const increment = resolveIncrement(workspace, input.increment)
    let result = await judged(workspace, index, increment, context)
    if (input.ask && input.ask.length > 0) {
      const { askApprovals } = await import('./approvals/asked-approvals.ts')
      await askApprovals(workspace, increment, result.verdict, input.ask, context)
      result = await judged(workspace, index, increment, context)
    }
    const notes = await recordVerdict(workspace, result)
    const { facts, verdict } = result
    return {
      increment: increment.id,
      verdict: verdict.verdict,
      ...(verdict.candidate ? { candidate: verdict.candidate } : {}),
      checks: verdict.checks.map(({ id, status, message, evidence, next }) => ({
        id,
        status,
        message,
        ...(evidence ? { evidence } : {}),
        ...(next ? { next: next as Record<string, unknown> } : {}),
      })),
      warnings: [
        ...closedAnyway(facts.wrongStatus),
        ...verdict.warnings,
        ...changedCriteria(facts.askedBefore),
        ...notes,
      ],
      next: nextSteps(workspace, facts, verdict),
    }
  },
  render({ increment, verdict, candidate, checks, warnings, next }) {
    return [
      `${increment}: ${verdict.toUpperCase()}${candidate ? `, candidate ${candidate}` : ''}`,
      ...checks.map(({ id, status, message }) => `${status.padEnd(7)} ${id}: ${message}`),
      ...(warnings ?? []).map((warning) => `warning: ${warning}`),
      renderNext(next),
    ].join('\n')
  },
})
