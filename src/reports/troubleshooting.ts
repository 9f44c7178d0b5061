import type { RunState } from '../core/run-state.ts'
import type { RunSummary } from '../core/run-summary.ts'
import { inline } from './markdown-text.ts'
import { codeLabel, endReason, STATE_WORDS } from './run-words.ts'
import { table } from './table.ts'

/** What to do about a failure, by what its reason says. The first that fits is taken. */
const BY_REASON: readonly [RegExp, string][] = [
  [
    /ModuleNotFoundError|No module named|ImportError/i,
    'Install the package in the interpreter that the run used, or set `interpreter: lab` in ml.yaml.',
  ],
  [
    /MemoryError|out of memory|oom|\b137\b|CUDA error/i,
    'Use less memory: a smaller batch or model, fewer parallel workers; or ask for more with `resources.memory_gb`.',
  ],
  [
    /\bnan\b|not finite|infinity|diverg|overflow/i,
    'Lower the learning rate, scale the features, look for missing or infinite values in the data.',
  ],
  [/converge/i, 'Scale the features, raise the limit of iterations, or regularise more.'],
  [
    /KeyError|not in index|columns? (?:are|is) missing|feature names|unseen at fit|unknown categor/i,
    'Use only columns that all three split files have, and encoders that accept values they have not seen.',
  ],
  [
    /FileNotFoundError|No such file/i,
    'Take the paths of the data from the run, not from the script: `{train}`, `{validation}`, `{test}`, or `load_dataset`.',
  ],
  [/PermissionError|read-only|No space left/i, 'Check that the folder can be written and has room.'],
  [/log (?:limit|bytes)|log_bytes/i, 'Print less, or raise `limits.log_bytes` in ml.yaml.'],
]

const BY_STATE: Partial<Record<RunState, string>> = {
  timed_out: 'Give more time with `timeout_s`, or train on less.',
  lost: 'The process vanished without an exit code (a restart, a kill, or memory ran out): run it again.',
  stopped: 'Somebody stopped it: its reason says why.',
  failed: 'Read the end of the log: `specweave-ml get-run RUN`.',
}

/** A row for each different way in which runs ended badly, with the runs that it happened to. */
export function troubleshooting(runs: readonly RunSummary[]): string | undefined {
  const seen = new Map<string, { words: string; advice: string; runs: string[] }>()
  for (const run of runs) {
    const fallback = BY_STATE[run.state]
    if (fallback === undefined) continue
    const words = `${STATE_WORDS[run.state]}: ${endReason(run)}`
    const advice = adviceFor(run) ?? fallback
    const entry = seen.get(words) ?? { words, advice, runs: [] }
    entry.runs.push(run.run)
    seen.set(words, entry)
  }
  if (seen.size === 0) return undefined
  return table(
    [{ title: 'Seen' }, { title: 'What to do' }, { title: 'Runs' }],
    [...seen.values()].map(({ words, advice, runs: ids }) => [words, advice, runList(ids)]),
  )
}

function adviceFor({ state, reason = '', exitCode }: RunSummary): string | undefined {
  if (state !== 'failed') return undefined
  const text = exitCode === 137 ? `${reason} 137` : reason
  return BY_REASON.find(([pattern]) => pattern.test(text))?.[1]
}

function runList(ids: readonly string[]): string {
  const shown = ids.slice(0, 5).map(codeLabel).join(', ')
  return ids.length > 5 ? `${shown} and ${inline(String(ids.length - 5))} more` : shown
}
