import type { AnyTool } from '../../tools/tool.ts'
import { flagValue } from './flag-values.ts'
import { type Flag, flagsOf } from './flags.ts'
import { commandText } from './quote.ts'

/** The command that makes a tool call: the other way round of reading flags. Without the program's name. */
export function commandLine(tool: AnyTool, values: Readonly<Record<string, unknown>>): string {
  const flags = flagsOf(tool)
  const words = [tool.name.replaceAll('_', '-')]
  const positional = tool.command.positional ?? []
  // Positional arguments can only be given in order, so the first gap ends them.
  const gap = positional.findIndex((field) => !isScalar(values[field]))
  const placed = gap === -1 ? positional : positional.slice(0, gap)
  words.push(...placed.map((field) => String(values[field])))
  let rest: string[] = []
  for (const flag of flags) {
    const value = values[flag.field]
    if (value === undefined || placed.includes(flag.field)) continue
    if (flag.field === 'command' && Array.isArray(value)) rest = ['--', ...value.map(String)]
    else words.push(...flagWords(flag, value))
  }
  return commandText([...words, ...rest])
}

function flagWords(flag: Flag, value: unknown): string[] {
  if (flag.kind === 'boolean') return value === false ? [flag.name.replace('--', '--no-')] : [flag.name]
  if (flag.kind === 'list') {
    const items = Array.isArray(value) ? value : [value]
    const words = items.flatMap((item) => [flag.name, String(item)])
    return readsBack(flag, items.map(String), value) ? words : [flag.name, JSON.stringify(value)]
  }
  if (flag.kind === 'map' && value !== null && typeof value === 'object' && !Array.isArray(value)) {
    const pairs = Object.entries(value).map(
      ([key, member]) => `${key}=${isScalar(member) ? member : JSON.stringify(member)}`,
    )
    if (pairs.length > 0 && readsBack(flag, pairs, value)) return pairs.flatMap((pair) => [flag.name, pair])
  }
  return [flag.name, isScalar(value) ? String(value) : JSON.stringify(value)]
}

function readsBack(flag: Flag, typed: string[], value: unknown): boolean {
  return JSON.stringify(flagValue(flag, typed)) === JSON.stringify(value)
}

function isScalar(value: unknown): value is string | number {
  return (typeof value === 'string' && value !== '' && !value.startsWith('-')) || typeof value === 'number'
}
