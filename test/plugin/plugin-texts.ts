import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parse } from 'yaml'

export const ROOT = resolve(import.meta.dirname, '../..')

/** A text that an assistant reads: a command, a skill, a reference of a skill, an agent. */
export interface PluginText {
  /** Below the root, such as `commands/inc.md`. */
  path: string
  front: Record<string, string>
  body: string
}

export function pluginTexts(...folders: string[]): PluginText[] {
  return folders.flatMap((folder) =>
    (readdirSync(join(ROOT, folder), { recursive: true }) as string[])
      .filter((file) => file.endsWith('.md'))
      .sort()
      .map((file) => {
        const text = readFileSync(join(ROOT, folder, file), 'utf8')
        const [, front = '', body = text] = /^---\n(.*?)\n---\n(.*)$/s.exec(text) ?? []
        return { path: `${folder}/${file}`, front: (parse(front) ?? {}) as Record<string, string>, body }
      }),
  )
}
