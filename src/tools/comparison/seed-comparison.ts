import { findLab } from '../../adapters/lab/environment.ts'
import { Refusal } from '../../core/errors.ts'
import { isJudgeable } from '../../core/judgeability.ts'
import { findMeasured, type Split } from '../../core/measurement.ts'
import type { Direction } from '../../core/metrics.ts'
import type { RunSummary } from '../../core/run-summary.ts'
import { chooseOverSeeds, type SeedChoice } from '../../core/seed-choice.ts'
import { seedDifferenceSentence } from '../../reports/seed-differences.ts'
import { meanOf } from '../../reports/seed-means.ts'
import { parentOf, seededExperiments, seedsOf } from '../../runs/seeded-experiments.ts'
import { summarizeRun } from '../../runs/summary.ts'
import type { Index } from '../../store/index-db.ts'
import { sql } from '../../store/schema.ts'
import type { Workspace } from '../../store/workspace.ts'
import type { ToolContext } from '../context.ts'
import { asRecorded, mayBeBest } from '../judging/comparison-setting.ts'
import type { OverSeedsAnswer } from '../runs/over-seeds.ts'

/** Fewer say little: of two seeds nothing but a very large difference stands out. */
const FEW_SEEDS = 3
const MOST_EXPERIMENTS = 10
const SUGGESTED = [1, 2, 3, 4, 5]

interface Experiment {
  /** The run that gathers the seeds, else the first run. */
  name: string
  runs: RunSummary[]
  /** Seeds that did not succeed. */
  failed: number
  /** Seeds that succeeded, and that no verdict may rest on. */
  notJudgeable: number
}

/**
 * The experiments that the shown runs belong to, over all of their seeds, whether they are shown or not: the best seeds
 * alone would flatter. Nothing where no experiment has several.
 */
export async function comparedOverSeeds(
  workspace: Workspace,
  index: Index,
  shown: readonly RunSummary[],
  about: { metric: string; split: Split; family: number | undefined },
  context: ToolContext,
): Promise<OverSeedsAnswer | undefined> {
  const [first] = shown
  if (!first?.dataset || about.split === 'folds') return undefined
  const own = shown.filter(
    (run) => run.dataset === first.dataset && run.baseline === undefined && isJudgeable(run),
  )
  const experiments = await experimentsOf(workspace, index, own, about)
  if (!experiments.some(({ runs }) => runs.length > 1)) return undefined
  const several = experiments.filter(({ runs }) => runs.length > 1).slice(0, MOST_EXPERIMENTS)
  const notes = notesOn(experiments, several)
  const { compareSeeds } = await import('../../evidence/seed-comparison.ts')
  const counted = several.map(({ name, runs }) => ({
    experiment: name,
    seeds: runs.length,
    ...meanAndSpread(runs, about),
  }))
  if (several.length < 2 || !findLab()) return { experiments: counted, differences: [], notes }
  const folders = foldersOf(
    index,
    several.flatMap(({ runs }) => runs),
  )
  try {
    const {
      reference,
      experiments: told,
      differences,
      left_out,
    } = await compareSeeds(
      workspace,
      { dataset: first.dataset, ...about },
      new Map(
        several.map(({ name, runs }) => [
          name,
          runs.map(({ run }) => ({ run, folder: folders.get(run) ?? '' })),
        ]),
      ),
      context,
    )
    return {
      ...(reference ? { reference } : {}),
      experiments: told.length > 0 ? told : counted,
      differences: differences.map((one) => ({
        ...one,
        words: seedDifferenceSentence(one, (experiment) => experiment),
      })),
      notes: [...notes, ...left_out.map(({ run, reason }) => `${run} ${reason}`)],
    }
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause
    return {
      experiments: counted,
      differences: [],
      notes: [...notes, `not compared over seeds: ${cause.message}`],
    }
  }
}

/**
 * The run that stands for the best experiment of those that the shown runs belong to, over all of their seeds.
 * @param about.only asked for by name: no other run is chosen.
 */
export async function chosenOverSeeds(
  workspace: Workspace,
  index: Index,
  shown: readonly RunSummary[],
  about: { metric: string; split: Split; direction: Direction; only?: ReadonlySet<string> },
): Promise<SeedChoice<RunSummary> | undefined> {
  const { metric, split, direction, only } = about
  const own = shown.filter(mayBeBest)
  const parents = new Set(own.flatMap(({ run }) => parentOf(run) ?? []))
  if (parents.size === 0) return undefined
  const known = new Set(own.map(({ run }) => run))
  const others = [...parents]
    .flatMap((parent) => seedsOf(index, parent))
    .filter((run) => !known.has(run) && (!only || only.has(run)))
    .flatMap((run) => summarizeRun(index, run) ?? [])
  const { summaries } = await asRecorded(workspace, index, others)
  const scored = [...own, ...summaries.filter(mayBeBest)].flatMap((run) => {
    const value = findMeasured(run.metrics, metric, split)?.value
    return value === undefined ? [] : [{ run, value }]
  })
  return chooseOverSeeds(
    scored.filter(({ run }, place) => scored.findIndex((one) => one.run.run === run.run) === place),
    direction,
  )
}

/** What would tell a difference from a seed's luck: more seeds of an experiment that has one. */
export function moreSeeds(answer: OverSeedsAnswer | undefined, shown: readonly RunSummary[]) {
  if (!answer) return []
  const several = new Set(answer.experiments.map(({ experiment }) => experiment))
  const isSeeded = ({ run }: RunSummary) => several.has(parentOf(run) ?? run)
  const asked = ({ command, params }: RunSummary) => JSON.stringify([command, params])
  // One that was run with more seeds since, by other code, is not asked for again.
  const done = new Set(shown.filter(isSeeded).map(asked))
  const alone = shown.find(
    (run) =>
      run.baseline === undefined &&
      run.state === 'succeeded' &&
      isJudgeable(run) &&
      !isSeeded(run) &&
      !done.has(asked(run)),
  )
  if (!alone) return []
  return [
    {
      tool: 'run_experiment',
      arguments: {
        increment: alone.increment,
        name: alone.name.replace(/^exp-\d+-/, ''),
        command: alone.command,
        ...(Object.keys(alone.params).length > 0 ? { params: alone.params } : {}),
        seeds: SUGGESTED,
      },
      why: `${alone.run} has one seed: whether it differs by more than a seed's luck takes several`,
    },
  ]
}

/** What is shown of an experiment that is compared with none. */
function meanAndSpread(
  runs: readonly RunSummary[],
  { metric, split }: { metric: string; split: Split },
): { mean?: number; spread?: number } {
  const found = meanOf(runs.flatMap(({ metrics }) => findMeasured(metrics, metric, split)?.value ?? []))
  return found ? { mean: found.mean, spread: found.spread } : {}
}

function notesOn(all: readonly Experiment[], several: readonly Experiment[]): string[] {
  const alone = all.filter(({ runs }) => runs.length === 1).map(({ name }) => name)
  return [
    ...(alone.length > 0
      ? [
          `${alone.slice(0, 5).join(', ')}${alone.length > 5 ? ` and ${alone.length - 5} more` : ''}: one seed, so nothing tells its difference from a seed's luck; run_experiment with seeds gives several`,
        ]
      : []),
    ...several.flatMap(({ name, runs, failed, notJudgeable }) => [
      ...(runs.length < FEW_SEEDS
        ? [
            `${name}: ${runs.length} seeds are few; ${FEW_SEEDS} are the least that can show much, 5 are better`,
          ]
        : []),
      ...(failed > 0 ? [`${name}: ${failed} of its seeds did not succeed and are in no mean`] : []),
      ...(notJudgeable > 0
        ? [`${name}: ${notJudgeable} of its seeds are not judgeable and are in no mean`]
        : []),
    ]),
  ]
}

async function experimentsOf(
  workspace: Workspace,
  index: Index,
  shown: readonly RunSummary[],
  { metric, split }: { metric: string; split: Split },
): Promise<Experiment[]> {
  const found: Experiment[] = []
  for (const { name, runs } of seededExperiments(index, shown)) {
    const summaries = runs.flatMap((run) => summarizeRun(index, run) ?? [])
    const ended = summaries.filter(({ state }) => state === 'succeeded')
    const { summaries: recorded } = await asRecorded(workspace, index, ended)
    const judgeable = recorded.filter(isJudgeable)
    const measured = judgeable.filter(({ metrics }) => findMeasured(metrics, metric, split))
    if (measured.length > 0)
      found.push({
        name,
        runs: onePerSeed(measured),
        failed: summaries.length - ended.length,
        notJudgeable: recorded.length - judgeable.length,
      })
  }
  return found
}

/** The same seed again is no other one. The first counts, whatever came out of it. */
function onePerSeed(runs: readonly RunSummary[]): RunSummary[] {
  const first = [...runs].sort((a, b) => a.created.localeCompare(b.created))
  return first.filter(({ seed }, i) => first.findIndex((one) => one.seed === seed) === i)
}

function foldersOf(index: Index, runs: readonly { run: string }[]): Map<string, string> {
  const names = runs.map(({ run }) => run)
  return new Map(
    index
      .all(sql.selectFrom('runs').select(['run', 'folder']).where('run', 'in', names))
      .map(({ run, folder }) => [run, folder]),
  )
}
