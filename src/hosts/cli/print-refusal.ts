import type { NextStep, Refusal } from '../../core/errors.ts'
import type { AnyTool } from '../../tools/tool.ts'
import { commandLine } from './command-line.ts'
import { EXIT } from './exit-codes.ts'
import type { CliIo } from './io.ts'

/** A refusal in words: what, where, and next as commands that work as pasted. */
export function printRefusal(refusal: Refusal, tools: readonly AnyTool[], io: CliIo): number {
  const { colours } = io
  const defect = refusal.code === 'INTERNAL_DEFECT'
  io.err(`${colours.red(defect ? 'Defect' : 'Refused')} (${refusal.code}): ${refusal.message}`)
  // What the message says word for word already is not said again.
  const unsaid = refusal.invalid.filter(
    ({ field, problem }) => field !== '' && !refusal.message.includes(problem),
  )
  for (const { field, problem } of unsaid) io.err(`  ${field}: ${problem}`)
  const missing = refusal.missing.filter((name) => !refusal.message.includes(name))
  if (missing.length > 0) io.err(`  missing: ${missing.join(', ')}`)
  const next = nextCommands(refusal.next, tools, io)
  if (next !== '') io.err(next)
  return defect ? EXIT.defect : EXIT.refused
}

/** What to do next as commands for a shell; empty where there is nothing. */
export function nextCommands(steps: readonly NextStep[], tools: readonly AnyTool[], io: CliIo): string {
  const lines = steps.map((step) => {
    if (!('tool' in step)) return { command: step.person, why: step.why }
    const tool = tools.find(({ name }) => name === step.tool)
    const call = tool
      ? commandLine(tool, step.arguments)
      : `call ${step.tool} '${JSON.stringify(step.arguments)}'`
    return { command: `${io.program} ${call}`, why: step.why }
  })
  if (lines.length === 0) return ''
  return ['Next:', ...lines.map(({ command, why }) => `  ${command}\n    ${io.colours.dim(why)}`)].join('\n')
}
