import type { NextStep } from '../../core/errors.ts'
import { isEnd } from '../../core/run-state.ts'
import type { RunView } from './run-view.ts'

/** The calls that make sense after a run was shown. */
export function nextFor(
  view: RunView,
  increment: string,
  dataset: string | undefined,
  handedIn: boolean,
  command: readonly string[],
): NextStep[] {
  const { run, state } = view
  if (!isEnd(state)) {
    return [{ tool: 'get_run', arguments: { run, wait_s: 40 }, why: 'waits for its end' }]
  }
  if (increment === '') return afterJob(command)
  if (view.reproduces)
    return [
      { tool: 'reproduce_run', arguments: { run: view.reproduces }, why: 'says how the repetition came out' },
    ]
  const measured = view.metrics?.some(({ source }) => source === 'measured')
  if (state === 'succeeded' && measured) {
    return [{ tool: 'compare_runs', arguments: { increment }, why: 'sets it beside the other runs' }]
  }
  if (state === 'failed')
    return [
      {
        tool: 'get_run',
        arguments: { run, log_lines: 100 },
        why: 'shows more of its log; mend the script and run it again, and keep why it failed with record_insight',
      },
    ]
  if (state !== 'succeeded' || !dataset) return []
  if (handedIn) {
    return [
      {
        tool: 'evaluate_run',
        arguments: { run, split: 'validation' },
        why: 'measures what it handed in, or says what is wrong with it',
      },
    ]
  }
  return [
    {
      person: 'specweave-ml guide',
      why: 'the run handed in no predictions, so that nothing could be measured',
    },
  ]
}

/** A job is of the increment that it was started with: `evaluate-run 0042/exp-003-a test`, `--increment=0042`. */
function afterJob(command: readonly string[]): NextStep[] {
  const [increment] = command.flatMap((word) => /^(?:--increment=)?(\d{4,})(?:\/|$)/.exec(word)?.[1] ?? [])
  return increment === undefined ? [] : [showIncrement(increment)]
}

/** After several: those that go on are waited for; where all have ended, their increment says what is next. */
export function nextForAll(views: readonly RunView[]): NextStep[] {
  const live = views.filter(({ state }) => !isEnd(state)).map(({ run }) => run)
  if (live.length > 0)
    return [{ tool: 'get_run', arguments: { run: live, wait_s: 40 }, why: 'waits for those that go on' }]
  const increments = new Set(views.flatMap(({ run }) => /^(\d+)\//.exec(run)?.[1] ?? []))
  return [...increments].slice(0, 3).map(showIncrement)
}

function showIncrement(increment: string): NextStep {
  return { tool: 'get_increment', arguments: { increment }, why: 'says what is missing, and what is next' }
}
