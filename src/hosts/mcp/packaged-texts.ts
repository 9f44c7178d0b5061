import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../adapters/package-root.ts'

/** The files of commands/, relative to it: `inc.md`, `github/create-issue.md`. */
export function commandFiles(): string[] {
  return markdownIn(join(packageRoot(), 'commands'))
}

/** The name of a command as a prompt: `github/create-issue.md` is `github-create-issue`. */
export function promptName(file: string): string {
  return file.replace(/\.md$/, '').replace(/[\\/]/g, '-')
}

export function skillNames(): string[] {
  const skills = join(packageRoot(), 'skills')
  return readdirSync(skills)
    .filter((name) => existsSync(join(skills, name, 'SKILL.md')))
    .sort()
}

/** The texts that a skill refers to, by file name without `.md`. */
export function referenceNames(skill: string): string[] {
  const folder = join(packageRoot(), 'skills', skill, 'references')
  if (!skillNames().includes(skill) || !existsSync(folder)) return []
  return markdownIn(folder).map((file) => file.replace(/\.md$/, ''))
}

/** The address of a skill, or of a text that it refers to. */
export function skillAddress(skill: string, reference?: string): string {
  return `specweave://skill/${skill}${reference === undefined ? '' : `/${reference}`}`
}

export interface PackagedText {
  /** YAML, between lines of `---`. */
  front: string
  body: string
}

export function splitFront(text: string): PackagedText {
  const [, front = '', body = text] = /^---\n(.*?)\n---\n(.*)$/s.exec(text) ?? []
  return { front, body: body.trim() }
}

function markdownIn(folder: string): string[] {
  return (readdirSync(folder, { recursive: true }) as string[]).filter((file) => file.endsWith('.md')).sort()
}
