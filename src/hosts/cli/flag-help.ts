import { Help } from 'commander'
import type { AnyTool } from '../../tools/tool.ts'
import { type Flag, flagsOf, keysOf, placeholder } from './flags.ts'

/** Terms that are longer have their words on the next line. */
const WIDEST_TERM = 28
const KEY_INDENT = 6

/** One key of an object flag, for people. */
export interface KeyHelp {
  /** Absent where it stands for several. */
  key?: Flag
  /** `validation=<n>` */
  term: string
  /** What it means, whether it must be given, and what holds where it is not. */
  words: string
}

/**
 * The keys of an object flag. Those that take what a flag of the same command takes are named together, so that the
 * page stays one that can be read.
 */
export function keyHelp(flag: Flag, tool: AnyTool): KeyHelp[] {
  const flags = flagsOf(tool)
  const keys = keysOf(flag)
  const isFlag = (key: Flag) =>
    flags.some(
      ({ field, schema }) => field === key.field && JSON.stringify(schema) === JSON.stringify(key.schema),
    )
  const same = keys.filter(isFlag)
  const own = keys
    .filter((key) => !isFlag(key))
    .map((key) => ({ key, term: `${key.name}=${keyPlaceholder(key)}`, words: flagWords(key) }))
  if (same.length === 0) return own
  const named = same.map(({ name, required }) => (required ? `${name} (required)` : name)).join(', ')
  return [...own, { term: 'as the flags:', words: named }]
}

/** Its description, with what else has to be known to type it. */
export function flagWords(flag: Flag): string {
  const words = [flag.description]
  if (flag.required) words.push('(required)')
  if (flag.schema.default !== undefined) words.push(`(default: ${JSON.stringify(flag.schema.default)})`)
  return words.filter(Boolean).join(' ')
}

function keyPlaceholder(key: Flag): string {
  return key.kind === 'map' || key.kind === 'maps' ? '<json>' : placeholder(key) || '<true|false>'
}

/** How `--help` of a tool is set: the keys of an object flag below it, and no column as wide as the widest term. */
export function toolHelp(tool: AnyTool): Partial<Help> {
  const keys = new Map<string, KeyHelp[]>(
    flagsOf(tool).map((flag) => [`${flag.name} ${placeholder(flag)}`, keyHelp(flag, tool)] as const),
  )
  return {
    padWidth: (command, helper) => Math.min(WIDEST_TERM, new Help().padWidth(command, helper)),
    formatItem(term, width, description, helper) {
      const below = (keys.get(term) ?? []).map((key) =>
        setItem(KEY_INDENT, key.term, width + 2 - KEY_INDENT, key.words, helper),
      )
      return [setItem(2, term, width, description, helper), ...below].join('\n')
    },
  }
}

function setItem(indent: number, term: string, width: number, words: string, helper: Help): string {
  const start = ' '.repeat(indent) + term
  if (words === '') return start
  const margin = ' '.repeat(indent + width + 2)
  const wrapped = helper.boxWrap(words, (helper.helpWidth ?? 80) - margin.length).split('\n')
  return term.length > width
    ? [start, ...wrapped.map((line) => margin + line)].join('\n')
    : start.padEnd(margin.length) + wrapped.join(`\n${margin}`)
}

/** How pairs are typed, for a command that takes any. */
export function pairsNote(tool: AnyTool): string {
  const flag =
    flagsOf(tool).find(({ kind }) => kind === 'map') ?? flagsOf(tool).find(({ kind }) => kind === 'maps')
  if (!flag) return ''
  return [
    '',
    '<key=value>: several are parted by commas, or the flag is repeated (a=1,b=2). A comma that no key= follows belongs to',
    'the value; one that holds more stands in double quotes (\'note="a,b=2"\'), or the whole is JSON (\'{"note": "a,b=2"}\').',
    '',
  ].join('\n')
}
