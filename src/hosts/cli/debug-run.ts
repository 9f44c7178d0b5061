import { resolve } from 'node:path'
import { maskValues } from '../../core/secrets.ts'
import { environmentSecrets } from '../../core/untrusted-text.ts'
import type { AnyTool } from '../../tools/tool.ts'
import { type Answer, invokeTool } from '../calls/invoke-tool.ts'
import { EXIT } from './exit-codes.ts'
import { followRun } from './follow-run.ts'
import type { CliIo } from './io.ts'

export interface Resolved {
  /** As it was typed. */
  config: string | undefined
  file: Answer
  typed: Answer
  /** Both together. */
  given: Answer
}

/** Variables that change what a training script does; of the shell, their names alone are told. */
const TELLING = /^(?:ML_|MLFLOW|WANDB|PYTHON|VIRTUAL_ENV|CONDA|CUDA|NVIDIA|OMP_|MKL_|HF_|SPECWEAVE)/

/** Tells on stderr what a run will be made of. Values of variables and secrets are not among it. */
export async function describeRun({ config, file, typed, given }: Resolved, io: CliIo): Promise<void> {
  const say = (what: string, text: string) => io.err(io.colours.dim(`debug: ${what}: ${text}`))
  if (config !== undefined) say('config', `${resolve(config)} (${Object.keys(file).join(', ') || 'no keys'})`)
  say('typed', Object.keys(typed).join(', ') || 'nothing')
  const { env, ...rest } = maskValues(given, environmentSecrets()) as Answer
  say('request', JSON.stringify(rest))
  const workspace = await io.context().workspace()
  say('workspace', workspace.root)
  const { projectInterpreter } = await import('../../adapters/python/interpreter.ts')
  try {
    const { path, from } = projectInterpreter(workspace.root, workspace.config.interpreter)
    say('interpreter', `${path} (${from})`)
  } catch (cause) {
    // A command of another language needs none; a run that does is refused in words.
    say('interpreter', (cause as Error).message)
  }
  say('environment, given', Object.keys((env ?? {}) as object).join(', ') || 'nothing')
  const inherited = Object.keys(process.env).filter((name) => TELLING.test(name))
  say('environment, of this shell', inherited.sort().join(', ') || 'nothing that changes a training')
}

interface Shown {
  run: string
  command?: string[]
  duration_s?: number | null
  exit_code?: number | null
  folder?: string
}

/** Follows what was started, one run after the other. @returns 0 where all succeeded */
export async function followAll(getRun: AnyTool, answer: Answer, began: number, io: CliIo): Promise<number> {
  const say = (text: string) => io.err(io.colours.dim(`debug: ${text}`))
  const started = ((answer.runs as Shown[] | undefined) ?? [answer as unknown as Shown]).filter(
    ({ run }) => run,
  )
  say(`answered after ${seconds(performance.now() - began)}`)
  // The lab is being set up: the job that does it is what can be followed.
  const ids = started.length > 0 ? started.map(({ run }) => run) : answer.job ? [String(answer.job)] : []
  let code: number = EXIT.done
  for (const run of ids) {
    const ended = await followRun(getRun, { run }, io)
    if (ended !== EXIT.done) code = ended
    if (ended === EXIT.interrupted) break
    const view = (await invokeTool(getRun, { run }, io.context(), io.program)) as unknown as Shown
    say(
      `${run}: ${view.command ? `${JSON.stringify(view.command)}, ` : ''}exit code ${view.exit_code ?? 'none'}, ran ${view.duration_s ?? 0} s`,
    )
  }
  say(`done after ${seconds(performance.now() - began)}`)
  return code
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`
}
