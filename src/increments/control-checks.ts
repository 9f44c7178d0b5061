import type { ControlLine } from '../core/control-measured.ts'
import type { Check } from '../core/criterion.ts'
import type { NextStep } from '../core/errors.ts'
import type { GateFacts } from './gate-facts.ts'
import { show } from './lift.ts'
import { waitFor } from './under-way.ts'

/** Where the control of the candidate with shuffled labels stands. */
export interface ControlFact {
  /** What the ledger holds of the last one that was measured. */
  measured?: ControlLine
  /** A control run that has not ended yet. */
  running?: string
  /** One that ended without a measurement, with how. */
  unmeasured?: { run: string; why: string }
  /** Why there can be none for this candidate. */
  impossible?: string
}

/** The candidate's own script, trained on shuffled labels, must be no better than chance. Not done does not block. */
export function controlChecks({ control, candidate, increment }: GateFacts): Check[] {
  if (!control || !candidate) return []
  const id = 'control.shuffled_labels'
  const { measured, running, unmeasured, impossible } = control
  if (measured) {
    const { run } = measured
    if (measured.verdict === 'fail')
      return [
        {
          id,
          status: 'fail',
          message: `${betterThanChance(measured)} Its script sees the labels in another way than load_dataset or {train}: a path written into it, the registered source, a cache or a model of an earlier run.`,
          evidence: run,
          next: {
            tool: 'run_experiment',
            arguments: { increment, name: candidate.name, command: candidate.command, again: true },
            why: 'trains it anew once the script reads its labels by load_dataset or {train} alone; then evaluate that run and control it',
          },
        },
      ]
    return [
      {
        id,
        status: 'pass',
        message: `${run} trained on shuffled labels and is no better than chance: ${figures(measured)}.`,
        evidence: run,
      },
    ]
  }
  if (running)
    return [
      {
        id,
        status: 'pass',
        message: `running, not blocking: ${running} trains on shuffled labels.`,
        evidence: running,
        next: waitFor([running]),
      },
    ]
  const command = `\`specweave-ml run-experiment --control shuffled_labels --of ${candidate.run}\``
  const why = unmeasured
    ? `${unmeasured.run} ended without a measurement (${unmeasured.why})`
    : (impossible ?? `${candidate.run} was not run on shuffled labels: ${command}`)
  const next: NextStep = {
    tool: 'run_experiment',
    arguments: { control: 'shuffled_labels', of: candidate.run },
    why: 'trains its script on shuffled labels, from which it must learn nothing',
  }
  const asks = !impossible && !unmeasured && candidate.state === 'succeeded'
  return [{ id, status: 'pass', message: `not done, not blocking: ${why}.`, ...(asks ? { next } : {}) }]
}

/** Of a control that failed. */
export function betterThanChance(measured: ControlLine): string {
  return `${measured.run} trained on shuffled labels and is better than chance: ${figures(measured)}.`
}

function figures({ metric, value, chance, bound, of, original }: ControlLine): string {
  return `${metric} ${show(value)} on the real validation labels (chance ${show(chance)}, best of 100 dealings ${show(bound)}; ${of} itself ${show(original)})`
}
