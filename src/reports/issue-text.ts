import type { ModelFigures } from '../core/model-figures.ts'
import { algorithmOf } from './algorithm.ts'
import { bullets, code, inline, paragraphs } from './markdown-text.ts'
import { judgeabilityMark } from './not-judgeable.ts'
import { formatCount, formatMeasurement } from './number-format.ts'
import { PROGRAM_NOTE } from './program-note.ts'
import type { SummaryFacts } from './summary-facts.ts'
import { criteriaTable } from './summary-verdict.ts'
import { table } from './table.ts'

/** What an issue is made of. */
export interface IssueFacts
  extends Pick<SummaryFacts, 'increment' | 'verdict' | 'askedBefore' | 'runs' | 'dataset' | 'looks'> {
  /** `0042-recommendation-model` */
  folder: string
  status: string
  problem: { type: string; input: string; output: string }
  figures: ModelFigures
  /** Paths from the workspace's root. */
  files: readonly string[]
  /** Address that a path is appended to; without it files are named only. */
  filesAt?: string
}

/** The body of an increment's issue: problem, criteria with what was measured, best candidate, files. */
export function renderIssue(facts: IssueFacts): string {
  const { increment, folder, status, verdict, figures } = facts
  return paragraphs(
    `Increment ${code(folder)}, kept with SpecWeave ML. Status **${inline(status)}**, validation **${verdict.verdict}**. Looks at the sealed test set: ${facts.looks.used} of ${facts.looks.budget}.`,
    `## Problem\n\n${bullets(problemLines(facts))}`,
    `## Criteria\n\n${criteriaTable(facts) ?? 'None.'}`,
    `## ${verdict.candidate ? 'Candidate' : 'Best so far'}\n\n${bestLines(facts)}`,
    `## Files\n\n${bullets(facts.files.map((path) => fileLine(path, facts.filesAt)))}`,
    `Measured numbers are the lab's own, with intervals of 95 %; those on test are from labels that no script sees. ${code(`specweave-ml verify --recompute --increment ${increment}`)} proves them. ${PROGRAM_NOTE}${figures.run ? '' : ' Figures will follow as comments.'}`,
  )
}

/** What changed since the issue, or its last comment, in a table. */
export function renderFiguresComment(before: ModelFigures | undefined, facts: IssueFacts): string {
  const now = facts.figures
  const changed = (was: string | undefined, is: string) =>
    was === undefined || was === is ? `**${inline(is)}**` : `**${inline(is)}** (was ${inline(was)})`
  const run = now.run === null ? 'no run was measured yet' : `${code(now.run)}${changedRun(before, now)}`
  const values = new Map((before?.metrics ?? []).map((metric) => [keyOf(metric), metric]))
  const rows = now.metrics.map((metric) => {
    const was = values.get(keyOf(metric))
    return [
      code(metric.name),
      metric.split ?? '',
      was ? formatMeasurement(was) : '',
      formatMeasurement(metric),
    ]
  })
  return paragraphs(
    `Increment ${code(facts.folder)}: status ${changed(before?.status, now.status)}, validation ${changed(before?.verdict, now.verdict)}, model ${run}.`,
    rows.length > 0
      ? table(
          ['Metric', 'Split', 'Before', 'Now, measured'].map((title) => ({ title })),
          rows,
        )
      : undefined,
  )
}

function changedRun(before: ModelFigures | undefined, now: ModelFigures): string {
  return before?.run && before.run !== now.run ? ` (was ${code(before.run)})` : ''
}

function keyOf({ name, split }: ModelFigures['metrics'][number]): string {
  return `${name} ${split ?? ''}`
}

function problemLines({ problem, dataset }: IssueFacts): string[] {
  return [
    `Type: ${inline(problem.type.replaceAll('_', ' '))}`,
    ...(problem.input ? [`Input: ${text(problem.input)}`] : []),
    ...(problem.output ? [`Output: ${text(problem.output)}`] : []),
    dataset
      ? `Data: ${code(dataset.dataset)}, ${formatCount(dataset.rows)} rows, target ${code(dataset.target)}`
      : 'Data: none is registered yet',
  ]
}

function bestLines({ figures, runs }: IssueFacts): string {
  const run = runs.find(({ run: id }) => id === figures.run)
  if (!run) return 'No run has been measured yet.'
  const rows = figures.metrics.map((metric) => [
    code(metric.name),
    metric.split ?? '',
    formatMeasurement(metric),
  ])
  return paragraphs(
    `${code(run.run)}, ${text(algorithmOf(run).name)}${judgeabilityMark(run)}`,
    table(
      ['Metric', 'Split', 'Measured'].map((title) => ({ title })),
      rows,
    ),
  )
}

function fileLine(path: string, filesAt: string | undefined): string {
  if (filesAt === undefined) return code(path)
  const address = `${filesAt}/${path.split('/').map(encodeURIComponent).join('/')}`
  return `[${inline(path)}](${address.replace('(', '%28').replace(')', '%29')})`
}

/** A name after an @ would call somebody. */
function text(words: string): string {
  return inline(words, 600).replace(/(?<![\w`])@(?=\w)/g, '&#64;')
}
