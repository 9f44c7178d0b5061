import { Command, Option } from 'commander'
import { type NextStep, Refusal } from '../../core/errors.ts'
import type { AnyTool } from '../../tools/tool.ts'
import { inputSummary } from '../calls/check-input.ts'
import { type Answer, invokeTool } from '../calls/invoke-tool.ts'
import { localiseCommand } from '../calls/person-commands.ts'
import { EXIT } from './exit-codes.ts'
import { flagWords, pairsNote, toolHelp } from './flag-help.ts'
import { flagValue } from './flag-values.ts'
import { type Flag, flagsOf, keysOf, placeholder } from './flags.ts'
import { forPeople } from './for-people.ts'
import type { CliIo } from './io.ts'
import { jobToEnd } from './job-to-end.ts'
import { paint } from './paint.ts'
import { nextCommands } from './print-refusal.ts'
import { progressLine } from './progress-line.ts'

type Options = Record<string, unknown>

/** Options of one command alone, and how it is carried out with them: `run --config FILE`. */
export interface OwnOptions {
  options: Option[]
  /** Complete command lines, shown after the tool's own. */
  examples: string[]
  /** @param call the tool, as without them; `heard` gets its answer. */
  run(
    given: Answer,
    typed: Options,
    call: (given: Answer, heard?: (answer: Answer) => void) => Promise<number>,
  ): Promise<number>
}

export interface ToolCommandOptions {
  /** Another name for the command; the tool's own otherwise. */
  name?: string
  /** Runs instead of the call where it wants to: `--follow`, `--watch`. */
  instead?: { flag: string; description: string; run(values: Answer): Promise<number> }
  own?: OwnOptions
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
    .configureHelp(toolHelp(tool))
  for (const field of tool.command.positional ?? []) {
    const flag = flags.find((known) => known.field === field)
    if (flag && field !== 'command') command.argument(`[${field.replaceAll('_', '-')}]`, flag.description)
  }
  for (const flag of flags) addFlag(command, flag)
  command.addOption(new Option('--json', 'print the structured answer'))
  if (options.instead) command.addOption(new Option(options.instead.flag, options.instead.description))
  for (const option of options.own?.options ?? []) command.addOption(option)
  const examples = [...tool.command.examples, ...(options.own?.examples ?? [])].map(
    (example) => `  ${localiseCommand(example, io.program)}`,
  )
  const no = tool.command.no
    ? `\nExits 1 where it is refused, and where ${tool.command.no.when.replaceAll('`', '')}.\n`
    : ''
  command.addHelpText('after', `${pairsNote(tool)}${no}\nExamples:\n${examples.join('\n')}`)
  command.action(async () => {
    const given = valuesOf(command, tool, flags)
    const { instead } = options
    if (instead && command.getOptionValue(instead.flag.replace('--', '')) === true)
      options.done(await instead.run(given))
    else {
      const json = command.getOptionValue('json') === true
      const call = (values: Answer, heard?: (answer: Answer) => void) =>
        callAndPrint(tool, tools, values, json, io, heard)
      options.done(await (options.own ? options.own.run(given, command.opts<Options>(), call) : call(given)))
    }
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
  const repeatable = flag.kind === 'list' || flag.kind === 'map' || flag.kind === 'maps'
  const description = [flagWords(flag), ...(repeatable ? ['(repeatable)'] : [])].filter(Boolean).join(' ')
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
  heard: (answer: Answer) => void = () => {},
): Promise<number> {
  const progress = progressLine(io)
  let answer: Answer
  try {
    answer = await jobToEnd(
      tool,
      () => invokeTool(tool, given, io.context(progress.show), io.program),
      tools.find(({ name }) => name === 'get_run'),
      io,
      progress.show,
    )
  } catch (thrown) {
    throw inFlags(thrown, tool, io)
  } finally {
    progress.clear()
  }
  heard(answer)
  if (json) io.out(JSON.stringify(answer, undefined, 2))
  else printAnswer(tool, tools, answer, io)
  return tool.command.no?.is(answer, given) ? EXIT.refused : EXIT.done
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
  const invalid = thrown.invalid.map(({ field, problem }) => ({
    field: typed(field),
    problem: asPairs(
      problem,
      flags.find((flag) => flag.field === field.replace(/\[\d+\]$/, '')),
    ),
  }))
  if (missing.length + invalid.length === 0) return thrown
  const name = tool.name.replaceAll('_', '-')
  const help = { person: `${io.program} ${name} --help`, why: 'what it takes, with examples' }
  // What a tool says itself stays as it said it; a summary of fields is made anew with their names here.
  const summed = thrown.message === inputSummary(tool.name, thrown.missing, thrown.invalid)
  return new Refusal('INPUT_INVALID', summed ? inputSummary(name, missing, invalid) : thrown.message, {
    missing,
    invalid,
    next: [...thrown.next, help],
  })
}

/** Nobody types an object here. */
function asPairs(problem: string, flag: Flag | undefined): string {
  const objected = 'must be an object, not string'
  if (!flag || !problem.startsWith(objected)) return problem
  const [first] = keysOf(flag)
  const example = `${flag.name} ${first ? `${first.name}=...` : 'a=1,b=2'}`
  return `must be <key=value>, such as ${example}${problem.slice(objected.length)}`
}

/** The tool's text, with what to do next as commands instead of calls. */
function printAnswer(tool: AnyTool, tools: readonly AnyTool[], answer: Answer, io: CliIo): void {
  const next: NextStep[] = []
  const text = tool.render(takeNext(answer, next)).trimEnd()
  io.out(paint(io.terminal.stdout ? forPeople(text) : text, io.colours))
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
