import { createHash } from 'node:crypto'
import { canonicalJson } from '../../core/canonical-json.ts'
import {
  type JudgedPredictions,
  judgedBefore,
  KEPT_BYTES,
  keepPredictions,
} from '../../evidence/kept-predictions.ts'
import { noticeLabCode } from '../../evidence/lab-tamper.ts'
import { appendEvent } from '../../evidence/ledger.ts'
import { type JudgedVerdict, judge } from '../../increments/gates.ts'
import type { IncrementRef } from '../../increments/load.ts'
import { isClosed } from '../../increments/metadata.ts'
import { bestRun, rankRuns } from '../../reports/best-run.ts'
import { singleRuns } from '../../reports/seed-means.ts'
import { admitPredictions, PREDICTIONS_RULE } from '../../store/git-rules.ts'
import type { Index } from '../../store/index-db.ts'
import { runFolder } from '../../store/layout.ts'
import type { Workspace } from '../../store/workspace.ts'
import { type Compared, keepDifferences } from '../comparison/kept-differences.ts'
import type { ToolContext } from '../context.ts'
import { testedDifferences } from '../judging/comparison-setting.ts'
import { describeCurrent, writeComparisonPage } from './comparison-page.ts'
import { gatherFacts, type IncrementFacts } from './increment-facts.ts'

export interface Validated {
  facts: IncrementFacts
  verdict: JudgedVerdict
  compared: Compared
}

/** Runs with a seed, best first, whose experiments are compared. */
const MOST_SEEDED = 50

/** Judges an increment and writes nothing. */
export async function judged(
  workspace: Workspace,
  index: Index,
  increment: IncrementRef,
  context: ToolContext,
): Promise<Validated> {
  const facts = gatherFacts(workspace, index, increment)
  return { facts, verdict: judge(facts.gate), compared: await comparedBy(workspace, index, facts, context) }
}

/**
 * A closed increment was judged: to look at it again decides nothing, here or in a clone, which lacks models and events.
 * Only a verdict that an earlier version recorded, without its predictions, is recorded again.
 */
function isDecided({ increment, ledger }: IncrementFacts): boolean {
  return isClosed(increment.status) && judgedBefore(ledger, increment.id).at(-1) !== undefined
}

/** Else the page would lose what a clone does not hold, such as parameters that a script set. */
function isOfThisClone({ increment, ledger }: IncrementFacts): boolean {
  return ledger.chains.some(
    ({ own, lines }) => own && lines.some(({ data }) => data.increment === increment.id),
  )
}

/**
 * Writes a verdict into the ledger where it is new, with the predictions that it read, which are kept for Git; and
 * brings comparison.md and the documents of the work up to it.
 * @returns what a person should know of the predictions that could not be kept.
 */
export async function recordVerdict(
  workspace: Workspace,
  { facts, verdict, compared }: Validated,
): Promise<string[]> {
  const { increment } = facts
  await noticeLabCode(workspace)
  if (isDecided(facts)) {
    if (isOfThisClone(facts)) writeComparisonPage(facts, compared)
    return []
  }
  if (facts.ranking && (compared.differences.length > 0 || compared.overSeeds.length > 0))
    keepDifferences(increment, facts.ranking.metric, compared)
  writeComparisonPage(facts, compared)
  describeCurrent(facts)
  const { predictions, notes } = await keepJudged(workspace, facts)
  const data = {
    increment: increment.id,
    verdict: verdict.verdict,
    candidate: verdict.candidate ?? null,
    checks: Object.fromEntries(verdict.checks.map(({ id, status }) => [id, status])),
    // What was asked: whoever reads spec.md later can tell whether it still says so.
    success: facts.gate.criteria.map(({ metric, op, value, split }) => ({ metric, op, value, split })),
    baseline: facts.gate.baselineRule,
    facts_sha256: createHash('sha256')
      .update(
        canonicalJson(
          verdict.checks.map(({ id, status, measured, asked }) => ({ id, status, measured, asked })),
        ),
      )
      .digest('hex'),
    predictions,
  }
  const before = facts.ledger.lines.findLast(
    (line) => line.event === 'gate.decided' && line.data.increment === increment.id,
  )
  if (!before || canonicalJson(before.data) !== canonicalJson(data))
    await appendEvent(workspace, 'gate.decided', data)
  return notes
}

/** Keeps the predictions of the candidate and of the baselines that it was judged against. */
async function keepJudged(
  workspace: Workspace,
  { increment, gate, ledger }: IncrementFacts,
): Promise<{ predictions: JudgedPredictions[]; notes: string[] }> {
  const judged = [...(gate.candidate ? [gate.candidate] : []), ...gate.baselines].map(({ run }) => ({
    run,
    folder: runFolder(workspace.layout, increment.folder, run),
  }))
  const predictions = await keepPredictions(judged, judgedBefore(ledger, increment.id).findLast(Boolean))
  const large = predictions.filter(({ not_kept }) => not_kept === 'too_large')
  const kept = predictions.some(({ gzip_bytes }) => gzip_bytes !== null)
  return {
    predictions,
    notes: [
      ...(large.length > 0
        ? [
            `${large.map(({ run, split }) => `${run} ${split}`).join(', ')}: more than ${KEPT_BYTES / 1024 ** 2} MB of compressed predictions, so only their hashes are kept; a clone cannot score them again`,
          ]
        : []),
      ...(kept && !admitPredictions(workspace.layout)
        ? [
            `.specweave/.gitignore was edited and keeps predictions out of Git: add the line ${PREDICTIONS_RULE}, so that a clone can score them again`,
          ]
        : []),
    ],
  }
}

async function comparedBy(
  workspace: Workspace,
  index: Index,
  { runs, ranking }: IncrementFacts,
  context: ToolContext,
): Promise<Compared> {
  const best = ranking && bestRun(runs, ranking)
  if (!best) return { differences: [], overSeeds: [] }
  const { metric } = ranking
  const ranked = rankRuns(singleRuns(runs), ranking)
  const tested = await testedDifferences(workspace, ranked, best, metric, 'validation', context)
  const { comparedOverSeeds } = await import('../comparison/seed-comparison.ts')
  const { family } = tested
  const seeds = await comparedOverSeeds(
    workspace,
    index,
    ranked.filter(({ seed }) => seed !== undefined).slice(0, MOST_SEEDED),
    { metric, split: 'validation', family },
    context,
  )
  return {
    differences: tested.differences.map((one) => ({ ...one, tests: family })),
    overSeeds: seeds?.differences ?? [],
  }
}
