import { existsSync } from 'node:fs'
import { asRefusal } from '../../adapters/files.ts'
import { Refusal } from '../../core/errors.ts'
import { withShownDigits } from '../../core/shown-digits.ts'
import { showable } from '../../core/untrusted-text.ts'
import { IndexDamaged } from '../../store/index-trouble.ts'
import type { ToolContext } from '../../tools/context.ts'
import type { AnyTool } from '../../tools/tool.ts'
import { checkInput } from './check-input.ts'
import { asDefect } from './defect-log.ts'
import { localiseCommands, localiseWords } from './person-commands.ts'

export type Answer = Record<string, unknown>

/**
 * One call, the same for every host: the input checked, the tool carried out, the output checked.
 * @param invocation how this program was started, for the commands that people are told
 * @throws Refusal, and nothing else: a defect of ours is logged and becomes INTERNAL_DEFECT.
 */
export async function invokeTool(
  tool: AnyTool,
  raw: unknown,
  context: ToolContext,
  invocation: string,
): Promise<Answer> {
  try {
    const output = await handled(tool, checkInput(tool, raw), context)
    return localiseCommands(showable(withShownDigits(tool.output.parse(output))), invocation)
  } catch (thrown) {
    if (thrown instanceof Refusal && thrown.code === 'LAB_CHANGED') await noticed(context)
    throw refusalOf(thrown, tool.name, invocation)
  }
}

/** Whichever tool met code of the lab that is not the build's: the ledger holds it. */
async function noticed(context: ToolContext): Promise<void> {
  const { noticeLabCode } = await import('../../evidence/lab-tamper.ts')
  // Where the ledger cannot be written to, the refusal says what is wrong all the same.
  await context
    .workspace()
    .then((workspace) => noticeLabCode(workspace))
    .catch(() => {})
}

/** Another program may damage it again while the call is made again. */
const MOST_TRIES = 5

/** A damaged index is made anew from the files; the call that met the damage is made again where that changes nothing. */
async function handled(
  tool: AnyTool,
  input: ReturnType<typeof checkInput>,
  context: ToolContext,
): Promise<unknown> {
  const { readOnlyHint, idempotentHint } = tool.annotations
  const tries = readOnlyHint || idempotentHint ? MOST_TRIES : 1
  for (let attempt = 1; ; attempt++)
    try {
      return await tool.handle(input, context)
    } catch (cause) {
      if (!(cause instanceof IndexDamaged)) throw await movedAway(cause, context)
      if (attempt >= tries) throw damagedAgain(cause)
    }
}

function damagedAgain(cause: IndexDamaged): Refusal {
  return new Refusal(
    'INDEX_UNWRITABLE',
    `${cause.message} It is made anew from the files. Call again; what this call had done before stands. Where this comes again, another program writes to the file, or its disk is failing.`,
    { cause },
  )
}

/** A workspace may be moved or removed in the middle of a call: then what is missing is no defect. */
async function movedAway(cause: unknown, context: ToolContext): Promise<unknown> {
  const isMissing =
    (cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT' ||
    /directory does not exist/.test(String(cause))
  if (cause instanceof Refusal || !isMissing) return cause
  const place = await context.workspace().then(
    ({ layout }) => (existsSync(layout.config) ? undefined : `at ${layout.root}`),
    () => 'where it was',
  )
  if (place === undefined) return cause
  return new Refusal(
    'WORKSPACE_MISSING',
    `The workspace is no longer ${place}: it was moved or removed during the call. Call again from its new place; what was queued lies there.`,
    { cause },
  )
}

/** Whatever was thrown, as a refusal. */
export function refusalOf(thrown: unknown, where: string, invocation: string): Refusal {
  const cause = fileSystemRefusal(thrown)
  if (!(cause instanceof Refusal)) return asDefect(cause, where)
  const { code, message, missing, invalid, next } = showable(cause.toJSON())
  return new Refusal(code, localiseWords(message, invocation), {
    missing,
    invalid,
    next: localiseCommands(next, invocation),
    cause: cause.cause,
  })
}

/** A full or read-only disk is refused as such even where a tool did not think of it. */
function fileSystemRefusal(thrown: unknown): unknown {
  const path = (thrown as NodeJS.ErrnoException | undefined)?.path
  return typeof path === 'string' && !(thrown instanceof Refusal) ? asRefusal(thrown, path) : thrown
}
