import type { NextStep } from '../core/errors.ts'
import type { RunView } from './run-view.ts'

/** The calls that make sense after a run was shown. */
export function nextFor(
  view: RunView,
  increment: string,
  dataset: string | undefined,
  handedIn: boolean,
): NextStep[] {
  const { run, state } = view
  if (['queued', 'starting', 'running', 'evaluating'].includes(state)) {
    return [{ tool: 'get_run', arguments: { run, wait_s: 40 }, why: 'waits for its end' }]
  }
  if (increment === '') return []
  if (view.reproduces)
    return [
      { tool: 'reproduce_run', arguments: { run: view.reproduces }, why: 'says how the repetition came out' },
    ]
  const measured = view.metrics?.some(({ source }) => source === 'measured')
  if (state === 'succeeded' && measured) {
    return [{ tool: 'compare_runs', arguments: { increment }, why: 'sets it beside the other runs' }]
  }
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
