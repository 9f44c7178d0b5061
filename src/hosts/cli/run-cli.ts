import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command, CommanderError, Option } from 'commander'
import { packageRoot } from '../../adapters/package-root.ts'
import type { AnyTool } from '../../tools/tool.ts'
import { refusalOf } from '../calls/invoke-tool.ts'
import { packageManifest } from '../calls/package-manifest.ts'
import { localiseCommand } from '../calls/person-commands.ts'
import { callJson } from './call-command.ts'
import type { CliCommand } from './cli-command.ts'
import { configuredRun } from './configured-run.ts'
import { EXIT } from './exit-codes.ts'
import { homePage } from './home-page.ts'
import type { CliIo } from './io.ts'
import { printRefusal } from './print-refusal.ts'
import { type ToolCommandOptions, toolCommand } from './tool-command.ts'

export interface Cli {
  tools: readonly AnyTool[]
  commands: readonly CliCommand[]
  io: CliIo
}

/** Carries out one command line. Whatever goes wrong is told in words on stderr. @returns the exit code */
export async function runCli(argv: readonly string[], cli: Cli): Promise<number> {
  const { tools, commands, io } = cli
  const [name, ...rest] = argv
  try {
    if (name === undefined) {
      io.out(homePage(io, commandNames(cli)))
      return EXIT.done
    }
    const own = commands.find((command) => command.name === name)
    if (own && !asksForHelp(rest)) return await runOwn(own, rest, io)
    if (own) {
      io.out(helpOf(own, io))
      return EXIT.done
    }
    return await parse(argv, cli)
  } catch (thrown) {
    return printRefusal(refusalOf(thrown, name ?? 'specweave-ml', io.program), tools, io)
  }
}

/** A flag that the command does not have is a slip of the keyboard, said in a line. */
async function runOwn(command: CliCommand, argv: string[], io: CliIo): Promise<number> {
  try {
    return await command.run(argv, io)
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code ?? ''
    if (!(thrown instanceof TypeError) || !code.startsWith('ERR_PARSE_ARGS')) throw thrown
    io.err(
      `error: ${thrown.message.split('. ')[0]}. ${io.program} ${command.name} --help lists what there is.`,
    )
    return EXIT.usage
  }
}

async function parse(argv: readonly string[], cli: Cli): Promise<number> {
  let code: number = EXIT.done
  const program = programOf(argv[0] ?? '', cli, (result) => {
    code = result
  })
  try {
    await program.parseAsync([...argv], { from: 'user' })
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown
    return thrown.exitCode === 0 ? EXIT.done : EXIT.usage
  }
  return code
}

/** Longer lines are hard to read. */
const WIDEST_HELP = 110

/** Every command for the help page; only the wanted one with its flags, since a schema costs time. */
function programOf(wanted: string, { tools, commands, io }: Cli, done: (code: number) => void): Command {
  const output = {
    writeOut: (text: string) => io.out(text.trimEnd()),
    writeErr: (text: string) => io.err(text.trimEnd()),
    getOutHelpWidth: () => Math.min(io.columns, WIDEST_HELP),
  }
  const program = new Command(io.program)
    .description(`${packageManifest().description}`)
    .version(packageManifest().version, '-V, --version')
    .usage('[--workspace DIR] <command> [options]')
    .configureHelp({ subcommandTerm: (command) => command.name(), showGlobalOptions: false })
    .addOption(
      new Option(
        '--workspace <dir>',
        'the folder that holds .specweave/ (or SPECWEAVE_WORKSPACE); else found upward',
      ),
    )
    .enablePositionalOptions()
    .helpCommand(false)
  const add = (command: Command, group: string) => program.addCommand(command.helpGroup(group))
  const addTool = (tool: AnyTool, name: string, group: string, options: Partial<ToolCommandOptions> = {}) => {
    const command =
      name === wanted
        ? toolCommand(tool, tools, io, { name, done, ...options })
        : new Command(name).summary(tool.title)
    add(command, group)
  }
  for (const tool of tools)
    addTool(tool, tool.name.replaceAll('_', '-'), 'Tools:', {
      instead: watching(tool, io),
      ...(tool.name === 'run_experiment' ? { own: configuredRun(tool, tools, io) } : {}),
    })
  const runExperiment = tools.find(({ name }) => name === 'run_experiment')
  if (runExperiment)
    addTool(runExperiment, 'run', 'Short forms:', { own: configuredRun(runExperiment, tools, io) })
  add(callCommand(tools, io, done), 'For scripts and assistants:')
  add(
    new Command('serve').summary('MCP over stdio: serve [--read-only] [--no-prompts]'),
    'For scripts and assistants:',
  )
  add(guideCommand(io), 'For people:')
  for (const command of commands) add(new Command(command.name).summary(command.summary), 'For people:')
  for (const command of [program, ...program.commands])
    command
      .configureOutput(output)
      .exitOverride()
      .showHelpAfterError(
        `(${io.program} ${command === program ? '' : `${command.name()} `}--help tells more)`,
      )
  return program
}

/** Ways to look at runs that only people have. */
function watching(tool: AnyTool, io: CliIo): ToolCommandOptions['instead'] {
  if (tool.name === 'get_run')
    return {
      flag: '--follow',
      description:
        'state, log, curves and numbers as they come, to the end; exit code 0 where the run succeeds',
      run: async (values) => (await import('./follow-run.ts')).followRun(tool, values, io),
    }
  if (tool.name === 'list_runs')
    return {
      flag: '--watch',
      description: 'the list as it changes',
      run: async (values) => (await import('./watch-runs.ts')).watchRuns(tool, values, io),
    }
  return undefined
}

function guideCommand(io: CliIo): Command {
  return new Command('guide')
    .summary('the smallest script that hands in evidence')
    .description('Prints the guide for training scripts, as specweave://guide/script shows it to assistants.')
    .action(() => {
      const path = join(packageRoot(), 'skills/ml-pipeline-orchestrator/references/script.md')
      io.out(readFileSync(path, 'utf8').trimEnd())
    })
}

function callCommand(tools: readonly AnyTool[], io: CliIo, done: (code: number) => void): Command {
  return new Command('call')
    .summary("JSON in, JSON out: call <tool> '<json>'")
    .description(
      'Calls a tool with JSON arguments and prints its structured answer, or the refusal with exit code 1.',
    )
    .argument('<tool>', 'such as get_increment')
    .argument('[json]', 'the arguments; - reads them from stdin', '{}')
    .action(async (tool: string, json: string) => done(await callJson(tools, tool, json, io)))
}

function commandNames({ tools, commands }: Cli): string[] {
  return [...tools.map(({ name }) => name.replaceAll('_', '-')), ...commands.map(({ name }) => name)]
}

function asksForHelp(argv: readonly string[]): boolean {
  const own = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv
  return own.includes('--help') || own.includes('-h')
}

function helpOf(command: CliCommand, io: CliIo): string {
  const shown = command.examples.map((example) => `  ${localiseCommand(example, io.program)}`)
  const flags = command.flags?.length ? ['', 'Options:', ...command.flags.map((flag) => `  ${flag}`)] : []
  const no = command.no
    ? ['', `Exits 1 where it is refused, and where ${command.no.replaceAll('`', '')}.`]
    : []
  return [
    `${io.program} ${command.name}: ${command.summary}`,
    ...flags,
    ...no,
    '',
    'Examples:',
    ...shown,
  ].join('\n')
}
