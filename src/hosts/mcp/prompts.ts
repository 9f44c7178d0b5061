import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { packageRoot } from '../../adapters/package-root.ts'
import { textForAnyClient } from './any-client.ts'
import { commandFiles, promptName, splitFront } from './packaged-texts.ts'
import { skillPrompts } from './skill-list.ts'

export interface PromptArgument {
  name: string
  description: string
  required: boolean
}

/** A slash command of commands/, or a skill, for clients that have none. */
export interface PromptFile {
  name: string
  title: string
  description: string
  arguments: PromptArgument[]
  body: string
}

/** What the words of an `argument-hint` stand for. */
const ARGUMENTS: Readonly<Record<string, string>> = {
  feature: 'What to build, such as "build a churn model", or number and slug, such as 0042-churn-model',
  increment: 'Its number, such as 0042; the active one where none is named',
  mode: 'update (default), or check, which changes nothing',
  run: 'A run, such as 0042/exp-003-xgboost',
  split: 'train, validation (default), test, folds or cost',
  title: 'Title of the issue',
}

let loaded: PromptFile[] | undefined

/** Every prompt: commands, then skills. */
export function promptFiles(): PromptFile[] {
  loaded ??= [...commandFiles().map(readCommand), ...skillPrompts()]
  return loaded
}

function readCommand(file: string): PromptFile {
  const { front, body } = splitFront(readFileSync(join(packageRoot(), 'commands', file), 'utf8'))
  const { description, 'argument-hint': hint = '' } = parse(front) as Record<string, string>
  return {
    name: promptName(file),
    title: promptName(file),
    description: description ?? '',
    arguments: [...hint.matchAll(/<(\w+)>|\[(\w+)\]/g)].map(([, needed, optional = '']) => ({
      name: needed ?? optional,
      description: ARGUMENTS[needed ?? optional] ?? '',
      required: needed !== undefined,
    })),
    body: textForAnyClient(body, `commands/${file}`),
  }
}

/** `$ARGUMENTS`, or `increment $ARGUMENTS (where none is named, the active increment)`. */
const PLACE = /(\w+ )?\$ARGUMENTS\s+\(where\s+none\s+is\s+named,\s+([^)]*)\)|\$ARGUMENTS/g

/**
 * Claude Code puts what stands after the command in the place of `$ARGUMENTS`; here they come by name. Where nothing was given, what the
 * parentheses say stands there alone; where something was, they fall away.
 */
export function fillPrompt(prompt: PromptFile, values: Readonly<Record<string, string>>): string {
  const given = prompt.arguments.flatMap(({ name }) => {
    const value = values[name]?.trim()
    return value ? [prompt.arguments.length > 1 ? `${name} ${value}` : value] : []
  })
  return prompt.body.replace(PLACE, (_found, noun = '', otherwise = '') =>
    given.length > 0 ? `${noun}${given.join(', ')}` : otherwise,
  )
}
