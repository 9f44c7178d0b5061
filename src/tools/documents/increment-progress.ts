import type { Verdict } from '../../core/criterion.ts'
import type { NextStep } from '../../core/errors.ts'
import { isJudgeable } from '../../core/judgeability.ts'
import type { Measurement } from '../../core/measurement.ts'
import { isEnd } from '../../core/run-state.ts'
import { seedChoiceWords } from '../../core/seed-choice.ts'
import { bestOverSeeds, candidateRuns } from '../../increments/candidate.ts'
import { type IncrementRef, listIncrements } from '../../increments/load.ts'
import { isClosed } from '../../increments/metadata.ts'
import { underWay, waitFor } from '../../increments/under-way.ts'
import { waiverStep } from '../../increments/waiver-step.ts'
import type { Workspace } from '../../store/workspace.ts'
import { isMeasured, moreCandidates } from '../comparison/before-look.ts'
import { registerStep } from '../data/register-step.ts'
import { short } from '../runs/run-view.ts'
import type { IncrementFacts } from '../verdict/increment-facts.ts'

/** The best by measured validation, baselines and what no verdict may rest on left out. */
export function bestSoFar({ front, runs, ranking }: IncrementFacts): {
  best?: { run: string; chosen?: string; metrics: Measurement[] }
} {
  const choice = bestOverSeeds(front.ml.success, runs.filter(isJudgeable))
  if (!choice) return {}
  const best = choice.run
  const chosen = seedChoiceWords(choice, short)
  const shown = best.metrics.filter(({ split }) => split !== 'train')
  const leading = shown.filter(({ name }) => name === ranking?.metric)
  const others = shown.filter(({ name }) => name !== ranking?.metric)
  return {
    best: { run: best.run, ...(chosen ? { chosen } : {}), metrics: [...leading, ...others].slice(0, 12) },
  }
}

/** Where none is active: a new one, and the others that there are, latest number first. */
export function stepsBeyond(
  workspace: Workspace,
  shown: Pick<IncrementRef, 'id'>,
  { gate }: IncrementFacts,
): NextStep[] {
  const others = listIncrements(workspace).filter(({ id }) => id !== shown.id)
  return [
    {
      tool: 'create_increment',
      // Nobody begins an increment by following a call: only the user knows what is to be built.
      arguments: { title: '<what to build>', problem_type: gate.problemType },
      why: 'begins another, where the user asks for one',
    },
    ...others
      .slice(-2)
      .reverse()
      .map(({ id, folder, status }) => ({
        tool: 'get_increment',
        arguments: { increment: id },
        why: `shows ${folder} (${status})`,
      })),
  ]
}

/** What to do next: the loop's next step, what the checks ask for, and what only a person does. */
export function nextSteps(workspace: Workspace, facts: IncrementFacts, verdict: Verdict): NextStep[] {
  const { increment, gate } = facts
  if (isClosed(increment.status)) {
    return [
      {
        tool: 'sync_docs',
        arguments: { increment: increment.id },
        why: 'keeps the living documents up to the records',
      },
    ]
  }
  const asked = verdict.checks.flatMap(({ id, status, next }) =>
    // Criteria that an edit confirmed pass, and a person's word on them is still worth having.
    next && (status !== 'pass' || id === 'criteria.confirmed') ? [next] : [],
  )
  const unique = [...new Map(asked.map((step) => [JSON.stringify({ ...step, why: '' }), step])).values()]
  const waivers = hasLooked(gate.runs) ? waiverStep(increment.id, verdict.checks) : []
  const people = [...unique.filter(isForPerson), ...waivers].slice(0, 2)
  const calls = callsNext(
    workspace,
    facts,
    verdict,
    unique.filter((step) => !isForPerson(step)),
  )
  return [...calls.slice(0, 4 - people.length), ...people]
}

function isForPerson(step: NextStep): boolean {
  return 'person' in step
}

function hasLooked(runs: IncrementFacts['gate']['runs']): boolean {
  return runs.some(({ metrics }) =>
    metrics.some(({ split, source }) => split === 'test' && source === 'measured'),
  )
}

/** @param asked what the checks ask for */
function callsNext(
  { root }: Workspace,
  { increment, gate, runs }: IncrementFacts,
  verdict: Verdict,
  asked: readonly NextStep[],
): readonly NextStep[] {
  const id = increment.id
  const live = runs.filter(({ state }) => !isEnd(state))
  if (live.length > 0) {
    return [
      {
        tool: 'get_run',
        arguments: { run: live.slice(0, 20).map(({ run }) => run), wait_s: 40 },
        why: 'waits for what is running',
      },
    ]
  }
  const waited = underWay(gate)
  if (waited.length > 0) {
    return [waitFor(waited), ...asked.filter((step) => !('tool' in step) || step.tool !== 'get_run')]
  }
  if (verdict.verdict === 'pass') {
    return [{ tool: 'complete_increment', arguments: { increment: id }, why: 'every check passes' }]
  }
  if (!gate.dataset) return [registerStep(root, id, gate.problemType)]
  if (!gate.baselines.some(({ state }) => state === 'succeeded')) {
    return [
      {
        tool: 'run_baselines',
        arguments: { increment: id, wait_s: 40 },
        why: 'every model has to beat a baseline',
      },
    ]
  }
  if (!gate.runs.some(({ state }) => state === 'succeeded')) {
    return [
      {
        tool: 'run_experiment',
        arguments: {
          increment: id,
          name: 'first',
          command: ['python', `${increment.relative}/scripts/train.py`],
          wait_s: 40,
        },
        why: 'trains a first candidate',
      },
    ]
  }
  if (hasLooked(gate.runs)) return asked
  const compare = {
    tool: 'compare_runs',
    arguments: { increment: id },
    why: 'sets the candidates beside each other, and leads on from there to the look at test',
  }
  const measured = candidateRuns(gate.runs)
    .filter((run) => !run.controls && isMeasured(run))
    .map(({ name }) => name)
  return [
    ...moreCandidates(id, measured),
    compare,
    ...asked.filter((step) => !('tool' in step) || step.tool !== 'evaluate_run'),
  ]
}
