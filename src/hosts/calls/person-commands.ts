/** How tools and core name our program in commands for people. */
const PROGRAM = 'specweave-ml'

/**
 * Commands for people, wherever they stand in an answer (`next`, checks), begin as this program was started, so that
 * they work as pasted. The value is not changed in place.
 */
export function localiseCommands<T>(value: T, invocation: string): T {
  return invocation === PROGRAM ? value : (walk(value, invocation) as T)
}

export function localiseCommand(command: string, invocation: string): string {
  return command === PROGRAM || command.startsWith(`${PROGRAM} `)
    ? invocation + command.slice(PROGRAM.length)
    : command
}

function walk(value: unknown, invocation: string): unknown {
  if (Array.isArray(value)) return value.map((item) => walk(item, invocation))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      key === 'person' && typeof member === 'string'
        ? localiseCommand(member, invocation)
        : walk(member, invocation),
    ]),
  )
}
