import type { Check } from '../core/criterion.ts'
import type { GateFacts } from './gate-facts.ts'

/** Where ml.yaml asks for it: whether a person approved the criteria before the candidate was trained. */
export function signOffChecks({ signOff, candidate, increment }: GateFacts): Check[] {
  if (signOff === undefined) return []
  const id = 'sign_off'
  const next = {
    person: `specweave-ml approve ${increment}`,
    why: 'a person approves the criteria, on a terminal',
  }
  if (signOff === null) {
    const message = 'ml.yaml asks for a sign-off, and no person has approved the criteria.'
    return [{ id, status: 'missing', message, next }]
  }
  const signed = `The criteria were approved by ${signOff.by} (${signOff.via}, ${signOff.at})`
  if (candidate && Date.parse(candidate.created) < Date.parse(signOff.at)) {
    const message = `${signed}, after ${candidate.run} was begun: ml.yaml asks for it before. Run the experiment again.`
    return [{ id, status: 'fail', message, evidence: candidate.run }]
  }
  return [{ id, status: 'pass', message: `${signed}, before the candidate was trained.` }]
}
