import { criteriaChangeWords } from '../core/criteria-change.ts'
import type { Check } from '../core/criterion.ts'
import { lookedRunsWords, switchedWords } from '../core/look-words.ts'
import { findMeasured } from '../core/measurement.ts'
import { metricInfo } from '../core/metrics.ts'
import type { GateFacts } from './gate-facts.ts'

/** The candidate was measured on the sealed test set, for a criterion that is asked there. */
export function testLooked({
  criteria,
  candidate,
  candidateLooked,
  looks,
  looksElsewhere,
  lookedRuns = [],
  firstCandidate,
  evidenceChanged,
}: GateFacts): Check {
  const id = 'test.looked'
  const of = lookedRuns.length > 0 ? `, for ${lookedRunsWords(lookedRuns)}` : ''
  const used = `${looks.used} of ${looks.budget} looks used${of}${looksElsewhere ? `; ${looksElsewhere}` : ''}`
  const sealed = criteria.filter(
    ({ split, metric }) => split === 'test' && metricInfo(metric)?.family !== 'cost',
  )
  if (sealed.length === 0)
    return {
      id,
      status: 'missing',
      message:
        'No criterion is asked of the sealed test set, and without one there is no pass. Give a success criterion split: test in spec.md.',
    }
  const switched = switchedWords(candidate?.run, firstCandidate)
  const measured = candidate && sealed.find(({ metric }) => findMeasured(candidate.metrics, metric, 'test'))
  if (measured)
    return {
      id,
      status: 'pass',
      message: `${candidate.run} was evaluated on the sealed test set (${used})${switched ? `; ${switched}` : ''}.`,
      evidence: candidate.run,
    }
  if (candidate?.metrics.some(({ source, split }) => source === 'measured' && split === 'test'))
    return {
      id,
      status: 'missing',
      message: `${candidate.run} was evaluated on the sealed test set, but none of ${sealed.map(({ metric }) => metric).join(', ')} was measured there.`,
    }
  if (!candidate)
    return { id, status: 'missing', message: `No candidate was evaluated on the sealed test set (${used}).` }
  if (candidateLooked)
    return {
      id,
      status: 'missing',
      message: evidenceChanged.some(({ run }) => run === candidate.run)
        ? `${candidate.run} was evaluated on the sealed test set (${used}), and its evidence.json was changed since: the numbers there do not count.`
        : `A look at the sealed test set was taken for ${candidate.run} (${used}), and its evidence.json holds no numbers of it: they were removed since, or never written.`,
      evidence: candidate.run,
      next: {
        tool: 'evaluate_run',
        arguments: { run: candidate.run, split: 'test' },
        why: 'measures it again; the same predictions are no new look',
      },
    }
  if (looks.used >= looks.budget)
    return {
      id,
      status: 'missing',
      message: `${candidate.run} was not evaluated on the sealed test set, and the budget is spent (${used}). A person can raise ml.looks in spec.md, which the summary will show.`,
    }
  return {
    id,
    status: 'missing',
    message: `${candidate.run} was not yet evaluated on the sealed test set (${used}).`,
    next: {
      tool: 'evaluate_run',
      arguments: { run: candidate.run, split: 'test' },
      why: 'scores it once on the sealed test set; this is a look and is counted',
    },
  }
}

/** A number counts as measured only as the ledger has it. */
export function evidenceIntact({ evidenceChanged }: GateFacts): Check {
  const id = 'evidence.intact'
  const [first] = evidenceChanged
  if (!first) return { id, status: 'pass', message: 'The measured numbers are those that the ledger holds.' }
  const list = evidenceChanged.map(({ run, split }) => `${run} (${split})`).join(', ')
  return {
    id,
    status: 'fail',
    message: `evidence.json was changed after it was measured: ${list}. Those numbers do not count.`,
    evidence: first.run,
    next: {
      tool: 'evaluate_run',
      arguments: { run: first.run, split: first.split },
      why: 'measures it again; the same predictions are no new look',
    },
  }
}

/** The first look froze them: whoever has seen a sealed number may not choose what to be judged by. */
export function criteriaUnchanged({ criteriaChanged, criteriaChange, increment, looks }: GateFacts): Check {
  const id = 'criteria.unchanged'
  const changed = Object.values(criteriaChanged)
  if (changed.length === 0 && criteriaChange)
    return { id, status: 'pass', message: `${criteriaChangeWords(criteriaChange)}.` }
  if (changed.length === 0)
    return {
      id,
      status: 'pass',
      message:
        looks.used === 0
          ? 'No look was taken yet: the first one will freeze the criteria.'
          : 'The criteria are those of the first look.',
    }
  return {
    id,
    status: 'pending_approval',
    message: `Changed after the first look at the sealed test set: asked then was ${changed.join(', ')}. Put that back into spec.md, or have a person approve what stands there now.`,
    next: {
      person: `specweave-ml approve ${increment}`,
      why: 'a person approves the changed criteria, on a terminal',
    },
  }
}
