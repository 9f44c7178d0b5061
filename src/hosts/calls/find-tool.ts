import { Refusal } from '../../core/errors.ts'
import { nearest } from '../../core/ids.ts'
import type { AnyTool } from '../../tools/tool.ts'

/** @throws Refusal TOOL_UNKNOWN with the nearest names; `run-experiment` is read as `run_experiment`. */
export function findTool(tools: readonly AnyTool[], name: string): AnyTool {
  const wanted = name.replaceAll('-', '_')
  const found = tools.find((tool) => tool.name === wanted)
  if (found) return found
  const names = tools.map((tool) => tool.name)
  const close = nearest(wanted, names)
  throw new Refusal(
    'TOOL_UNKNOWN',
    close.length > 0
      ? `There is no tool "${name}". Did you mean ${close.join(', ')}?`
      : `There is no tool "${name}". The tools are ${names.join(', ')}.`,
    { invalid: [{ field: 'name', problem: 'no tool has this name' }] },
  )
}
