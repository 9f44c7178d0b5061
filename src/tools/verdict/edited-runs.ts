import { join, relative } from 'node:path'
import type { Ledger } from '../../evidence/ledger.ts'
import { reviewMetrics } from '../../evidence/metrics-file.ts'
import { isRecordChanged } from '../../evidence/run-record.ts'

/**
 * What `metrics.json` and `run.json` of measured runs say otherwise than the ledger.
 * @returns a sentence for each file: `problems` were edited, `notes` are out of date.
 */
export function editedRuns(
  root: string,
  runs: readonly { run: string; folder: string }[],
  ledger: Ledger,
): { problems: string[]; notes: string[] } {
  const [problems, notes]: [string[], string[]] = [[], []]
  for (const { run, folder } of runs) {
    const path = (name: string) => relative(root, join(folder, name)).replaceAll('\\', '/')
    const metrics = path('metrics.json')
    const { wrong, outdated } = reviewMetrics(run, folder, ledger)
    const anew = `\`specweave-ml evaluate-run ${run} validation\` writes it anew from the evidence, where the predictions are`
    if (wrong.length > 0)
      problems.push(
        `${metrics} was edited: ${wrong.join('; ')}. \`git checkout -- ${metrics}\` brings back what was committed; ${anew}`,
      )
    if (outdated.length > 0) notes.push(`${metrics} is out of date: ${outdated.join('; ')}. ${anew}`)
    if (isRecordChanged(run, folder, ledger))
      problems.push(
        `${path('run.json')} was edited: it is not what it was when the run was measured, by its hash in the ledger. \`git checkout -- ${path('run.json')}\` brings back what was committed`,
      )
  }
  return { problems, notes }
}
