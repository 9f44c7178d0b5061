import type { LiftInterval } from '../core/lift-measured.ts'
import { type Direction, metricInfo } from '../core/metrics.ts'

/** What a candidate must reach to be `lift` better than a baseline, and how that number came about. */
export interface LiftTarget {
  target: number
  how: string
  /** Set where no model can reach the target. */
  impossible?: boolean
}

/**
 * The target of a lift over a baseline's value b (contracts.md, "Lift over baseline b").
 * Higher is better, bounded by 1: min(b(1 + lift), b + lift(1 - b)) for b > 0, else b + lift(1 - b), so that a churn
 * majority of 0.86 is not asked to be beaten by 20 % of itself but by 20 % of what is left to 1.
 * Higher is better, unbounded: b(1 + lift). Lower is better: b(1 - lift).
 */
export function liftTarget(metric: string, b: number, lift: number, direction: Direction): LiftTarget {
  if (direction === 'minimize') {
    return { target: b * (1 - lift), how: `${show(b)} x (1 - ${lift})` }
  }
  const info = metricInfo(metric)
  if (info?.bounded !== 'unit') {
    // a value below zero times 1.2 would be a lower hurdle, so the lift is of its size
    if (b < 0) return { target: b + lift * -b, how: `${show(b)} + ${lift} x ${show(-b)}` }
    return { target: b * (1 + lift), how: `${show(b)} x (1 + ${lift})` }
  }
  const byShare = b * (1 + lift)
  const byRest = b + lift * (1 - b)
  const rest = `${show(b)} + ${lift} x (1 - ${show(b)})`
  const target = b > 0 ? Math.min(byShare, byRest) : byRest
  return {
    target,
    how: b > 0 ? `min(${show(b)} x (1 + ${lift}), ${rest})` : rest,
    ...(target > 1 ? { impossible: true } : {}),
  }
}

/** Whether a measured value reaches the target; equality holds, to within rounding of doubles. */
export function reaches(value: number, target: number, direction: Direction): boolean {
  const slack = 1e-12 * Math.max(1, Math.abs(target))
  return direction === 'maximize' ? value >= target - slack : value <= target + slack
}

/** Whether an interval shows the lift, and that in words. */
export interface Shown {
  holds: boolean
  /** @param over which target, where it is not the one just named. */
  text(over: string): string
}

/**
 * Reads a paired interval of measured - target (contracts.md): the lift holds where the worse end is not on the wrong
 * side of 0. An interval that is nothing but 0 shows nothing: both gave the same answers.
 */
export function shown(interval: LiftInterval, direction: Direction): Shown {
  const sign = direction === 'maximize' ? 1 : -1
  const [worse, better] = sign > 0 ? interval.ci : [-interval.ci[1], -interval.ci[0]]
  const slack = 1e-12 * Math.max(1, Math.abs(interval.target))
  const holds = worse >= -slack && better > slack
  const level = `${show(interval.confidence * 100)} %`
  const why = interval.confidence > 0.95 ? ' (wider than 95 %: several looks are allowed)' : ''
  return {
    holds,
    text(over) {
      const range = `Measured - target${over} is ${show(interval.difference)}, ${level} interval [${interval.ci.map(show).join(', ')}], paired${why}`
      if (holds) return `${range}: shown to be reached.`
      if (sign * interval.difference >= -slack)
        return `${range}: reached by the value, not shown. The interval goes past 0, so chance can explain it: a larger gain or more test rows would show it.`
      return better < 0
        ? `${range}: shown to fall short.`
        : `${range}: not reached; what is missing may be chance.`
    },
  }
}

/** Four significant digits, as people compare them. */
export function show(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e9) return String(value)
  return String(Number(value.toPrecision(4)))
}
