import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../adapters/package-root.ts'
import { Refusal } from '../../core/errors.ts'
import { nearest } from '../../core/ids.ts'
import { textForAnyClient } from './any-client.ts'
import { type PackagedText, referenceNames, skillNames, splitFront } from './packaged-texts.ts'

/**
 * A skill, or a text that it refers to, in words that hold in any client.
 * @throws Refusal RESOURCE_UNKNOWN, with the nearest names
 */
export function readSkill(skill: string, reference?: string): PackagedText {
  requireOneOf(skillNames(), skill, 'skill')
  if (reference !== undefined) requireOneOf(referenceNames(skill), reference, `text of the skill ${skill}`)
  const file = `skills/${skill}/${reference === undefined ? 'SKILL' : `references/${reference}`}.md`
  const { front, body } = splitFront(readFileSync(join(packageRoot(), file), 'utf8'))
  return { front, body: textForAnyClient(body, file) }
}

/** What a text calls itself: its first heading. */
export function headingOf({ body }: PackagedText): string {
  return /^# (.+)$/m.exec(body)?.[1] ?? ''
}

function requireOneOf(known: readonly string[], name: string, what: string): void {
  if (known.includes(name)) return
  const close = nearest(name, known)
  const hint = close.length > 0 ? `Did you mean ${close.join(', ')}?` : `There is ${known.join(', ')}.`
  throw new Refusal('RESOURCE_UNKNOWN', `There is no ${what} called "${name.slice(0, 60)}". ${hint}`)
}
