import { isJudgeable } from '../core/judgeability.ts'
import { sortMeasurements } from '../core/measurement.ts'
import type { RunSummary } from '../core/run-summary.ts'
import { algorithmOf } from './algorithm.ts'
import { paramText } from './differing-params.ts'
import { lessons } from './lessons.ts'
import { bullets, code, fence, inline, paragraphs, shellQuote } from './markdown-text.ts'
import { maskedParams } from './masked-params.ts'
import { formatBytes, formatCount, formatDuration, formatMeasurement } from './number-format.ts'
import { DECIDED, decisionLines } from './person-decisions.ts'
import { PROGRAM_NOTE } from './program-note.ts'
import { codeLabel } from './run-words.ts'
import { chosenRun, STATUS_PHRASES, type SyncFacts } from './sync-facts.ts'
import { table } from './table.ts'
import { troubleshooting } from './troubleshooting.ts'

/** Characters; a longer command would bury the rest of the page. */
const LONGEST_COMMAND = 4000

export function runbookOpening(facts: SyncFacts): string {
  return `# Runbook: ${inline(facts.title)}`
}

/** The body of the runbook's block: how the model is made again, what to expect, what was learned, what goes wrong. */
export function renderRunbook(facts: SyncFacts): string {
  const chosen = chosenRun(facts)
  return paragraphs(
    `## Increment ${facts.increment}: ${STATUS_PHRASES[facts.status]}`,
    section(DECIDED, decisionLines(facts)),
    ...(chosen ? retraining(facts, chosen) : ['No run was made that could be repeated.']),
    section(
      'What was learned',
      facts.ranking ? lessons(facts.runs, facts.ranking, facts.differences ?? [], facts.overSeeds) : [],
    ),
    titled('Troubleshooting', troubleshooting(facts.runs)),
  )
}

function retraining(facts: SyncFacts, run: RunSummary): (string | undefined)[] {
  return [
    titled('Retrain', retrainText(facts, run)),
    titled('Hyperparameters', hyperparameters(run)),
    section('Data', dataLines(facts)),
    section('Environment', environmentLines(facts, run)),
    titled('Expected figures', expectedFigures(run)),
  ]
}

function retrainText(facts: SyncFacts, run: RunSummary): string {
  const closed = facts.status === 'completed' || facts.status === 'abandoned'
  const call = {
    // A closed increment takes no more runs: the new one is the one that is active.
    ...(closed ? {} : { increment: facts.increment }),
    name: run.name.replace(/^exp-\d+-/, '').replace(/-r\d+$/, ''),
    command: run.command,
    ...(Object.keys(run.params).length > 0 ? { params: maskedParams(run.params) } : {}),
    ...(run.dataset === undefined ? {} : { dataset: run.dataset }),
    ...(run.seed === undefined ? {} : { seeds: [run.seed] }),
    // Without it, a repeat is answered by the run that is there.
    again: true,
  }
  return paragraphs(
    run.notJudgeable && !isJudgeable(run)
      ? `**No verdict may rest on this run** (${run.notJudgeable.mark}): ${inline(run.notJudgeable.reason, 600)} Mend its script first.`
      : undefined,
    `${inline(algorithmOf(run).name)}, as ${codeLabel(run.run)} was made. In the workspace's folder:`,
    closed
      ? shellBlock(`specweave-ml call create_increment ${shellQuote(JSON.stringify(successor(facts, run)))}`)
      : undefined,
    shellBlock(`specweave-ml call run_experiment ${shellQuote(JSON.stringify(call))}`),
    closed
      ? `Increment ${facts.increment} is closed: the first command makes the one that the new run belongs to. Where several are active, name it.`
      : undefined,
    PROGRAM_NOTE,
    "Without the lab, the script's own command was:",
    shellBlock(run.command.map(shellQuote).join(' ')),
  )
}

function successor(facts: SyncFacts, run: RunSummary): Record<string, unknown> {
  return {
    title: `Retrain ${facts.title}`,
    problem_type: facts.problemType,
    success_metrics: facts.criteria.map(({ metric, op, value }) => `${metric} ${op} ${value}`),
    ...(run.dataset === undefined ? {} : { dataset: run.dataset }),
  }
}

function shellBlock(command: string): string {
  return command.length > LONGEST_COMMAND
    ? "It is too long to print; the run's `run.json` holds the command and the parameters."
    : fence(command, 'sh')
}

function hyperparameters(run: RunSummary): string {
  const names = Object.keys(run.params).sort()
  if (names.length === 0) return 'None were recorded: what the script uses stands in the script.'
  return table(
    [{ title: 'Parameter' }, { title: 'Value' }],
    names.map((name) => [code(name, 80), paramText(name, run.params[name])]),
  )
}

function dataLines({ dataset }: SyncFacts): string[] {
  if (!dataset) return ['No registered dataset was used.']
  const { splits, split } = dataset
  return [
    `${code(dataset.dataset)}, hash ${code(dataset.hash.slice(0, 16))}, from ${code(dataset.source.path)} (SHA-256 ${code(dataset.source.sha256.slice(0, 16))})`,
    `Target ${code(dataset.target)}${dataset.positive === undefined ? '' : `, positive class ${code(dataset.positive)}`}; ${dataset.columns.filter(({ role }) => role === 'feature').length} feature columns`,
    `Split ${inline(split.method)}, seed ${split.seed}: train ${formatCount(splits.train.rows)}, validation ${formatCount(splits.validation.rows)}, test ${formatCount(splits.test.rows)} rows (test labels are sealed)`,
  ]
}

function environmentLines({ environment }: SyncFacts, run: RunSummary): string[] {
  const packages = Object.entries(environment?.packages ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
  const shown = packages.slice(0, 20).map(([name, version]) => `${inline(name, 60)} ${inline(version, 40)}`)
  const more = packages.length - shown.length
  return [
    `Python ${environment?.python ? inline(environment.python, 40) : 'version not recorded'}${environment?.platform ? ` on ${inline(environment.platform, 80)}` : ''}`,
    shown.length > 0
      ? `Packages: ${shown.join(', ')}${more > 0 ? ` and ${more} more in the run's record` : ''}`
      : 'Packages: not recorded',
    `Code: ${run.gitSha ? `commit ${code(run.gitSha.slice(0, 12))}${run.gitDirty ? ' with uncommitted changes, kept under .specweave/code' : ''}` : 'no Git commit; the script is kept with the run'}`,
    ...(run.seed === undefined ? [] : [`Seed: ${run.seed}`]),
  ]
}

function expectedFigures(run: RunSummary): string {
  const measured = sortMeasurements(run.metrics).filter(({ source }) => source === 'measured')
  const model = run.artifacts.find(({ kind }) => kind === 'model')
  const cost = bullets([
    `Time: ${run.durationS === undefined ? 'not recorded' : formatDuration(run.durationS)}`,
    `Model file: ${model ? `${formatBytes(model.bytes)} (${code(model.path)})` : 'none'}`,
  ])
  if (measured.length === 0) return `Nothing was measured.\n\n${cost}`
  const rows = measured.map((m) => [code(m.name, 60), m.split ?? '', formatMeasurement(m), m.grade ?? ''])
  const figures = table(
    [{ title: 'Metric' }, { title: 'Split' }, { title: 'Measured' }, { title: 'Grade' }],
    rows,
  )
  return `${figures}\n\n${cost}`
}

function section(title: string, items: readonly string[]): string | undefined {
  return items.length > 0 ? titled(title, bullets(items)) : undefined
}

function titled(title: string, body: string | undefined): string | undefined {
  return body && `### ${title}\n\n${body}`
}
