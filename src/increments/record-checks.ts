import { criteriaProposalWords } from '../core/criteria-proposal.ts'
import type { Check } from '../core/criterion.ts'
import { candidateRuns } from './candidate.ts'
import { asked } from './criterion-checks.ts'
import type { GateFacts } from './gate-facts.ts'
import { criteriaUnchanged, evidenceIntact, testLooked } from './look-checks.ts'

/** Whether what a verdict stands on is there: data, runs, a saved model, a look, confirmed criteria, whole documents. */
export function recordChecks(facts: GateFacts): Check[] {
  return [
    datasetRegistered(facts),
    runsRecorded(facts),
    modelSaved(facts),
    testLooked(facts),
    criteriaConfirmed(facts),
    criteriaUnchanged(facts),
    evidenceIntact(facts),
    documentsWhole(facts),
    ledgerIntact(facts),
  ]
}

function datasetRegistered(facts: GateFacts): Check {
  const { dataset, increment, problemType, dataChanged = [], dataNotCompared } = facts
  const id = 'dataset.registered'
  if (dataset && dataChanged.length > 0)
    return {
      id,
      status: 'fail',
      message: `${dataset} is not as it was registered: ${dataChanged.join('; ')}. Take dataset.json from Git; remove other files that were changed and register the source again, which makes them as they were.`,
      evidence: datasetPath(dataset),
      next: { person: 'specweave-ml verify', why: 'shows what was changed, and since when it was seen' },
    }
  if (dataset)
    return {
      id,
      status: 'pass',
      message: `${dataset} is registered, split and sealed.${dataNotCompared ? ` ${dataNotCompared}.` : ''}`,
      evidence: datasetPath(dataset),
    }
  return {
    id,
    status: 'missing',
    message: 'No dataset is registered for this increment, so nothing can be measured.',
    next: {
      tool: 'register_dataset',
      arguments: { name: 'data', source: 'data.csv', target: 'target', problem_type: problemType, increment },
      why: 'profiles, splits and seals the data; put in your file, its target column and a name',
    },
  }
}

function datasetPath(dataset: string): string {
  const [name, version] = dataset.split('@')
  return `.specweave/datasets/${name}/v${version}/dataset.json`
}

function runsRecorded(facts: GateFacts): Check {
  const id = 'runs.recorded'
  const { increment, folder, candidateUnknown, goneRuns } = facts
  const gone = goneRuns ? ` In the ledger, and not on disk: ${goneRuns}.` : ''
  const runs = singleRuns(facts.runs)
  const next = {
    tool: 'run_experiment',
    arguments: {
      increment,
      name: 'first-model',
      command: ['python', `${folder}/scripts/train.py`],
      wait_s: 40,
    },
    why: 'runs the increment’s script and records it',
  }
  if (candidateUnknown)
    return {
      id,
      status: 'missing',
      message: `spec.md names the candidate ${candidateUnknown}, and there is no such run. Set ml.candidate to a run of this increment or to null.${gone}`,
      next: { tool: 'list_runs', arguments: { increment }, why: 'shows the runs to choose from' },
    }
  if (runs.length === 0)
    return {
      id,
      status: 'missing',
      message: `No run of a candidate model is recorded${gone ? '.' : ' yet.'}${gone}`,
      next,
    }
  const succeeded = candidateRuns(runs).length
  if (succeeded === 0)
    return {
      id,
      status: 'missing',
      message: `None of the ${runs.length} recorded runs has succeeded (${tally(facts)}).${gone}`,
      next: {
        tool: 'get_run',
        arguments: { run: runs.at(-1)!.run },
        why: 'shows how the last one ended, and its log',
      },
    }
  if (facts.candidate && facts.candidate.state !== 'succeeded')
    return {
      id,
      status: 'missing',
      message: `The candidate ${facts.candidate.run} is ${facts.candidate.state}, not succeeded.`,
      next: {
        tool: 'get_run',
        arguments: { run: facts.candidate.run, wait_s: 40 },
        why: 'waits for it or shows why',
      },
    }
  return {
    id,
    status: 'pass',
    message: `${runs.length} run${runs.length === 1 ? ' of a candidate is' : 's of candidates are'} recorded (${tally(facts)}; each seed counts, baselines, controls and repetitions do not)${facts.candidate ? `; ${facts.candidate.run} is judged` : ''}.${gone}`,
    ...(facts.candidate ? { evidence: facts.candidate.run } : {}),
  }
}

/** Without the runs that only gather seeds: they ran nothing. */
function singleRuns(runs: GateFacts['runs']): GateFacts['runs'] {
  const gathering = new Set(runs.flatMap(({ run }) => /^(.+)\/s-?\d+$/.exec(run)?.[1] ?? []))
  return runs.filter(({ run }) => !gathering.has(run))
}

function tally({ runs }: GateFacts): string {
  const counts = new Map<string, number>()
  for (const { state } of singleRuns(runs)) counts.set(state, (counts.get(state) ?? 0) + 1)
  return [...counts].map(([state, count]) => `${count} ${state}`).join(', ')
}

function modelSaved({
  candidate,
  increment,
  modelProblem,
  keptModelProblem,
  modelElsewhere,
}: GateFacts): Check {
  const id = 'candidate.model_saved'
  if (!candidate)
    return {
      id,
      status: 'missing',
      message: 'There is no candidate: no succeeded run has a measured number on validation.',
      next: {
        tool: 'list_runs',
        arguments: { increment },
        why: 'shows the runs; one becomes candidate by handing in validation predictions, or by ml.candidate in spec.md',
      },
    }
  const model = candidate.artifacts.find(({ kind }) => kind === 'model')
  if ((model || modelElsewhere) && modelProblem)
    return {
      id,
      status: 'fail',
      message: `${candidate.run}: ${modelProblem} Run the experiment again.`,
      evidence: candidate.run,
      next: {
        tool: 'run_experiment',
        arguments: { increment, name: candidate.name, command: candidate.command, again: true },
        why: 'makes the model anew',
      },
    }
  if (keptModelProblem)
    return {
      id,
      status: 'fail',
      message: `${keptModelProblem} Put back the file that was kept: it was a copy of the one in the run's folder.`,
      evidence: candidate.run,
      next: { person: 'specweave-ml verify', why: 'says which model file is another, until it is put back' },
    }
  if (model)
    return {
      id,
      status: 'pass',
      message: `${candidate.run} saved ${model.path} (${size(model.bytes)}).`,
      evidence: candidate.run,
    }
  if (modelElsewhere)
    return {
      id,
      status: 'pass',
      message: `${candidate.run} saved ${modelElsewhere.path} (SHA-256 ${modelElsewhere.sha256.slice(0, 12)}..., as the ledger holds it). The record of it is not in this clone: model files are not in Git.`,
      evidence: candidate.run,
    }
  return {
    id,
    status: 'missing',
    message: `${candidate.run} saved no model, so nothing could be deployed or checked again. Call save_model(model) in its script and run it again.`,
    next: {
      tool: 'run_experiment',
      arguments: { increment, name: candidate.name, command: candidate.command, again: true },
      why: 'runs it again once the script saves its model',
    },
  }
}

function size(bytes: number): string {
  return bytes < 1024 ** 2
    ? `${Math.max(1, Math.round(bytes / 1024))} KiB`
    : `${(bytes / 1024 ** 2).toFixed(1)} MiB`
}

function criteriaConfirmed({ criteria, proposedConfirmed, criteriaProposal, increment }: GateFacts): Check {
  const id = 'criteria.confirmed'
  const proposed = criteria.filter((criterion) => criterion.proposed)
  const approve = { person: `specweave-ml approve ${increment}` }
  const unconfirmed = criteriaProposal && !criteriaProposal.confirmed
  // An approval takes the mark away too: what is asked since then was confirmed by nobody.
  const changed = unconfirmed && criteriaProposal.earlier !== undefined
  if (proposed.length === 0 && unconfirmed && !changed)
    return {
      id,
      status: 'pass',
      message: `warning, not blocking: the criteria were ${criteriaProposalWords(criteriaProposal)}.`,
      next: { ...approve, why: 'a person confirms what the model is judged by; no edit of spec.md is that' },
    }
  if ((proposed.length === 0 && !changed) || proposedConfirmed)
    return {
      id,
      status: 'pass',
      message: criteriaProposal
        ? `The criteria were ${criteriaProposalWords(criteriaProposal)}.`
        : proposed.length === 0
          ? 'No criterion in spec.md is marked as proposed.'
          : 'The proposed criteria were confirmed.',
    }
  const now = (changed ? criteria : proposed).map(asked).join(', ')
  const said = criteriaProposal
    ? `The criteria were ${criteriaProposalWords(criteriaProposal)}. spec.md asks ${now}.`
    : `Marked as proposed in spec.md and confirmed by nobody: ${now}.`
  return {
    id,
    status: 'missing',
    message: `${said} Show them to the user, who confirms them, or other numbers, which go into spec.md first.${criteriaProposal && !changed ? ' Where "proposed: true" is removed without that, every document says that nobody confirmed them.' : ''}`,
    next: { ...approve, why: 'a person confirms the criteria, and the ledger holds who did' },
  }
}

function documentsWhole({ documents }: GateFacts): Check {
  const id = 'documents.placeholders'
  if (documents.missing.length > 0)
    return { id, status: 'missing', message: `Documents are missing: ${documents.missing.join(', ')}.` }
  const [first] = documents.placeholders
  if (!first)
    return { id, status: 'pass', message: 'spec, plan, tasks and tests are there and hold no placeholder.' }
  const shown = documents.placeholders.slice(0, 5).map(({ file, line, text }) => `${file}:${line} "${text}"`)
  const more = documents.placeholders.length - shown.length
  return {
    id,
    status: 'fail',
    message: `${documents.placeholders.length} placeholder${documents.placeholders.length === 1 ? '' : 's'} left to replace: ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}.`,
    evidence: first.file,
  }
}

function ledgerIntact({ ledger }: GateFacts): Check {
  const id = 'ledger.intact'
  if (ledger.ok) return { id, status: 'pass', message: 'The ledger’s chain and signatures verify.' }
  return {
    id,
    status: 'fail',
    message: `The ledger does not verify: ${ledger.problem ?? 'its chain is broken'}.`,
    next: { person: 'specweave-ml verify', why: 'shows the line where it breaks' },
  }
}
