import type { BaselineRule, Check, LiftDecided } from '../core/criterion.ts'
import type { LiftInterval, LiftMeasured } from '../core/lift-measured.ts'
import { findMeasured, type Split } from '../core/measurement.ts'
import type { RunSummary } from '../core/run-summary.ts'
import { directionOf } from './criteria-set.ts'
import type { GateFacts } from './gate-facts.ts'
import { liftTarget, reaches, show, shown } from './lift.ts'

/** `f1 20 % better than the best baseline` */
export function askedLift({ metric, lift, over }: BaselineRule): string {
  return `${metric} ${Math.round(lift * 1000) / 10} % better than ${over === 'best' ? 'the best baseline' : over}`
}

/** Baselines were run where they are asked for, and the candidate is better than them by the lift that was asked. */
export function baselineChecks(facts: GateFacts): Check[] {
  const needed = facts.baselineRule !== null || facts.requires.includes('baseline')
  if (!needed) return []
  const recorded = baselineRecorded(facts)
  return facts.baselineRule ? [recorded, liftCheck(facts)] : [recorded]
}

function baselineRecorded(facts: GateFacts): Check {
  const id = 'baseline.recorded'
  const done = succeeded(facts)
  const scored = done.filter(isScored)
  const others = unscored(done.filter((run) => !isScored(run)))
  if (scored.length > 0)
    return {
      id,
      status: 'pass',
      message: `${scored.length} baseline${scored.length === 1 ? '' : 's'}: ${scored.map(({ baseline }) => baseline).join(', ')}.${others && ` Not scored: ${others}.`}`,
      evidence: scored[0]!.run,
    }
  if (done.length > 0)
    return {
      id,
      status: 'missing',
      message: `${done.length === 1 ? 'A baseline was' : `${done.length} baselines were`} run and not scored, so it is not known what a trivial model reaches: ${others}.`,
      evidence: done[0]!.run,
      next: {
        tool: 'evaluate_run',
        arguments: { run: done[0]!.run, split: 'validation' },
        why: 'scores it, or says why it cannot be; then register the data anew and run the baselines on it',
      },
    }
  return {
    id,
    status: 'missing',
    message:
      facts.baselines.length === 0
        ? 'No baseline was run, so it is not known what a trivial model reaches.'
        : `No baseline has succeeded (${facts.baselines.map(({ run, state }) => `${run} ${state}`).join(', ')}).`,
    next: runBaselines(facts),
  }
}

/** Later attempts of the same strategy replace earlier ones. */
function succeeded({ baselines }: GateFacts): RunSummary[] {
  const byStrategy = new Map<string, RunSummary>()
  for (const run of baselines)
    if (run.state === 'succeeded' && run.baseline) byStrategy.set(run.baseline, run)
  return [...byStrategy.values()]
}

/** A number of its own is no measure: a baseline counts where the lab could hold its predictions against labels. */
function isScored({ metrics }: RunSummary): boolean {
  return metrics.some(({ source, split }) => source === 'measured' && split !== 'train')
}

/** Runs with the reason why there is no number, those of one reason together. */
function unscored(runs: readonly RunSummary[]): string {
  const byReason = new Map<string, string[]>()
  for (const { run, warnings } of runs) {
    const reason = warnings.at(-1)?.replace(/\.(?: .*)?$/s, '') ?? 'its predictions were not measured'
    byReason.set(reason, [...(byReason.get(reason) ?? []), run])
  }
  return [...byReason].map(([reason, of]) => `${of.join(', ')} (${reason})`).join('; ')
}

function runBaselines({ increment }: GateFacts): Check['next'] {
  return { tool: 'run_baselines', arguments: { increment, wait_s: 40 }, why: 'runs them on the same splits' }
}

function liftCheck(facts: GateFacts): Check {
  const { candidate } = facts
  const rule = facts.baselineRule!
  const direction = directionOf(facts.criteria, rule.metric)
  const askedFor = askedLift(rule)
  const base = { id: 'baseline.lift', asked: askedFor }
  const done = succeeded(facts)
  const wanted =
    rule.over === 'best' ? done : done.filter(({ baseline }) => sameStrategy(baseline, rule.over))
  if (wanted.length === 0)
    return {
      ...base,
      status: 'missing',
      message: `${askedFor}: ${done.length === 0 ? 'no baseline has succeeded' : `the baseline ${rule.over} was not run`}.`,
      next: runBaselines(facts),
    }
  if (!candidate) return { ...base, status: 'missing', message: `${askedFor}: there is no candidate yet.` }

  const split: Split = 'test'
  const measured = findMeasured(candidate.metrics, rule.metric, split)
  if (!measured)
    return {
      ...base,
      status: 'missing',
      message: `${askedFor}: ${rule.metric} of ${candidate.run} is not measured on the sealed test set yet.${onValidation(facts, wanted)}`,
      next: {
        tool: 'evaluate_run',
        arguments: { run: candidate.run, split },
        why: 'scores it on the sealed test set; a look, counted',
      },
    }
  const scored = wanted.flatMap((run) => {
    const value = findMeasured(run.metrics, rule.metric, split)?.value
    return value === undefined ? [] : [{ run, value }]
  })
  const unscored = wanted.find((run) => !scored.some((each) => each.run === run))
  if (unscored)
    return {
      ...base,
      status: 'missing',
      message: `${askedFor}: the baseline ${unscored.run} has no measured ${rule.metric} on the test set.`,
      next: {
        tool: 'evaluate_run',
        arguments: { run: unscored.run, split },
        why: 'scores the baseline on the same rows; a baseline of the lab is no look',
      },
    }
  const baselines = scored.sort((x, y) => (direction === 'maximize' ? y.value - x.value : x.value - y.value))
  const best = baselines[0]!
  const { target, how, impossible } = liftTarget(rule.metric, best.value, rule.lift, direction)
  const reached = `${askedFor}: measured ${show(measured.value)} on test, target ${show(target)} = ${how} over ${best.run.baseline} (${show(best.value)})`
  const hint = impossible
    ? ` No model can reach ${show(target)}: ask for a smaller lift in ml.baseline of spec.md.`
    : ''
  const evidence = {
    evidence: candidate.run,
    lift: { target, baseline: best.run.baseline ?? best.run.run, baselineValue: best.value },
    measured: {
      value: measured.value,
      grade: 'sealed' as const,
      ...(measured.ci ? { ci: measured.ci } : {}),
    },
  }
  const found = baselines.map(({ run }) => ({ run, lift: liftOver(facts, run) }))
  const absent = found.find(({ lift }) => !lift)
  if (absent && (facts.lifts ?? []).length > 0)
    return {
      ...base,
      ...evidence,
      status: 'missing',
      message: `${reached}. What it has over ${absent.run.baseline} was not measured for this lift yet.`,
      next: {
        tool: 'evaluate_run',
        arguments: { run: candidate.run, split },
        why: 'measures the interval; the same predictions are no new look',
      },
    }
  const without = found.find(({ lift }) => !lift?.interval)
  if (without)
    return {
      ...base,
      ...evidence,
      status: reaches(measured.value, target, direction) ? 'pass' : 'fail',
      message: `${reached}, point only${without.lift?.reason ? ` (${without.lift.reason.replace(/\.$/, '')})` : ''}.${hint}`,
    }
  // Better than the best of them is better than each: the first that is not shown decides, else the best.
  const decided = baselines.map(({ run, value }) => {
    const interval = liftOver(facts, run)!.interval!
    return { run, value, interval, said: shown(interval, direction) }
  })
  const deciding = decided.find(({ said }) => !said.holds) ?? decided[0]!
  const over = deciding.run === best.run ? '' : ` over the target that ${deciding.run.baseline} sets`
  return {
    ...base,
    ...evidence,
    lift: decidedBy(deciding),
    status: deciding.said.holds ? 'pass' : 'fail',
    message: `${reached}. ${deciding.said.text(over)}${hint}`,
  }
}

function decidedBy(deciding: { run: RunSummary; value: number; interval: LiftInterval }): LiftDecided {
  const { run, value, interval } = deciding
  const { target, difference, ci, confidence } = interval
  return {
    target,
    baseline: run.baseline ?? run.run,
    baselineValue: value,
    over: { difference, ci, confidence },
  }
}

function liftOver(facts: GateFacts, baseline: RunSummary): LiftMeasured | undefined {
  const rule = facts.baselineRule!
  return facts.lifts?.find(
    ({ baseline: run, metric, lift }) => run === baseline.run && metric === rule.metric && lift === rule.lift,
  )
}

/** What is known without a look, so that nobody spends one in vain. */
function onValidation(facts: GateFacts, wanted: readonly RunSummary[]): string {
  const rule = facts.baselineRule!
  const direction = directionOf(facts.criteria, rule.metric)
  const mine = facts.candidate && findMeasured(facts.candidate.metrics, rule.metric, 'validation')
  const values = wanted.flatMap((run) => findMeasured(run.metrics, rule.metric, 'validation')?.value ?? [])
  if (!mine || values.length === 0) return ''
  const best = direction === 'maximize' ? Math.max(...values) : Math.min(...values)
  const { target } = liftTarget(rule.metric, best, rule.lift, direction)
  const verb = reaches(mine.value, target, direction) ? 'reaches' : 'does not reach'
  return ` On validation ${show(mine.value)} ${verb} the target ${show(target)}.`
}

/** For classes the most popular one is the majority: two names of one strategy. */
function sameStrategy(baseline: string | undefined, wanted: string): boolean {
  const canonical = (name: string | undefined): string | undefined =>
    name === 'majority' ? 'popularity' : name
  return canonical(baseline) === canonical(wanted)
}
