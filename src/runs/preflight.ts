import { homedir } from 'node:os'
import { join } from 'node:path'
import {
  findImports,
  type ImportsFound,
  isPython,
  pythonEntry,
  startInterpreter,
} from '../adapters/python/imports.ts'
import { Refusal } from '../core/errors.ts'
import { safeText } from '../core/untrusted-text.ts'
import type { Index } from '../store/index-db.ts'
import type { Workspace } from '../store/workspace.ts'
import type { Claimed } from './claim.ts'
import {
  type CheckedPart,
  type CheckStatus,
  type PreflightCheck,
  type PreflightRecord,
  writePreflight,
} from './preflight-record.ts'
import { clearScratch, keepOutputs, makeScratch, type Scratch } from './preflight-scratch.ts'
import { isStopped, SMOKE_S, smokeRun } from './preflight-smoke.ts'
import { checkOutputs, checkSpace, outputPaths } from './preflight-space.ts'
import { type Prepared, prepareRun, type SplitFiles } from './prepare.ts'
import type { RunRecord } from './record.ts'
import { runsOfCommand } from './same-command.ts'

/** What a preflight needs of the data and of the lab, of which `runs/` knows nothing. */
export interface PreflightHooks {
  /** Split files cut to a few rows, in a folder of their own; a text says why there are none. */
  cutSplits(dataset: string, out: string): Promise<{ files: SplitFiles; rows: string } | string>
  /** Which splits have predictions, and what is wrong with their form; a text says why that is not known. */
  checkSmoke(data: string, predictions: string): Promise<{ handed_in: string[]; problems: string[] } | string>
}

type Outcome = [status: CheckStatus, message: string]

/**
 * Looks at everything that can end a run in its last second, before it starts: the first failure ends it. What the smoke
 * run wrote goes with it, and nothing of it is a record but `preflight.json`.
 * @returns why the run must not be started; `undefined` where it may, or where it was stopped meanwhile.
 */
export async function preflight(
  workspace: Workspace,
  index: Index,
  { run, folder, claim }: Claimed,
  record: RunRecord,
  hooks: PreflightHooks,
  smokeS = SMOKE_S,
): Promise<Refusal | undefined> {
  const written: PreflightRecord = { format: 1, outcome: 'running', checks: [] }
  const scratch = await makeScratch(folder, record)
  try {
    const paths = outputPaths(workspace.root, folder, record)
    let splits: SplitFiles | undefined
    let noSplits = ''
    const prepared = (): Prepared => smoke(workspace, folder, record, claim, splits, scratch)
    const steps: [PreflightCheck, () => Promise<Outcome>][] = [
      ['interpreter', () => checkInterpreter(prepared())],
      ['imports', () => checkImports(workspace.root, prepared())],
      [
        'data',
        async () => {
          if (!record.dataset) return ['pass', 'the run has no dataset']
          const cut = await hooks.cutSplits(record.dataset, scratch.data)
          if (typeof cut === 'string') {
            noSplits = cut
            return ['not_shown', cut]
          }
          splits = cut.files
          return [
            'pass',
            `the splits of ${record.dataset} are what was registered; the smoke run gets ${cut.rows}`,
          ]
        },
      ],
      ['outputs', async () => outcomeOf(checkOutputs(workspace.root, folder, paths))],
      [
        'space',
        async () =>
          outcomeOf(checkSpace(folder, record, runsOfCommand(index, run.split('/')[0] ?? '', record))),
      ],
      [
        'smoke',
        async () => {
          if (noSplits) return ['not_shown', `no smoke run: ${noSplits}`]
          keepOutputs(
            scratch,
            paths.filter((path) => !path.startsWith(join(folder, '/'))),
          )
          const { log_bytes: logBytes } = workspace.config.limits
          const limits = { seconds: smokeS, logBytes }
          const { outcome, message } = await smokeRun(scratch, prepared(), limits, () => isStopped(folder))
          if (outcome === 'failed') return ['fail', `the smoke run failed: ${message}`]
          if (outcome !== 'passed') return ['not_shown', `the smoke run did not come to its end: ${message}`]
          return splits ? checkAnswers(hooks, scratch) : ['pass', 'the smoke run came to its end']
        },
      ],
    ]
    for (const [check, look] of steps) {
      const part = await timed(check, look, workspace.root)
      if (isStopped(folder)) {
        writePreflight(folder, { ...written, outcome: 'stopped' })
        return undefined
      }
      written.checks.push(part)
      if (part.status === 'fail') {
        writePreflight(folder, { ...written, outcome: 'failed' })
        return new Refusal(
          'PREFLIGHT_FAILED',
          `preflight: ${check}: ${inOneLine(part.message)} ${advice(check)}`,
        )
      }
      writePreflight(folder, written)
    }
    writePreflight(folder, { ...written, outcome: 'passed' })
    return undefined
  } finally {
    await clearScratch(folder)
  }
}

/** The run's own command and environment, with the scratch folder for the run's and the cut splits for the whole. */
function smoke(
  workspace: Workspace,
  folder: string,
  record: RunRecord,
  claim: Claimed['claim'],
  splits: SplitFiles | undefined,
  scratch: Scratch,
): Prepared {
  const prepared = prepareRun(workspace, folder, record, claim, splits, scratch.run)
  return { ...prepared, env: { ...prepared.env, SPECWEAVE_SMOKE: '1' } }
}

async function timed(
  check: PreflightCheck,
  look: () => Promise<Outcome>,
  root: string,
): Promise<CheckedPart> {
  const began = performance.now()
  const [status, text] = await (async () => look())().catch(
    (cause: unknown): Outcome => ['fail', said(cause)],
  )
  const seconds = Math.round(performance.now() - began) / 1000
  // It stands in a record that Git holds.
  const message = text.replaceAll(join(root, '/'), '').replaceAll(homedir(), '~')
  return { check, status, seconds, message: safeText(message) }
}

function outcomeOf({ status, message }: { status: CheckStatus; message: string }): Outcome {
  return [status, message]
}

async function checkInterpreter({ command, cwd, env }: Prepared): Promise<Outcome> {
  const [program = ''] = command
  if (!isPython(program)) return ['not_shown', 'the command starts no Python by itself']
  return [
    'pass',
    `Python ${await startInterpreter({ interpreter: program, cwd, env: unwatched(env) })} starts`,
  ]
}

async function checkImports(root: string, { command, cwd, env }: Prepared): Promise<Outcome> {
  const entry = isPython(command[0] ?? '') ? pythonEntry(command) : undefined
  if (!entry) return ['not_shown', 'the command names no Python script']
  const place = { interpreter: command[0]!, cwd, env: unwatched(env) }
  // What this interpreter cannot search is no fault of the script's: the smoke run tells.
  const found = await findImports(place, root, entry).catch((cause: unknown) => said(cause))
  if (typeof found === 'string') return ['not_shown', `its imports were not read: ${found}`]
  const { syntax, missing, unsure, files }: ImportsFound = found
  if (syntax) return ['fail', `${syntax.file} cannot be read as Python: ${syntax.problem}`]
  const named = (problems: ImportsFound['missing']): string =>
    problems.map(({ module, file, line }) => `${module} (${file}, line ${line})`).join(', ')
  if (missing.length > 0) return ['fail', `this interpreter does not find ${named(missing)}`]
  if (unsure.length > 0)
    return ['not_shown', `not found, where the script changes sys.path: ${named(unsure)}`]
  return ['pass', `what ${files === 1 ? 'the script imports' : `${files} files import`} is there`]
}

async function checkAnswers(hooks: PreflightHooks, scratch: Scratch): Promise<Outcome> {
  const answer = await hooks.checkSmoke(scratch.data, join(scratch.run, 'predictions'))
  if (typeof answer === 'string')
    return ['not_shown', `the smoke run came to its end, and what it handed in was not read: ${answer}`]
  const { handed_in: handedIn, problems } = answer
  if (problems.length > 0)
    return ['fail', `the smoke run handed in what the lab cannot read: ${problems.join(' ')}`]
  if (handedIn.length === 0)
    return ['warn', 'the smoke run came to its end and handed in no predictions: nothing would be measured']
  return [
    'pass',
    `the smoke run came to its end, and its predictions for ${handedIn.join(', ')} have the right form`,
  ]
}

/** These look at the run's Python; they are no part of what it was seen to read. */
function unwatched({ SPECWEAVE_RUN: _run, ...env }: Record<string, string>): Record<string, string> {
  return env
}

const ADVICE: Partial<Record<PreflightCheck, string>> = {
  interpreter: 'Set interpreter in .specweave/ml.yaml, or repair it.',
  imports: 'Install it in the interpreter of the run, or correct the import.',
  data: 'Restore the split files from Git, or register the source again.',
  space: 'Make room and ask again.',
}

function advice(check: PreflightCheck): string {
  const text = ADVICE[check] ?? 'Correct it and ask again.'
  return check === 'smoke'
    ? `${text} A script that cannot work on a few rows runs with preflight: false.`
    : text
}

const LINES_IN_REASON = 3
const LONGEST_REASON = 700

/** Reasons stand in lists, one run a line: the whole message is in preflight.json. */
function inOneLine(message: string): string {
  const [first = '', ...more] = message.split('\n')
  const last = more.slice(-LINES_IN_REASON).map((line) => line.trim())
  const text = [first, ...last].join(more.length > 0 ? ' / ' : '').replace(/: \/ /, ': ')
  const end = /[.!?]$/.test(text) ? '' : '.'
  return text.length <= LONGEST_REASON
    ? text + end
    : `${text.slice(0, 200)} … ${text.slice(-LONGEST_REASON + 200)}${end}`
}

function said(cause: unknown): string {
  if (cause instanceof Refusal) return cause.message
  const { shortMessage, stderr, message } = cause as {
    shortMessage?: string
    stderr?: string
    message?: string
  }
  return [shortMessage ?? message ?? String(cause), stderr?.trim().split('\n').slice(-3).join('\n')]
    .filter(Boolean)
    .join('\n')
}
