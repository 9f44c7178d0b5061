import type { BaselineRule, Criterion } from '../core/criterion.ts'
import { metricInfo } from '../core/metrics.ts'
import type { ProblemType } from '../core/problem-types.ts'
import { baselineSentence, costCriteria, criteriaInline, criteriaTable } from './criteria-text.ts'
import { asked } from './criterion-checks.ts'
import { reflow } from './reflow.ts'
import { thresholdGoal } from './threshold-goal.ts'

/** What the front matter asks, and of which model. */
export interface Asked {
  success: readonly Criterion[]
  baseline: BaselineRule | null
  problemType: ProblemType
  /** `the churn model` */
  name: string
}

/** Every place of the documents that repeats a number of the front matter: it is written anew when that changes. */
export function criteriaBlocks(
  asked: Asked,
): Record<'specSuccess' | 'specCriteria' | 'specLimits' | 'specAcceptance' | 'testsCriteria', string> {
  const table = criteriaTable(asked.success, asked.baseline)
  return {
    specSuccess: reflow(successText(asked)),
    specCriteria: table,
    specLimits: reflow(limitsText(asked)),
    specAcceptance: acceptanceTexts(asked.success, asked.baseline)
      .map(({ id, text }) => `- [ ] **${id}**: ${text}`)
      .join('\n'),
    testsCriteria: table,
  }
}

/** AC-US1-01 and so on: one for each criterion, and one for the lift. */
export function acceptanceTexts(
  success: readonly Criterion[],
  baseline: BaselineRule | null,
): { id: string; text: string }[] {
  return [
    ...success.map(acceptanceOf),
    ...(baseline ? [`The candidate reaches ${baselineSentence(baseline)}, on the same rows`] : []),
  ].map((text, i) => ({ id: `AC-US1-${String(i + 1).padStart(2, '0')}`, text }))
}

function successText({ success, baseline, problemType }: Asked): string {
  return [
    `- **Success metrics**: ${criteriaInline(success)}`,
    `- **Against baselines**: ${baselineSentence(baseline)}`,
    ...(problemType === 'classification'
      ? [
          `- **Threshold**: until the cost of a wrong answer is agreed, the threshold between two classes is chosen on validation for ${thresholdGoal(success)} (\`evaluate_run\` with \`threshold\`) and reported with the model`,
        ]
      : []),
  ].join('\n')
}

function limitsText({ success, baseline, name }: Asked): string {
  const costs = costCriteria(success)
  const quality = criteriaInline(success.filter((criterion) => !costs.includes(criterion)))
  return [
    ...(costs.length > 0
      ? costs.map(
          (criterion) =>
            `- **${costName(criterion.metric)}**: ${asked(criterion)}, on the machine that serves ${name}`,
        )
      : [
          `- **Latency, throughput, size**: no limit was set for ${name}; one is added as a line of \`ml.success\`, such as \`{metric: latency_p99_ms, op: "<", value: 100}\``,
        ]),
    `- **Quality**: ${quality ? `${quality}; ` : ''}${baselineSentence(baseline)}.`,
  ].join('\n')
}

function acceptanceOf(criterion: Criterion): string {
  const where =
    criterion.split === 'test'
      ? 'measured on the sealed test set'
      : metricInfo(criterion.metric)?.family === 'cost'
        ? 'measured of the saved model on the machine that evaluates it'
        : `measured on ${criterion.split}`
  const { split: _, ...bare } = criterion
  return `${asked(bare)}, ${where}${criterion.proposed ? PROPOSED : ''}`
}

const PROPOSED = ' (proposed, to be confirmed)'

function costName(metric: string): string {
  if (metric.startsWith('latency')) return 'Latency'
  if (metric.startsWith('throughput')) return 'Throughput'
  if (metric.startsWith('memory')) return 'Memory'
  return metric.startsWith('training') ? 'Training time' : 'Model size'
}

const TICKED = /^[-*] \[([xX])\] \*\*AC-US1-\d+\*\*: (.*)$/

/**
 * The document with the ticks of its quality criteria taken out, and a function that puts them back where the criterion
 * still says the same: a tick is no edit of the text, and it does not hold for another number.
 */
export function withoutTicks(text: string): { text: string; ticked(now: string): string } {
  const kept = new Map<string, string>()
  const lines = text.split('\n').map((line) => {
    const [, tick, said] = TICKED.exec(line.trimEnd()) ?? []
    if (tick === undefined || said === undefined) return line
    kept.set(said.replace(PROPOSED, ''), tick)
    return line.replace(/\[[xX]\]/, '[ ]')
  })
  return {
    text: lines.join('\n'),
    ticked: (now) =>
      now.replace(/^([-*] \[) (\] \*\*AC-US1-\d+\*\*: )(.*?)([ \t\r]*)$/gm, (line, open, id, said, end) => {
        const tick = kept.get(said.replace(PROPOSED, ''))
        return tick ? `${open}${tick}${id}${said}${end}` : line
      }),
  }
}
