import { Command, Option } from 'commander'
import { type NextStep, Refusal } from '../../core/errors.ts'
import type { AnyTool } from '../../tools/tool.ts'
import { inputSummary } from '../calls/check-input.ts'
import { type Answer, invokeTool } from '../calls/invoke-tool.ts'
import { localiseCommand } from '../calls/person-commands.ts'
import { EXIT } from './exit-codes.ts'
import { flagValue } from './flag-values.ts'
import { type Flag, flagsOf, placeholder } from './flags.ts'
import type { CliIo } from './io.ts'
import { paint } from './paint.ts'
import { nextCommands } from './print-refusal.ts'
import { progressLine } from './progress-line.ts'

type Options = Record<string, unknown>

export interface ToolCommandOptions {
  /** Another name for the command; the tool's own otherwise. */
  name?: string
  /** Runs instead of the call where it wants to: `--follow`, `--watch`. */
  instead?: { flag: string; description: string; run(values: Answer): Promise<number> }
  done(code: number): void
}

/** A tool as a command: its flags are its input, and what follows `--` is its `command`. */
export function toolCommand(
  tool: AnyTool,
  tools: readonly AnyTool[],
  io: CliIo,
  options: ToolCommandOptions,
): Command {
  const flags = flagsOf(tool)
  const command = new Command(options.name ?? tool.name.replaceAll('_', '-'))
    .summary(tool.title)
    .description(tool.description)
    .allowExcessArguments(true)
  for (const field of tool.command.positional ?? []) {
    const flag = flags.find((known) => known.field === field)
    if (flag && field !== 'command') command.argument(`[${field.replaceAll('_', '-')}]`, flag.description)
  }
  for (const flag of flags) addFlag(command, flag)
  command.addOption(new Option('--json', 'print the structured answer'))
  if (options.instead) command.addOption(new Option(options.instead.flag, options.instead.description))
  const examples = tool.command.examples.map((example) => `  ${localiseCommand(example, io.program)}`)
  command.addHelpText('after', `\nExamples:\n${examples.join('\n')}`)
  command.action(async () => {
    const given = valuesOf(command, tool, flags)
    const { instead } = options
    if (instead && command.getOptionValue(instead.flag.replace('--', '')) === true)
      options.done(await instead.run(given))
    else options.done(await callAndPrint(tool, tools, given, command.getOptionValue('json') === true, io))
  })
  return command
}

function addFlag(command: Command, flag: Flag): void {
  const repeat = (value: string, before: string[] | undefined) => [...(before ?? []), value]
  if (flag.field === 'command') {
    command.usage('[options] -- <command>')
    command.addOption(
      new Option('--command <word>', 'a word of it, repeatable; or give it after --').argParser(repeat),
    )
    return
  }
  const words = [flag.description]
  if (flag.required) words.push('(required)')
  if (flag.schema.default !== undefined) words.push(`(default: ${JSON.stringify(flag.schema.default)})`)
  if (flag.kind === 'list' || flag.kind === 'map' || flag.kind === 'maps') words.push('(repeatable)')
  const description = words.filter(Boolean).join(' ')
  if (flag.kind === 'boolean') {
    command.addOption(new Option(flag.name, description))
    command.addOption(new Option(flag.name.replace('--', '--no-')).hideHelp())
    return
  }
  command.addOption(new Option(`${flag.name} ${placeholder(flag)}`, description).argParser(repeat))
  const one = flag.kind === 'map' && flag.name.endsWith('s') ? flag.name.slice(0, -1) : undefined
  if (one) command.addOption(new Option(`${one} <key=value>`).argParser(repeat).hideHelp())
}

function attribute(flagName: string): string {
  return new Option(flagName).attributeName()
}

/** Only what was typed: defaults are the tool's. */
function valuesOf(command: Command, tool: AnyTool, flags: readonly Flag[]): Answer {
  const options = command.opts<Options>()
  const values: Answer = {}
  const rest = [...command.args]
  for (const field of tool.command.positional ?? []) {
    const flag = flags.find((known) => known.field === field)
    if (!flag || field === 'command' || rest.length === 0) continue
    // The last positional field takes all that is left where it may hold several.
    const isLast = (tool.command.positional ?? []).at(-1) === field
    values[field] = flagValue(flag, isLast && flag.kind === 'list' ? rest.splice(0) : rest.splice(0, 1))
  }
  for (const flag of flags) {
    if (flag.field === 'command') {
      const words = [...((options.command as string[] | undefined) ?? []), ...rest.splice(0)]
      if (words.length > 0) values.command = words
      continue
    }
    const typed = typedFor(flag, options)
    if (typed === undefined) continue
    values[flag.field] = typeof typed === 'boolean' ? typed : flagValue(flag, typed as string[])
  }
  if (rest.length > 0) command.error(`error: unexpected argument "${rest[0]}"`, { exitCode: EXIT.usage })
  return values
}

/** `--params a=1 --param b=2` are two of one field. */
function typedFor(flag: Flag, options: Options): unknown {
  const typed = options[attribute(flag.name)]
  const single =
    flag.kind === 'map' && flag.name.endsWith('s') ? options[attribute(flag.name.slice(0, -1))] : undefined
  return single === undefined ? typed : [...((typed as string[] | undefined) ?? []), ...(single as string[])]
}

async function callAndPrint(
  tool: AnyTool,
  tools: readonly AnyTool[],
  given: Answer,
  json: boolean,
  io: CliIo,
): Promise<number> {
  const progress = progressLine(io)
  let answer: Answer
  try {
    answer = await invokeTool(tool, given, io.context(progress.show), io.program)
  } catch (thrown) {
    throw inFlags(thrown, tool, io)
  } finally {
    progress.clear()
  }
  if (json) io.out(JSON.stringify(answer, undefined, 2))
  else printAnswer(tool, tools, answer, io)
  return tool.command.isNo?.(answer) ? EXIT.refused : EXIT.done
}

/** Names wrong and missing fields as they are typed here. */
function inFlags(thrown: unknown, tool: AnyTool, io: CliIo): unknown {
  if (!(thrown instanceof Refusal) || thrown.code !== 'INPUT_INVALID') return thrown
  const flags = flagsOf(tool)
  const typed = (field: string) => {
    const [head = ''] = field.split(/[.[]/)
    if (head === 'command') return field.replace(head, '-- <command>')
    const flag = flags.find((known) => known.field === head)
    return flag ? field.replace(head, flag.name) : field
  }
  const missing = thrown.missing.map(typed)
  const invalid = thrown.invalid.map(({ field, problem }) => ({ field: typed(field), problem }))
  if (missing.length + invalid.length === 0) return thrown
  const name = tool.name.replaceAll('_', '-')
  const help = { person: `${io.program} ${name} --help`, why: 'what it takes, with examples' }
  return new Refusal('INPUT_INVALID', inputSummary(name, missing, invalid), {
    missing,
    invalid,
    next: [help],
  })
}

/** The tool's text, with what to do next as commands instead of calls. */
function printAnswer(tool: AnyTool, tools: readonly AnyTool[], answer: Answer, io: CliIo): void {
  const next: NextStep[] = []
  const text = tool.render(takeNext(answer, next)).trimEnd()
  io.out(paint(text, io.colours))
  const seen = new Set<string>()
  const distinct = next.filter((step) => !seen.has(JSON.stringify(step)) && seen.add(JSON.stringify(step)))
  if (distinct.length > 0) io.out(`\n${nextCommands(distinct, tools, io)}`)
}

/** The answer without its `next`, also that of each of several runs. */
function takeNext(answer: Answer, taken: NextStep[]): Answer {
  const entries = Object.entries(answer).map(([key, value]): [string, unknown] => {
    if (key === 'next' && Array.isArray(value)) {
      taken.push(...(value as NextStep[]))
      return [key, []]
    }
    if (key === 'runs' && Array.isArray(value))
      return [key, value.map((run) => (run !== null && typeof run === 'object' ? takeNext(run, taken) : run))]
    return [key, value]
  })
  return Object.fromEntries(entries)
}
