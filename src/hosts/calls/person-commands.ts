/** How tools and core name our program in commands for people. */
const PROGRAM = 'specweave-ml'

/** Fields that say something in words of ours; a command in them stands between backticks. */
const IN_WORDS: ReadonlySet<string> = new Set(['message', 'missing', 'warnings', 'why'])

/**
 * Commands for people, wherever they stand in an answer (`next`, checks, messages), begin as this program was started, so that
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

/** The same for a sentence. */
export function localiseWords(words: string, invocation: string): string {
  return words.replaceAll(`\`${PROGRAM} `, () => `\`${invocation} `)
}

function walk(value: unknown, invocation: string, key?: string): unknown {
  if (typeof value === 'string') {
    if (key === 'person') return localiseCommand(value, invocation)
    return key !== undefined && IN_WORDS.has(key) ? localiseWords(value, invocation) : value
  }
  if (Array.isArray(value)) return value.map((item) => walk(item, invocation, key))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, walk(member, invocation, name)]),
  )
}
