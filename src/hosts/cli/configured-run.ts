import { Option } from 'commander'
import type { AnyTool } from '../../tools/tool.ts'
import type { Answer } from '../calls/invoke-tool.ts'
import { EXIT } from './exit-codes.ts'
import type { CliIo } from './io.ts'
import type { OwnOptions } from './tool-command.ts'

/** `run --config FILE`, and `--debug` or ML_DEBUG=1: what is resolved, and the run's log to its end. */
export function configuredRun(tool: AnyTool, tools: readonly AnyTool[], io: CliIo): OwnOptions {
  return {
    options: [
      new Option(
        '--config <file>',
        'a YAML file of these keys, such as experiment-config.yaml; what is typed goes before it',
      ),
      new Option(
        '--debug',
        "what is resolved, and the run's log to its end; exit code 0 where it succeeds (or ML_DEBUG=1)",
      ),
    ],
    examples: ['specweave-ml run --config experiment-config.yaml --params learning_rate=0.05 --debug'],
    async run(typed, { config, debug, json }, call) {
      const { overFile, readConfigFile } = await import('./config-file.ts')
      const file = typeof config === 'string' ? readConfigFile(config, tool) : {}
      const given = overFile(file, typed)
      if (debug !== true && !isOn(process.env.ML_DEBUG)) return call(given)
      const { describeRun, followAll } = await import('./debug-run.ts')
      const began = performance.now()
      await describeRun({ config: config as string | undefined, file, typed, given }, io)
      let answer: Answer = {}
      // Followed from its first line, unless the answer is to be whole.
      const { wait_s: _, ...atOnce } = given
      await call(json === true ? given : atOnce, (heard) => {
        answer = heard
      })
      const getRun = tools.find(({ name }) => name === 'get_run')
      // JSON alone on stdout, where a program reads it.
      const shown = json === true ? { ...io, out: io.err } : io
      return getRun ? followAll(getRun, answer, began, shown) : EXIT.done
    },
  }
}

function isOn(value: string | undefined): boolean {
  return value !== undefined && !['', '0', 'false', 'no', 'off'].includes(value.trim().toLowerCase())
}
