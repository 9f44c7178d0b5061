import { isJudgeable } from '../core/judgeability.ts'
import type { RunSummary } from '../core/run-summary.ts'
import type { PairedDifference } from './differences.ts'
import { inline } from './markdown-text.ts'
import { codeLabel } from './run-words.ts'

export const NOT_JUDGEABLE = 'Not judgeable'

/** Beside a run's name, wherever it stands: ` (seen reading test labels: not judgeable)`; nothing for any other run. */
export function judgeabilityMark({ notJudgeable }: RunSummary): string {
  if (!notJudgeable) return ''
  return ` (${notJudgeable.waived ? waivedMark(notJudgeable.mark) : notJudgeable.mark})`
}

function waivedMark(mark: string): string {
  return `${mark.replace(/: not judgeable$/, '')}: waived by a person`
}

/** Why each of those runs is not judged, a sentence each; waived ones too. */
export function notJudgeableLines(runs: readonly RunSummary[]): string[] {
  return runs.flatMap((run) =>
    run.notJudgeable
      ? [
          `${codeLabel(run.run)}${judgeabilityMark(run)}: ${inline(run.notJudgeable.reason, 600)} The check is ${inline(run.notJudgeable.check, 60)}.`,
        ]
      : [],
  )
}

/** Differences between runs that may be compared: what was kept may be older than what is known of a run now. */
export function standingDifferences<T extends Pick<PairedDifference, 'a' | 'b'>>(
  differences: readonly T[] | undefined,
  runs: readonly RunSummary[],
): T[] {
  const out = new Set(
    runs.filter((run) => !isJudgeable(run)).flatMap(({ run }) => [run, run.replace(/\/s-?\d+$/, '')]),
  )
  return (differences ?? []).filter(({ a, b }) => !out.has(a) && !out.has(b))
}
