import { parseArgs } from 'node:util'
import { Refusal } from '../../../core/errors.ts'
import type { Ledger } from '../../../evidence/ledger.ts'
import type { Recomputation } from '../../../evidence/recompute.ts'
import type { SeenTamper } from '../../../evidence/tamper.ts'
import type { Workspace } from '../../../store/workspace.ts'
import type { CliCommand } from '../cli-command.ts'
import { EXIT } from '../exit-codes.ts'
import type { CliIo } from '../io.ts'

interface Run {
  run: string
  increment: string
  folder: string
}

export const verify: CliCommand = {
  name: 'verify',
  summary:
    'Proves the ledger (every chain, hash and signature), and against it the measured numbers, run.json and metrics.json of measured runs, data sets, spec.md, models and documents; says what is wrong and where, and each verdict; --recompute scores the predictions again',
  examples: [
    'specweave-ml verify',
    'specweave-ml verify --recompute',
    'specweave-ml verify --recompute --increment 0042 --json',
    'specweave-ml verify --recompute --source churn=/data/churn.csv',
  ],
  flags: [
    '--recompute  score the predictions that verdicts read again, from data that is registered again, aside, from its source; records nothing, costs no look',
    '--increment  prove the verdict of this one alone, such as 0042',
    '--source  NAME=PATH or NAME@VERSION=PATH: where a data source lies that is not in this clone; may be repeated',
    '--json  the answer as JSON',
  ],
  no: 'the ledger, a measured number or, with `--recompute`, a verdict is not proven, or what is here is not what the ledger and the last verdict say: run.json, metrics.json, dataset.json, spec.md, a status, a model, a document, an increment',
  async run(argv, io) {
    const { values } = parseArgs({
      args: argv,
      options: {
        recompute: { type: 'boolean' },
        increment: { type: 'string' },
        source: { type: 'string', multiple: true },
        json: { type: 'boolean' },
      },
      strict: true,
    })
    if (!values.recompute && (values.increment !== undefined || values.source))
      throw new Refusal('INPUT_INVALID', '--increment and --source belong to --recompute.', {
        missing: ['--recompute'],
      })
    const sources = namedSources(values.source ?? [])
    const { readLedger } = await import('../../../evidence/ledger.ts')
    const workspace = await io.context().workspace()
    const increment =
      values.increment === undefined
        ? undefined
        : (await import('../../../increments/load.ts')).resolveIncrement(workspace, values.increment).id
    const ledger = readLedger(workspace)
    const runs = await measuredRuns(workspace)
    const changed = await changedEvidence(workspace, runs, ledger)
    const { seenTampers } = await import('../../../evidence/tamper.ts')
    const tampers = seenTampers(workspace, ledger)
    const still = tampers.filter(({ now }) => now === 'changed')
    const { changedEvaluators } = await import('../../../evidence/custom-evaluator.ts')
    const evaluators = changedEvaluators(workspace, ledger)
    const { labCode, labCodeProblem } = await import('../../../adapters/lab/code.ts')
    const code = labCode()
    const lab = labCodeProblem(code)
    const { evidenceNotes } = await import('../../../evidence/evidence-notes.ts')
    const { measuredElsewhere, outsideInterval } = evidenceNotes(runs, ledger, code)
    const missing = await missingRuns(workspace, ledger, runs)
    const { printChangedSources, printReview, printVerdicts, reviewed, reviewJson } = await import(
      '../reviewed.ts'
    )
    const review = await reviewed(workspace, ledger, runs, increment)
    const wrong = [ledger.problems, changed, missing, still, evaluators, review.problems].some(
      ({ length }) => length > 0,
    )
    const holds = !wrong && !lab
    if (!values.json) {
      printLedger(io, ledger, changed)
      for (const { run, increment } of missing)
        io.err(`${run}: the verdict of ${increment} read it, and it is not in this clone`)
      await printTampers(io, tampers)
      for (const problem of evaluators) io.err(problem)
      if (lab) io.err(lab)
      for (const odd of outsideInterval) io.err(`warning: ${odd}`)
      for (const note of measuredElsewhere) io.out(`note: ${note}`)
      printReview(io, review)
    }
    // By an edited lab nothing is computed again: it would prove what it was edited to say.
    const recomputed =
      values.recompute && !lab
        ? await recomputedRuns(workspace, io, ledger, runs, increment, sources, !values.json)
        : undefined
    const proven = holds && recomputed?.proven !== false
    if (values.json)
      io.out(
        JSON.stringify(
          {
            proven,
            ledger: {
              chains: ledger.chains.map(({ key, own, lines }) => ({ key, own, lines: lines.length })),
              problems: ledger.problems,
            },
            changed_evidence: changed,
            missing_runs: missing.map(({ run }) => run),
            tampers,
            changed_evaluators: evaluators,
            lab: { ...code, ...(lab ? { problem: lab } : {}) },
            measured_elsewhere: measuredElsewhere,
            outside_interval: outsideInterval,
            ...reviewJson(review),
            ...(recomputed ? { recomputed } : {}),
          },
          null,
          2,
        ),
      )
    else {
      const told = (recomputed?.datasets ?? []).map(({ dataset }) => dataset)
      printChangedSources(io, review, told)
      if (recomputed) (await import('../recomputation.ts')).printRecomputation(io, recomputed, holds)
      printVerdicts(io, review, proven ? (recomputed ? 'proven' : 'as recorded') : 'NOT PROVEN')
    }
    return proven ? EXIT.done : EXIT.refused
  },
}

function printLedger(io: CliIo, { chains, problems }: Ledger, changed: readonly string[]): void {
  for (const { key, own, lines } of chains) {
    io.out(
      `ledger/${key}.jsonl${own ? ' (this clone)' : ''}: ${lines.length} line${lines.length === 1 ? '' : 's'}`,
    )
  }
  for (const { file, line, what } of problems) io.err(`${file}${line ? `:${line}` : ''}: ${what}`)
  for (const file of changed) io.err(`${file}: its numbers are not those that the ledger holds`)
  if (problems.length + changed.length === 0)
    io.out(chains.length === 0 ? 'There is no ledger yet.' : 'The ledger verifies.')
}

/** What was once seen changed stays told, also when it is as it was. */
async function printTampers(io: CliIo, tampers: readonly SeenTamper[]): Promise<void> {
  if (tampers.length === 0) return
  const { tamperInWords } = await import('../../../evidence/tamper.ts')
  for (const one of tampers) {
    if (one.now === 'changed') io.err(`${tamperInWords(one)}, and still is`)
    else
      io.out(
        `${tamperInWords(one)}; ${one.now === 'gone' ? 'it is not on this machine' : one.what === 'lab' ? 'here it is that of the build' : 'now it is as registered'}`,
      )
  }
}

/** @throws Refusal INPUT_INVALID for anything but NAME=PATH. */
function namedSources(given: readonly string[]): Map<string, string> {
  return new Map(
    given.map((text) => {
      const [, name = '', path = ''] = /^([^=]+)=(.+)$/.exec(text) ?? []
      if (name && path) return [name, path]
      throw new Refusal(
        'INPUT_INVALID',
        `--source ${text} does not say which data set it is the source of.`,
        {
          invalid: [{ field: '--source', problem: 'NAME=PATH, such as churn=/data/churn.csv' }],
        },
      )
    }),
  )
}

async function recomputedRuns(
  workspace: Workspace,
  io: CliIo,
  ledger: Ledger,
  runs: readonly Run[],
  increment: string | undefined,
  sources: ReadonlyMap<string, string>,
  inWords: boolean,
): Promise<Recomputation> {
  const [{ recompute }, { progressLine }, { listIncrements }] = await Promise.all([
    import('../../../evidence/recompute.ts'),
    import('../progress-line.ts'),
    import('../../../increments/load.ts'),
  ])
  const increments = listIncrements(workspace).filter(({ id }) => increment === undefined || id === increment)
  const ids = new Set(increments.map(({ id }) => id))
  const measured = runs.filter((run) => ids.has(run.increment))
  const line = progressLine(io)
  const progress = io.terminal.stderr ? line.show : () => {}
  // A log is written line by line, and stderr is for what is wrong: there it says once what takes the time.
  if (inWords && !io.terminal.stderr)
    io.out(
      `Going through ${measured.length} run${measured.length === 1 ? '' : 's'}: what they handed in is scored again.`,
    )
  try {
    return await recompute(workspace, ledger, increments, measured, { sources, progress, signal: io.signal })
  } finally {
    line.clear()
  }
}

async function measuredRuns(workspace: Workspace): Promise<Run[]> {
  const [{ openIndex }, { refreshIndex }] = await Promise.all([
    import('../../../store/index-db.ts'),
    import('../../../runs/refresh.ts'),
  ])
  const index = await openIndex(workspace.layout)
  refreshIndex(workspace, index)
  return index.driver
    .all("SELECT run, increment, folder FROM runs WHERE increment <> '' ORDER BY run")
    .map(({ run, increment, folder }) => ({
      run: String(run),
      increment: String(increment),
      folder: String(folder),
    }))
}

/** Runs that verdicts read and that are not here. */
async function missingRuns(
  workspace: Workspace,
  ledger: Ledger,
  runs: readonly Run[],
): Promise<{ run: string; increment: string }[]> {
  const [{ missingJudged }, { listIncrements }] = await Promise.all([
    import('../../../evidence/kept-predictions.ts'),
    import('../../../increments/load.ts'),
  ])
  const here = new Set(runs.map(({ run }) => run))
  return listIncrements(workspace).flatMap(({ id }) =>
    missingJudged(ledger, id, here).map((run) => ({ run, increment: id })),
  )
}

/** The evidence.json files whose numbers are not those that the ledger holds. */
async function changedEvidence(
  workspace: Workspace,
  runs: readonly Run[],
  ledger: Ledger,
): Promise<string[]> {
  const [{ changedSplits }, { relative, join }] = await Promise.all([
    import('../../../tools/judging/recorded-evidence.ts'),
    import('node:path'),
  ])
  return runs
    .filter(({ folder }) => changedSplits(folder, ledger).length > 0)
    .map(({ folder }) => relative(workspace.root, join(folder, 'evidence.json')))
}
