import { createHash } from 'node:crypto'
import { canonicalJson } from '../core/canonical-json.ts'
import type { Difference } from '../evidence/comparison.ts'
import { appendEvent } from '../evidence/ledger.ts'
import { type JudgedVerdict, judge } from '../increments/gates.ts'
import type { IncrementRef } from '../increments/load.ts'
import type { Index } from '../store/index-db.ts'
import type { Workspace } from '../store/workspace.ts'
import { writeComparisonPage } from './comparison-page.ts'
import { testedDifferences } from './comparison-setting.ts'
import type { ToolContext } from './context.ts'
import { gatherFacts, type IncrementFacts } from './increment-facts.ts'
import { bestSoFar } from './increment-progress.ts'
import { keepDifferences } from './kept-differences.ts'

export interface Validated {
  facts: IncrementFacts
  verdict: JudgedVerdict
  differences: Difference[]
}

/** Judges an increment and writes nothing. */
export async function judged(
  workspace: Workspace,
  index: Index,
  increment: IncrementRef,
  context: ToolContext,
): Promise<Validated> {
  const facts = gatherFacts(workspace, index, increment)
  return { facts, verdict: judge(facts.gate), differences: await differencesOf(workspace, facts, context) }
}

/** Writes a verdict into the ledger where it is new, and brings comparison.md up to it. */
export async function recordVerdict(
  workspace: Workspace,
  { facts, verdict, differences }: Validated,
): Promise<void> {
  const { increment } = facts
  if (facts.ranking && differences.length > 0) keepDifferences(increment, facts.ranking.metric, differences)
  writeComparisonPage(facts, differences)
  const data = {
    increment: increment.id,
    verdict: verdict.verdict,
    candidate: verdict.candidate ?? null,
    checks: Object.fromEntries(verdict.checks.map(({ id, status }) => [id, status])),
    facts_sha256: createHash('sha256')
      .update(
        canonicalJson(
          verdict.checks.map(({ id, status, measured, asked }) => ({ id, status, measured, asked })),
        ),
      )
      .digest('hex'),
  }
  const before = facts.ledger.lines.findLast(
    (line) => line.event === 'gate.decided' && line.data.increment === increment.id,
  )
  if (!before || canonicalJson(before.data) !== canonicalJson(data))
    await appendEvent(workspace, 'gate.decided', data)
}

async function differencesOf(
  workspace: Workspace,
  facts: IncrementFacts,
  context: ToolContext,
): Promise<Difference[]> {
  const run = bestSoFar(facts).best?.run
  const best = facts.runs.find((one) => one.run === run)
  if (!best || !facts.ranking) return []
  const { differences } = await testedDifferences(
    workspace,
    facts.runs,
    best,
    facts.ranking.metric,
    'validation',
    context,
  )
  return differences
}
