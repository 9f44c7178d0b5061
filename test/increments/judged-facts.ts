import type { Measurement, Split } from '../../src/core/measurement.ts'
import type { GateFacts } from '../../src/increments/gate-facts.ts'
import { judge } from '../../src/increments/gates.ts'
import { run } from './workspace.ts'

/** By the lab. */
export const measured = (
  name: string,
  split: Split | undefined,
  value: number,
  ci?: [number, number],
): Measurement => ({
  name,
  split,
  source: 'measured',
  ...(split ? { grade: split === 'test' ? 'sealed' : 'open' } : {}),
  value,
  ...(ci ? { ci } : {}),
})
/** By the script itself. */
export const reported = (name: string, value: number, split?: Split): Measurement => ({
  name,
  split,
  source: 'reported',
  value,
})

export const candidate = run('exp-004-gb', {
  metrics: [
    measured('accuracy', 'test', 0.95, [0.935, 0.964]),
    measured('accuracy', 'validation', 0.955),
    measured('accuracy', 'train', 0.97),
  ],
})
export const majority = run('exp-001-baseline-majority', {
  baseline: 'majority',
  metrics: [measured('accuracy', 'test', 0.86), measured('accuracy', 'validation', 0.861)],
})

/** An increment that passes, but for what is given. */
export function facts(over: Partial<GateFacts> = {}): GateFacts {
  return {
    increment: '0001',
    folder: '.specweave/increments/0001-churn-model',
    problemType: 'classification',
    criteria: [{ metric: 'accuracy', op: '>', value: 0.9, split: 'test' }],
    proposedConfirmed: false,
    baselineRule: { metric: 'accuracy', lift: 0.2, over: 'best' },
    requires: ['baseline'],
    looks: { used: 1, budget: 3 },
    runs: [candidate],
    baselines: [majority],
    candidate,
    dataset: 'churn@1',
    documents: { missing: [], placeholders: [] },
    ledger: { ok: true },
    contradictions: [],
    waivers: [],
    criteriaChanged: {},
    evidenceChanged: [],
    pendingApprovals: [],
    ...over,
  }
}

/** One check of them. */
export const check = (over: Partial<GateFacts>, id: string) =>
  judge(facts(over)).checks.find((each) => each.id === id)!
