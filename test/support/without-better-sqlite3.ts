import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const PRELOAD = `
  const { Module } = require('node:module')
  const load = Module._load
  Module._load = function (name, ...rest) {
    if (name === 'better-sqlite3') throw new Error('it was not compiled')
    return load.call(this, name, ...rest)
  }
`

/**
 * The environment of a program that finds no SQLite, as in Node 20 where better-sqlite3 could not be built.
 * @param folder in which a file is made for it
 */
export function withoutSqlite(folder: string): Record<string, string> {
  const preload = join(folder, 'without-better-sqlite3.cjs')
  writeFileSync(preload, PRELOAD)
  // The second keeps the SQLite of newer Nodes out.
  return { NODE_OPTIONS: `--require ${preload}`, SPECWEAVE_SQLITE: 'better-sqlite3' }
}
