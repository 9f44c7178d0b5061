import type { Criterion } from '../core/criterion.ts'
import type { NextStep } from '../core/errors.ts'
import { metricInfo } from '../core/metrics.ts'
import type { GateFacts } from './gate-facts.ts'

/**
 * What a check says of a cost beside its value. The value decides, as for every criterion without a lift; the interval is
 * shown, and so is the machine: a latency belongs to it.
 */
export function withMachine({ cost }: GateFacts): string[] {
  return cost ? [`measured on this machine: ${cost.machine}`, ...(cost.disturbances ?? [])] : []
}

/**
 * Whether a value that does not hold decides nothing: it was measured beside other work, and would hold if that had made
 * each call as much longer as it could. Of a latency the median says so, since a few calls that waited make a percentile.
 */
export function isUndecided(criterion: Criterion, { cost }: GateFacts, measured: Measured): boolean {
  const { metric, value: limit } = criterion
  const longer = cost?.longerAtMost?.[metric]
  if (longer === undefined) return false
  if (metric === 'throughput_rps') {
    const value = measured(metric)
    return value !== undefined && value * longer >= limit
  }
  const family = /^latency(_batch)?_/.exec(metric)
  if (!family) return false
  const median = measured(`latency${family[1] ?? ''}_p50_ms`)
  return median === undefined || median / longer <= limit
}

type Measured = (metric: string) => number | undefined

/** The job that measures now what the candidate's model costs. That of the look does it after the reproduction. */
export function costJob({ jobs }: GateFacts): string | undefined {
  return jobs?.cost ?? jobs?.test
}

/** Why a cost metric has no figure. */
export function whyNoCost(metric: string, facts: GateFacts): string {
  const job = costJob(facts)
  if (job) return `${job} is at it, to measure ${metric} of the saved model`
  const reason = facts.cost?.notMeasured[metric]
  if (reason) return `${metric} could not be measured of the saved model: ${reason}`
  return `needs ${metricInfo(metric)?.label ?? metric}, which nobody measured of the saved model yet`
}

export function costNext(run: string): NextStep {
  return {
    tool: 'evaluate_run',
    arguments: { run, split: 'cost' },
    why: 'measures what its saved model costs, on this machine; no look',
  }
}

export function measureAgain(run: string): NextStep {
  return {
    tool: 'evaluate_run',
    arguments: { run, split: 'cost' },
    why: 'measures it again, when nothing else runs here; the earlier measurement stays in the ledger',
  }
}
