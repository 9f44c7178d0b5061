import type { Verdict } from '../../core/criterion.ts'
import type { NextStep } from '../../core/errors.ts'
import { isJudgeable } from '../../core/judgeability.ts'
import type { Measurement } from '../../core/measurement.ts'
import { isEnd } from '../../core/run-state.ts'
import { seedChoiceWords } from '../../core/seed-choice.ts'
import { bestOverSeeds } from '../../increments/candidate.ts'
import { isClosed } from '../../increments/metadata.ts'
import { underWay, waitFor } from '../../increments/under-way.ts'
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

/** What to do next: the loop's next step, then what the checks ask for. */
export function nextSteps(facts: IncrementFacts, verdict: Verdict): NextStep[] {
  const { increment, gate, runs } = facts
  const id = increment.id
  if (isClosed(increment.status)) {
    return [
      {
        tool: 'sync_docs',
        arguments: { increment: id },
        why: 'keeps the living documents up to the records',
      },
    ]
  }
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
  const asked = verdict.checks.flatMap(({ status, next }) => (status !== 'pass' && next ? [next] : []))
  const unique = [...new Map(asked.map((step) => [JSON.stringify({ ...step, why: '' }), step])).values()]
  const waited = underWay(gate)
  if (waited.length > 0) {
    const others = unique.filter((step) => !('tool' in step) || step.tool !== 'get_run')
    return [waitFor(waited), ...others].slice(0, 4)
  }
  if (verdict.verdict === 'pass') {
    return [{ tool: 'complete_increment', arguments: { increment: id }, why: 'every check passes' }]
  }
  if (!gate.dataset) {
    return [registerStep(id, gate.problemType)]
  }
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
  const looked = gate.runs.some(({ metrics }) =>
    metrics.some(({ split, source }) => split === 'test' && source === 'measured'),
  )
  if (looked) return unique.slice(0, 4)
  const compare = {
    tool: 'compare_runs',
    arguments: { increment: id },
    why: 'sets the candidates beside each other; several should be tried before the one look at test',
  }
  const others = unique.filter((step) => !('tool' in step) || step.tool !== 'evaluate_run')
  return [compare, ...others].slice(0, 4)
}
