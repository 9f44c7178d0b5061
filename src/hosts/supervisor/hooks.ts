import { join } from 'node:path'
import { parseRunId } from '../../core/ids.ts'
import type { SupervisorHooks } from '../../runs/supervise.ts'
import type { Workspace } from '../../store/workspace.ts'
import { datasetRecord } from '../../tools/data/dataset-record.ts'

/** The page that lists the runs is written while the next run works, and once for many short runs. */
const LIST_AFTER_MS = 1000
const LOAD_AFTER_MS = 300

export interface Hooks extends SupervisorHooks {
  /** Settles when the pages list all runs that have ended. */
  listed(): Promise<void>
  close(): Promise<void>
}

/** Composes runs and evidence: what the supervisor needs beyond the run itself. */
export function supervisorHooks(workspace: Workspace): Hooks {
  let labWasUsed = false
  const unlisted = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  let listing: Promise<void> = Promise.resolve()
  // Slow to load: while a command works there is time for it, and before and after none.
  setTimeout(
    () => void import('../../tools/verdict/comparison-page.ts').catch(() => {}),
    LOAD_AFTER_MS,
  ).unref()
  const list = async (): Promise<void> => {
    clearTimeout(timer)
    timer = undefined
    const increments = [...unlisted]
    unlisted.clear()
    for (const increment of increments) {
      try {
        const { refreshComparison } = await import('../../tools/verdict/comparison-page.ts')
        await refreshComparison(workspace, increment)
      } catch (cause) {
        // A spec.md that a person is editing must not trouble a run that has ended.
        console.error(cause)
      }
    }
  }
  return {
    splits(dataset) {
      const record = datasetRecord(workspace, dataset)
      if (!record) return undefined
      const folder = workspace.layout.dataset(dataset)
      const { train, validation, test } = record.splits
      return {
        train: join(folder, train.path),
        validation: join(folder, validation.path),
        test: join(folder, test.path),
      }
    },
    async checkData(folder, dataset) {
      const { checkRunData } = await import('../../tools/data/run-data.ts')
      const { warnings, labUsed } = await checkRunData(workspace, folder, dataset)
      labWasUsed ||= labUsed
      return warnings
    },
    async controlSplits(dataset, folder) {
      const { controlSplits } = await import('../../tools/controls/control-run.ts')
      labWasUsed = true
      return controlSplits(workspace, dataset, folder)
    },
    async cutSplits(dataset, out) {
      const { cutSplits } = await import('../../tools/data/preflight-data.ts')
      const cut = await cutSplits(workspace, dataset, out)
      labWasUsed ||= typeof cut !== 'string'
      return cut
    },
    async checkSmoke(data, predictions) {
      const { checkSmoke } = await import('../../tools/data/preflight-data.ts')
      labWasUsed = true
      return checkSmoke(data, predictions)
    },
    async evaluate(run, folder, record) {
      if (record.control && record.dataset) {
        const { measureControlRun } = await import('../../tools/controls/control-run.ts')
        labWasUsed = true
        return measureControlRun(workspace, run, folder, record.dataset, record.control.of)
      }
      // A repetition is set beside the run that it repeats, and is measured for nothing else: it is no try.
      if (!record.dataset || record.reproduces) return []
      const { scoreOpenSplits } = await import('../../tools/evaluation/score-run.ts')
      const outcome = await scoreOpenSplits(workspace, run, folder, record.dataset)
      labWasUsed ||= outcome.labUsed
      if (record.baseline) return outcome.warnings
      const { seenWarnings } = await import('../../tools/judging/seen-reads.ts')
      return [...outcome.warnings, ...seenWarnings(workspace, run, folder, record.dataset)]
    },
    async ended(run) {
      const increment = parseRunId(run)?.increment
      if (!increment) return
      unlisted.add(increment)
      if (timer) return
      listing = new Promise((resolve) => {
        timer = setTimeout(() => void list().then(resolve), LIST_AFTER_MS)
      })
    },
    listed: () => listing,
    async close() {
      await list()
      if (labWasUsed) await (await import('../../adapters/lab/process.ts')).closeLab()
    },
  }
}
