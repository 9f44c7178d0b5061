import type { Check } from '../core/criterion.ts'
import { switchedWords } from '../core/look-words.ts'
import { findMeasured } from '../core/measurement.ts'
import { isModelCost, metricInfo } from '../core/metrics.ts'
import type { RunSummary } from '../core/run-summary.ts'
import { betterOnTestCheck, suspectedOnTest } from './better-on-test-check.ts'
import { directionOf, leadingMetric } from './criteria-set.ts'
import { reportedAs } from './criterion-checks.ts'
import type { GateFacts } from './gate-facts.ts'
import { show } from './lift.ts'
import { perfectOn, tooGoodOnValidation } from './too-good.ts'

/** Train minus validation above this share is the usual sign of overfitting. */
const GAP = 0.05
/** A script's number this far from the measured one, relative to it, was computed on something else. */
const DISAGREES = 0.05
/** Of what a model costs, another moment alone makes more than that. */
const COST_DISAGREES = 0.5

/**
 * What should be said and does not block: a gap between train and validation, a reported number far from the measured
 * one, a tick that the record contradicts. Two of them have a check of their own, which passes with a warning in its message.
 */
export function warningsOf(facts: GateFacts): { warnings: string[]; checks: Check[] } {
  const gap = gapCheck(facts)
  const switched = switchedWords(facts.candidate?.run, facts.firstCandidate)
  const suspected = facts.candidate && facts.drawnAlike ? suspectedOnTest(facts.candidate) : undefined
  const warnings = [
    ...(gap?.warning ? [gap.warning] : []),
    ...(facts.candidate ? [...perfection(facts.candidate), ...tooGoodOnValidation(facts.candidate)] : []),
    ...(suspected ? [suspected] : []),
    ...(switched ? [switched] : []),
    ...(facts.suspicions ?? []),
    ...disturbed(facts),
    ...(facts.candidate ? disagreements(facts.candidate, facts) : []),
    ...facts.contradictions.map(({ problem }) => problem),
  ]
  return {
    warnings,
    checks: [...(gap ? [gap.check] : []), ...betterOnTestCheck(suspected, facts.candidate?.run ?? '')],
  }
}

/** Costs that were measured beside other work are said to be so wherever the verdict is read. */
function disturbed({ candidate, cost }: GateFacts): string[] {
  return (cost?.disturbances ?? []).map((said) => `what the model of ${candidate?.run} costs: ${said}`)
}

/** Nothing real is predicted without an error: what looks so usually saw the answers. */
export function perfection(candidate: Pick<RunSummary, 'run' | 'metrics'>): string[] {
  const names = perfectOn(candidate, ({ grade }) => grade === 'sealed')
  if (names.length === 0) return []
  return [
    `${candidate.run} is perfect on the sealed test set (${names.join(', ')}): look for a feature that holds the answer, and for a script that reads the labels from the source`,
  ]
}

function gapCheck(facts: GateFacts): { check: Check; warning?: string } | undefined {
  const { candidate, criteria } = facts
  const metric = leadingMetric(criteria)
  if (!candidate || !metric) return undefined
  const train = findMeasured(candidate.metrics, metric, 'train')
  const validation = findMeasured(candidate.metrics, metric, 'validation')
  if (!train || !validation) return undefined
  const better = directionOf(criteria, metric) === 'maximize' ? 1 : -1
  const points = metricInfo(metric)?.bounded === 'unit'
  const worse = (train.value - validation.value) * better
  const gap = points ? worse : worse / Math.max(Math.abs(train.value), Number.EPSILON)
  const size = points ? `${show(gap * 100)} points` : `${show(gap * 100)} %`
  const told = `${metric} is ${show(train.value)} on train and ${show(validation.value)} on validation, a gap of ${size}`
  const wide = gap > GAP
  const warning = `${told} (more than 5): the model may have learned its training rows by heart. Regularise it, or give it more data.`
  return {
    check: {
      id: 'gap.train_validation',
      status: 'pass',
      message: wide ? `warning, not blocking: ${warning}` : `${told}.`,
      evidence: candidate.run,
    },
    ...(wide ? { warning } : {}),
  }
}

function disagreements(candidate: RunSummary, facts: GateFacts): string[] {
  const seen = new Set<string>()
  return facts.criteria.flatMap(({ metric }) =>
    candidate.metrics.flatMap((reported) => {
      if (reported.source !== 'reported' || typeof reported.value !== 'number') return []
      const against = candidate.metrics.filter(
        (m) =>
          m.source === 'measured' &&
          m.name === metric &&
          typeof m.value === 'number' &&
          reportedAs(reported.name, metric, m.split) &&
          (reported.split === undefined || reported.split === m.split),
      )
      // a number without a split is held against the kindest of the measured ones
      const distances = against.map((m) => ({
        m,
        distance: distance(reported.value as number, m.value as number),
      }))
      const near = distances.sort((a, b) => a.distance - b.distance)[0]
      const limit = isModelCost(metric) ? COST_DISAGREES : DISAGREES
      if (!near || near.distance <= limit || seen.has(reported.name)) return []
      seen.add(reported.name)
      return [
        `${candidate.run} reports ${reported.name} = ${show(reported.value)}, while the lab measured ${show(near.m.value as number)} on ${near.m.split ?? 'this machine'}. Gates read the measured number.`,
      ]
    }),
  )
}

function distance(reported: number, measured: number): number {
  return Math.abs(reported - measured) / Math.max(Math.abs(measured), 1e-9)
}
