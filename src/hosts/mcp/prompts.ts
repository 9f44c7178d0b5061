import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { packageRoot } from '../../adapters/package-root.ts'

export interface PromptArgument {
  name: string
  description: string
  required?: boolean
}

/** A file of prompts/ that begins with front matter holding `description`; its name is the prompt's. */
export interface PromptFile {
  name: string
  title: string
  description: string
  arguments: PromptArgument[]
  body: string
}

let loaded: PromptFile[] | undefined

export function promptFiles(folder = join(packageRoot(), 'prompts')): PromptFile[] {
  loaded ??= readdirSync(folder)
    .sort()
    .flatMap((file) => {
      const [, front, body] = /^---\n(.*?)\n---\n(.*)$/s.exec(readFileSync(join(folder, file), 'utf8')) ?? []
      if (front === undefined || body === undefined) return []
      const { title, description, arguments: given } = parse(front) as Partial<PromptFile>
      const name = file.replace(/\.md$/, '')
      return [
        {
          name,
          title: title ?? name,
          description: description ?? '',
          arguments: given ?? [],
          body: body.trim(),
        },
      ]
    })
  return loaded
}

/** `{{increment}}` becomes the argument's value; `{{increment|the active increment}}` names what stands for none. */
export function fillPrompt(body: string, values: Readonly<Record<string, string>>): string {
  return body.replace(/\{\{(\w+)(?:\|([^}]*))?\}\}/g, (_all, name: string, otherwise = '') =>
    values[name]?.trim() ? values[name].trim() : otherwise,
  )
}
