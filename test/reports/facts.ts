import type { Criterion, Verdict } from '../../src/core/criterion.ts'
import type { DatasetRecord } from '../../src/core/dataset-record.ts'
import type { Measurement, Split } from '../../src/core/measurement.ts'
import type { RunSummary } from '../../src/core/run-summary.ts'
import type { PairedDifference } from '../../src/reports/differences.ts'
import type { SummaryFacts } from '../../src/reports/summary-facts.ts'
import type { SyncFacts } from '../../src/reports/sync-facts.ts'

export const measured = (name: string, split: Split, value: number, ci?: [number, number]): Measurement => ({
  name,
  split,
  source: 'measured',
  grade: split === 'test' ? 'sealed' : 'open',
  value,
  ...(ci ? { ci } : {}),
})

export const reported = (name: string, value: Measurement['value']): Measurement => ({
  name,
  source: 'reported',
  value,
})

let clock = 0
export function run(name: string, more: Partial<RunSummary> = {}): RunSummary {
  clock += 1
  return {
    run: `0042/${name}`,
    increment: '0042',
    name,
    state: 'succeeded',
    created: `2026-11-21T08:${String(clock % 60).padStart(2, '0')}:00.000Z`,
    ended: '2026-11-21T09:00:00.000Z',
    durationS: 4.2,
    command: ['python', 'train.py'],
    params: {},
    metrics: [],
    notes: [],
    tags: {},
    artifacts: [],
    warnings: [],
    ...more,
  }
}

export const baseline = run('exp-001-baseline-majority', {
  baseline: 'majority',
  metrics: [measured('accuracy', 'validation', 0.859, [0.838, 0.88]), measured('accuracy', 'test', 0.861)],
})
export const logistic = run('exp-002-logistic', {
  params: { C: 1, penalty: 'l2' },
  metrics: [
    measured('accuracy', 'train', 0.871),
    measured('accuracy', 'validation', 0.866, [0.845, 0.886]),
    measured('f1', 'validation', 0.32, [0.24, 0.4]),
    reported('val_accuracy', 0.8661),
  ],
})
export const boosting = run('exp-003-boosting', {
  params: { C: 2, learning_rate: 0.1 },
  seed: 7,
  dataset: 'churn@1',
  gitSha: 'a'.repeat(40),
  notes: ['Customer service calls matter most.'],
  metrics: [
    measured('accuracy', 'train', 0.9996),
    measured('accuracy', 'validation', 0.953, [0.941, 0.963]),
    measured('accuracy', 'test', 0.9496, [0.936, 0.961]),
    measured('f1', 'validation', 0.81, [0.75, 0.86]),
    reported('accuracy', 0.99),
  ],
  artifacts: [{ path: 'model.joblib', bytes: 345_678, kind: 'model' }],
})
export const broken = run('exp-004-neural-net', {
  state: 'failed',
  reason: 'ValueError: loss is NaN after 3 epochs',
  exitCode: 1,
  notes: [
    'FAILED: unscaled features; the loss diverges at a learning rate of 10',
    'Traceback (most recent call last):\n  File "/home/ada/train.py", line 3, in <module>\nValueError: loss is NaN',
  ],
  params: { learning_rate: 10 },
})
export const lost = run('exp-005-forest', {
  state: 'lost',
  reason: 'the process is gone without an exit code',
})
export const stopped = run('exp-006-slow', { state: 'stopped', metrics: [reported('accuracy', 0.99)] })

export const runs = [baseline, logistic, boosting, broken, lost, stopped]
export const ranking = { metric: 'accuracy', direction: 'maximize' } as const

export const differences: PairedDifference[] = [
  {
    a: boosting.run,
    b: logistic.run,
    difference: 0.087,
    ci: [0.066, 0.108],
    p: 0.0002,
    p_adjusted: 0.0004,
    verdict: 'better',
  },
  {
    a: boosting.run,
    b: baseline.run,
    difference: 0.004,
    ci: [-0.01, 0.018],
    p: 0.4,
    p_adjusted: 0.6,
    verdict: 'no_difference_shown',
  },
]

export const criteria: Criterion[] = [{ metric: 'accuracy', op: '>', value: 0.95, split: 'test' }]

export const verdict: Verdict = {
  verdict: 'fail',
  candidate: boosting.run,
  checks: [
    {
      id: 'success:accuracy',
      status: 'fail',
      message: 'accuracy 0.9496 on test is not above 0.95',
      asked: 'accuracy > 0.95',
      measured: { value: 0.9496, ci: [0.936, 0.961], grade: 'sealed' },
      reported: 0.99,
    },
    {
      id: 'success:latency_p99_ms',
      status: 'missing',
      message: 'needs a latency measurement',
      asked: 'latency_p99_ms < 100',
    },
    {
      id: 'baseline',
      status: 'pass',
      message: 'target 0.889, measured 0.953',
      evidence: '0042/exp-001-baseline-majority',
    },
    { id: 'notes', status: 'waived', message: 'failed runs have notes' },
  ],
}

export const dataset: DatasetRecord = {
  format: 1,
  dataset: 'churn@1',
  name: 'churn',
  version: 1,
  hash: 'd'.repeat(64),
  created: '2026-11-21T08:00:00.000Z',
  source: { path: 'examples/churn/churn.csv', format: 'csv', sha256: 'e'.repeat(64), bytes: 456_064 },
  problem_type: 'classification',
  target: 'churn',
  positive: 'yes',
  classes: ['no', 'yes'],
  rows: 5000,
  columns: [
    { name: 'state', role: 'feature', type: 'categorical', missing: 0, unique: 51 },
    { name: 'churn', role: 'target', type: 'categorical', missing: 0, unique: 2 },
  ],
  split: { method: 'stratified', validation: 0.2, test: 0.2, seed: 0, key: 'churn' },
  splits: {
    train: { rows: 3011, path: 'train.csv', sha256: '1' },
    validation: { rows: 1003, path: 'validation.csv', sha256: '2' },
    test: { rows: 986, path: 'test.csv', sha256: '3' },
  },
  warnings: [],
}

export const summaryFacts: SummaryFacts = {
  increment: '0042',
  title: 'Churn model',
  ...ranking,
  outcome: 'not_passed',
  reason: 'the data holds no more signal',
  verdict,
  askedBefore: { 'success:accuracy': 'accuracy > 0.97' },
  runs,
  dataset,
  looks: { used: 1, budget: 3 },
  tries: 3,
  waivers: [
    { check: 'notes', reason: 'told in person', by: 'Ada', at: '2026-11-21T10:00:00Z', via: 'terminal' },
  ],
  notChecked: ['Whether the saved model makes the same predictions in a clean process'],
  verifyCommand: 'npx specweave-ml verify --recompute',
  tasks: [
    { id: 'T-007', title: 'Model explainability', state: 'skipped', reason: 'nobody asked' },
    { id: 'T-009', title: 'A/B test plan', state: 'done' },
  ],
  differences,
}

export const syncFacts: SyncFacts = {
  increment: '0042',
  folder: '0042-churn-model',
  title: 'Churn model',
  problemType: 'classification',
  status: 'completed',
  ranking,
  criteria,
  verdict: { ...verdict, verdict: 'pass' },
  runs,
  dataset,
  environment: { python: '3.11.7', platform: 'linux x86_64', packages: { 'scikit-learn': '1.9.0' } },
  models: [],
  differences,
  looks: { used: 1, budget: 3 },
}
