import { writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { isEvidence } from '../../src/core/evidence-shape.ts'
import {
  type CostEvidence,
  costEvidenceSha256,
  costWarnings,
  machineInWords,
} from '../../src/evidence/cost-evidence.ts'
import {
  type Evidence,
  evidenceFile,
  measurementsOf,
  readEvidence,
  recordedSplits,
} from '../../src/evidence/evidence-file.ts'
import { appendEvent, readLedger } from '../../src/evidence/ledger.ts'
import type { Workspace } from '../../src/store/workspace.ts'
import { makeRun } from './fixtures/churn.ts'
import { sandbox } from './fixtures/sandbox.ts'

const COST: CostEvidence = {
  metrics: [
    { name: 'latency_p99_ms', value: 2.5, ci: [2.1, 3] },
    { name: 'model_size_mb', value: 1.25, ci: null },
  ],
  not_measured: [
    { name: 'latency_batch_p95_ms', reason: 'no time' },
    { name: 'latency_batch_p99_ms', reason: 'no time' },
  ],
  model: { path: 'model.joblib', sha256: 'ab' },
  split: 'validation',
  unit: 'row',
  machine: {
    cpu: 'EPYC',
    cores: 2,
    system: 'Linux',
    architecture: 'x86_64',
    python: '3.12.1',
    load_average: [3.5, 1, 1],
    threads: {},
  },
  single: { warm_up: 10, calls: 1000, seconds: 2, interruptions: 21 },
  measurement: 2,
  at: '2026-11-21T08:00:00.000Z',
}

const evidenceOf = (run: string, cost: CostEvidence): Evidence => ({
  format: 1,
  run,
  dataset: 'churn@1',
  dataset_hash: 'h',
  evaluator: { version: '1', python: '3', packages: {} },
  splits: {},
  cost,
})

/** As the measurement does: the hash into the ledger, the figures into the file. */
async function record(workspace: Workspace, evidence: Evidence, folder: string): Promise<void> {
  const { run, dataset_hash } = evidence
  const data = { run, dataset_hash, splits: {}, cost: costEvidenceSha256(evidence) }
  await appendEvent(workspace, 'evidence.recorded', data)
  writeFileSync(evidenceFile(folder), JSON.stringify(evidence))
}

describe('the cost in evidence.json', () => {
  it('is measured, of no split and no grade', () => {
    expect(measurementsOf(evidenceOf('0001/exp-001-a', COST))).toEqual([
      { name: 'latency_p99_ms', source: 'measured', value: 2.5, ci: [2.1, 3] },
      { name: 'model_size_mb', source: 'measured', value: 1.25 },
    ])
  })

  it('counts as the ledger has it, and only as it was measured last', async () => {
    const { workspace } = sandbox()
    const { run, folder } = makeRun(workspace, 'exp-001-a')
    const [first, second] = [{ ...COST, measurement: 1 }, COST].map((cost) => evidenceOf(run, cost))
    const holds = (evidence: Evidence) => recordedSplits(evidence, readLedger(workspace)).has('cost')
    await record(workspace, first as Evidence, folder)
    expect(holds(readEvidence(folder) as Evidence)).toBe(true)
    expect(holds(evidenceOf(run, { ...COST, measurement: 1, metrics: [] }))).toBe(false)
    expect(holds(evidenceOf('0001/exp-002-b', { ...COST, measurement: 1 }))).toBe(false)
    await record(workspace, second as Evidence, folder)
    expect([first, second].map((one) => holds(one as Evidence))).toEqual([false, true])
    expect(
      measurementsOf(first, { recorded: recordedSplits(first as Evidence, readLedger(workspace)) }),
    ).toEqual([])
  })

  it('is told with what a reader has to know', () => {
    expect(machineInWords(COST)).toBe('EPYC, 2 cores')
    expect(costWarnings(COST)).toEqual([
      'not measured: latency_batch_p95_ms, latency_batch_p99_ms: no time',
      'the machine was busy (load 3.5 on 2 cores): times are longer than on one that is idle',
      'other programs took the processor 21 times during 1000 calls: the upper percentiles are longer than on a machine that is idle',
      "this is measurement 2 of this run's model; the ledger holds all of them, and of each figure the middle one counts",
    ])
  })

  it.each([
    { metrics: [{ name: 'latency_p99_ms', value: 'fast' }] },
    { machine: { cpu: 1 } },
    { not_measured: undefined },
    { measurement: -1 },
  ])('of another shape makes the file none: %j', (wrong) => {
    const evidence = evidenceOf('0001/exp-001-a', COST)
    expect(isEvidence(evidence)).toBe(true)
    expect(isEvidence({ ...evidence, cost: { ...COST, ...wrong } })).toBe(false)
  })
})
