import type { NextStep } from '../core/errors.ts'
import { metricInfo } from '../core/metrics.ts'
import type { GateFacts } from './gate-facts.ts'

/**
 * What a check says of a cost beside its value. The value decides, as for every criterion without a lift; the interval is
 * shown, and so is the machine: a latency belongs to it.
 */
export function withMachine({ cost }: GateFacts): string {
  return cost
    ? `; ${[`measured on this machine: ${cost.machine}`, ...(cost.disturbances ?? [])].join('; ')}`
    : ''
}

/** Why a cost metric has no figure. */
export function whyNoCost(metric: string, { cost }: GateFacts): string {
  const reason = cost?.notMeasured[metric]
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
