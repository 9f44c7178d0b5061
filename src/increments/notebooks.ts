import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../adapters/package-root.ts'
import { fill, type Slots } from './template.ts'

interface Notebook {
  cells: { source: string[] }[]
}

/** The notebooks of a new increment, by their paths from its folder: no output, and nothing but train is looked at. */
export function renderNotebooks(slots: Slots): Record<string, string> {
  const folder = join(packageRoot(), 'templates', 'notebooks')
  return Object.fromEntries(
    readdirSync(folder)
      .filter((name) => name.endsWith('.ipynb'))
      .sort()
      .map((name) => {
        const book = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Notebook
        // Line by line: what a slot holds is text of a cell, and no JSON.
        for (const cell of book.cells) cell.source = cell.source.map((line) => fill(line, slots))
        return [`notebooks/${name}`, `${JSON.stringify(book, null, 1)}\n`]
      }),
  )
}
