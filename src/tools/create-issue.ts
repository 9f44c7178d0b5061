import { z } from 'zod'
import { openedToWrite } from './opened-workspace.ts'
import { IncrementId, NextSteps } from './shapes.ts'
import { defineTool, renderNext } from './tool.ts'

export const createIssueTool = defineTool({
  name: 'create_issue',
  title: 'Create a GitHub issue',
  description:
    'Makes a GitHub issue for an increment and links it: problem, criteria, measured figures, files. A later call comments where the figures changed. ' +
    'Needs a remote on GitHub and the token of GITHUB_TOKEN or `gh`; without either it writes the ready text to reports/github-issue.md. Ask the user first: others read it.',
  input: z.object({
    title: z.string().min(1).max(256).optional().describe("the increment's where left out"),
    increment: IncrementId,
  }),
  output: z.object({
    increment: z.string(),
    outcome: z.enum(['created', 'commented', 'unchanged', 'written']),
    issue: z.number().optional(),
    url: z.string().optional(),
    path: z.string().optional(),
    notes: z.array(z.string()).optional(),
    next: NextSteps.optional(),
  }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  command: {
    positional: ['title', 'increment'],
    examples: [
      'specweave-ml create-issue "Retrain recommendation model with new data" 0042',
      'specweave-ml create-issue --increment 0042',
    ],
  },
  async handle(input, context) {
    const { workspace, index } = await openedToWrite(context)
    const [{ schedule }, { incrementToShow }, { keepIssue }] = await Promise.all([
      import('../runs/schedule.ts'),
      import('../increments/load.ts'),
      import('./documents/github-issue.ts'),
    ])
    schedule(workspace, index)
    const { increment, note } = incrementToShow(workspace, input.increment)
    const kept = await keepIssue(workspace, index, increment, input.title, context)
    return {
      ...kept,
      ...(note ? { notes: [note, ...(kept.notes ?? [])] } : {}),
      ...(kept.outcome === 'written'
        ? {
            next: [
              {
                tool: 'create_issue',
                arguments: { ...input, increment: increment.id },
                why: 'posts it, once what the note names is there',
              },
            ],
          }
        : {}),
    }
  },
  render({ increment, outcome, issue, url, path, notes, next }) {
    const said = {
      created: `made issue #${issue}: ${url}`,
      commented: `the figures changed, commented on issue #${issue}: ${url}`,
      unchanged: `issue #${issue} tells the figures as they are: ${url}`,
      written: `no issue was made; its text is ready in ${path}`,
    }[outcome]
    const lines = [`${increment}: ${said}`, ...(notes ?? []).map((note) => `note: ${note}`)]
    return lines.join('\n') + renderNext(next)
  },
})
