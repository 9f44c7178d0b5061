import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { importsOf, moduleOf, sourceFiles } from './imports.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const files = sourceFiles()

/** The table under "Modules" of ARCHITECTURE.md: module, what it is, the modules that it may import. */
function moduleTable(): Map<string, Set<string>> {
  const text = readFileSync(resolve(ROOT, 'ARCHITECTURE.md'), 'utf8')
  const section = text.split(/^## /m).find((part) => part.startsWith('Modules')) ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('| `'))
  return new Map(
    rows.map((row) => {
      const [, name = '', , may = ''] = row.split('|').map((cell) => cell.trim())
      return [
        name.replace(/[`/]/g, ''),
        new Set([...may.matchAll(/`([a-z]+)\/?`/g)].map(([, module]) => module!)),
      ]
    }),
  )
}

describe('the architecture', () => {
  const table = moduleTable()

  test('every module of src/ stands in the table, and only those', () => {
    expect([...table.keys()].sort()).toEqual([...new Set(files.map(moduleOf))].sort())
  })

  test('imports go one way, as the table says', () => {
    const wrong = files
      .flatMap((file) => importsOf(file).inside)
      .filter(
        ({ from, to }) => moduleOf(from) !== moduleOf(to) && !table.get(moduleOf(from))?.has(moduleOf(to)),
      )
      .map(({ from, to }) => `${from} imports ${to}`)
    expect(wrong).toEqual([])
  })

  test('the table allows nothing that is not used', () => {
    const used = new Set(
      files.flatMap((file) =>
        importsOf(file).inside.map(({ from, to }) => `${moduleOf(from)} -> ${moduleOf(to)}`),
      ),
    )
    const unused = [...table]
      .flatMap(([from, may]) => [...may].map((to) => `${from} -> ${to}`))
      .filter((edge) => !used.has(edge))
    expect(unused).toEqual([])
  })

  test('the folders of tools import one way too', () => {
    const folders = new Map<string, Set<string>>()
    for (const { from, to } of files.flatMap((file) => importsOf(file).inside)) {
      const [folder, imported] = [from, to].map((path) => /^tools\/(\w+)\//.exec(path)?.[1])
      if (folder && imported && folder !== imported)
        folders.set(folder, (folders.get(folder) ?? new Set()).add(imported))
    }
    const reached = (folder: string, seen = new Set<string>()): Set<string> => {
      for (const next of folders.get(folder) ?? []) if (!seen.has(next)) reached(next, seen.add(next))
      return seen
    }
    expect(folders.size).toBeGreaterThan(5)
    expect([...folders.keys()].filter((folder) => reached(folder).has(folder))).toEqual([])
  })

  test('only hosts/mcp knows the MCP SDK', () => {
    const wrong = files.filter(
      (file) =>
        !file.startsWith('hosts/mcp/') &&
        importsOf(file).packages.some((name) => name.startsWith('@modelcontextprotocol/')),
    )
    expect(wrong).toEqual([])
  })

  test('core does no input or output', () => {
    const forbidden = /^node:(?:fs|child_process|net|http|os|process|worker_threads)/
    const wrong = files.filter(
      (file) => file.startsWith('core/') && importsOf(file).packages.some((name) => forbidden.test(name)),
    )
    expect(wrong).toEqual([])
  })

  test('a file has one subject: none is over 300 lines, none is a drawer', () => {
    const long = files.filter(
      (file) => readFileSync(resolve(ROOT, 'src', file), 'utf8').split('\n').length > 301,
    )
    const drawers = files.filter((file) =>
      /(?:^|\/)(?:utils?|helpers?|common|misc|shared)(?:\/|\.ts$)/.test(file),
    )
    expect({ long, drawers }).toEqual({ long: [], drawers: [] })
  })
})
