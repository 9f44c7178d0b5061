import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { readText } from '../adapters/files.ts'
import { padNumber } from '../core/ids.ts'
import { readBlock } from '../core/managed-blocks.ts'

/** The block by which an increment's decision record is found again, whatever people renamed the file to. */
export function decisionBlock(increment: string): string {
  return `adr-algorithm-${increment}`
}

const NUMBERED = /^(?:adr-)?(\d{3,})[-_. ].*\.md$/i
const OURS = /<!--\s*specweave:(?:begin|end)\s+adr-algorithm-/

/** The decision records of `architecture/adr/` as they stand, and the numbers that are taken. */
export class DecisionFiles {
  readonly folder: string
  private readonly texts: Map<string, string>
  private highest: number

  constructor(folder: string) {
    this.folder = folder
    const names = listMarkdown(folder)
    this.texts = new Map(names.map((name) => [name, readText(join(folder, name)) ?? '']))
    this.highest = Math.max(0, ...names.map((name) => Number(NUMBERED.exec(name)?.[1] ?? 0)))
  }

  /**
   * The increment's file: the one with its block; else one of its usual name whose block a person deleted; else a new
   * one, numbered after the highest.
   */
  fileFor(increment: string, slug: string): { name: string; number: number; isNew: boolean } {
    const name = this.existing(increment, slug)
    if (name) return { name, number: Number(NUMBERED.exec(name)?.[1] ?? 0), isNew: false }
    this.highest += 1
    const fresh = `${padNumber(this.highest, 4)}-${slug}-algorithm.md`
    return { name: fresh, number: this.highest, isNew: true }
  }

  existing(increment: string, slug: string): string | undefined {
    const marked = [...this.texts].find(([, text]) => readBlock(text, decisionBlock(increment)))
    if (marked) return marked[0]
    const usual = new RegExp(`^\\d+-${slug}-algorithm\\.md$`)
    return [...this.texts].find(([name, text]) => usual.test(name) && !OURS.test(text))?.[0]
  }
}

function listMarkdown(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.md'))
      .sort()
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw cause
  }
}
