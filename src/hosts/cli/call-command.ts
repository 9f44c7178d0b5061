import { Refusal } from '../../core/errors.ts'
import type { AnyTool } from '../../tools/tool.ts'
import { findTool } from '../calls/find-tool.ts'
import { invokeTool, refusalOf } from '../calls/invoke-tool.ts'
import { EXIT } from './exit-codes.ts'
import type { CliIo } from './io.ts'

/** `call <tool> '<json>'`: JSON in, JSON out, for scripts. `-` reads the arguments from stdin. */
export async function callJson(
  tools: readonly AnyTool[],
  name: string,
  text: string | undefined,
  io: CliIo,
): Promise<number> {
  try {
    const raw = readArguments(text === '-' ? await io.readStdin() : (text ?? '{}'))
    io.out(JSON.stringify(await invokeTool(findTool(tools, name), raw, io.context(), io.program)))
    return EXIT.done
  } catch (thrown) {
    const refusal = refusalOf(thrown, `call ${name}`, io.program)
    io.out(JSON.stringify(refusal))
    return refusal.code === 'INTERNAL_DEFECT' ? EXIT.defect : EXIT.refused
  }
}

function readArguments(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Refusal(
      'INPUT_INVALID',
      `The arguments are not JSON: ${cause instanceof Error ? cause.message : cause}. Quote them for the shell: '{"title": "Churn model"}'.`,
      { invalid: [{ field: 'arguments', problem: 'not JSON' }] },
    )
  }
}
