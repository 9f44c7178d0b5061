import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../adapters/package-root.ts'
import type { ProblemType } from '../core/problem-types.ts'

export type Slots = Readonly<Record<string, string>>
export type DocumentName = 'spec.md' | 'plan.md' | 'tasks.md' | 'tests.md'

const SLOT = /\{\{([a-z0-9_]+)\}\}/g

/**
 * Fills `{{slot}}`s in one pass: what a value holds is never expanded again.
 * @throws Error where the template asks for a slot that is not given: a defect of ours
 */
export function fill(template: string, slots: Slots): string {
  return template.replace(SLOT, (_, name: string) => {
    const value = Object.hasOwn(slots, name) ? slots[name] : undefined
    if (value === undefined) throw new Error(`the template asks for {{${name}}}, which is not given`)
    return value
  })
}

function read(...path: string[]): string {
  return readFileSync(join(packageRoot(), 'templates', ...path), 'utf8')
}

export function documentTemplate(name: DocumentName): string {
  return read('increment', name)
}

/** The start script for a problem type, as it is copied to `scripts/train.py`. */
export function trainScript(problemType: ProblemType): string {
  return read('scripts', `train-${problemType.replace('_', '-')}.py`)
}

/** The texts of a problem type: `## name` and what follows it, up to the next such heading. */
export function typeTexts(problemType: ProblemType): Record<string, string> {
  const [, ...sections] = read('increment', `${problemType}.md`).split(/^## (?=[a-z0-9_]+$)/m)
  return Object.fromEntries(
    sections.map((section) => {
      const end = section.indexOf('\n')
      return [section.slice(0, end).trim(), section.slice(end + 1).trim()]
    }),
  )
}
