import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { packageRoot } from '../../adapters/package-root.ts'

export interface PromptArgument {
  name: string
  description: string
  required: boolean
}

/** A slash command of commands/, for clients that have none: `github/create-issue.md` is `github-create-issue`. */
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

export function promptFiles(folder = join(packageRoot(), 'commands')): PromptFile[] {
  loaded ??= (readdirSync(folder, { recursive: true }) as string[])
    .filter((file) => file.endsWith('.md'))
    .sort()
    .map((file) => readCommand(file, readFileSync(join(folder, file), 'utf8')))
  return loaded
}

function readCommand(file: string, text: string): PromptFile {
  const [, front = '', body = ''] = /^---\n(.*?)\n---\n(.*)$/s.exec(text) ?? []
  const { description, 'argument-hint': hint = '' } = parse(front) as Record<string, string>
  const name = file.replace(/\.md$/, '').replace(/[\\/]/g, '-')
  return {
    name,
    title: name,
    description: description ?? '',
    arguments: [...hint.matchAll(/<(\w+)>|\[(\w+)\]/g)].map(([, needed, optional = '']) => ({
      name: needed ?? optional,
      description: ARGUMENTS[needed ?? optional] ?? '',
      required: needed !== undefined,
    })),
    body: body.trim(),
  }
}

/** Claude Code puts what stands after the command in the place of `$ARGUMENTS`; here they come by name. */
export function fillPrompt(prompt: PromptFile, values: Readonly<Record<string, string>>): string {
  const given = prompt.arguments.map(({ name }) => values[name]?.trim() ?? '').filter((value) => value !== '')
  return prompt.body.replaceAll('$ARGUMENTS', () => given.join(' ') || '(none named)')
}
