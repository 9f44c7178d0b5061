import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { parseSync } from 'oxc-parser'

export interface Import {
  /** Both relative to `src/`, with forward slashes. */
  from: string
  to: string
}

const SRC = resolve(import.meta.dirname, '../../src')

export function sourceFiles(): string[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
}

/** Every import inside `src/`: static, dynamic and of types alike. */
export function importsOf(file: string): { inside: Import[]; packages: string[] } {
  const path = join(SRC, file)
  const text = readFileSync(path, 'utf8')
  const { module } = parseSync(path, text)
  const specifiers = [
    ...module.staticImports.map((one) => one.moduleRequest.value),
    ...module.staticExports.flatMap((one) =>
      one.entries.flatMap((entry) => (entry.moduleRequest ? [entry.moduleRequest.value] : [])),
    ),
    ...module.dynamicImports.map((one) =>
      text.slice(one.moduleRequest.start, one.moduleRequest.end).replace(/^['"`]|['"`]$/g, ''),
    ),
    ...[...text.matchAll(/\bimport\('([^']+)'\)\./g)].map(([, specifier]) => specifier!),
  ]
  const inside = specifiers
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => ({ from: file, to: relative(SRC, resolve(dirname(path), specifier)) }))
  return { inside, packages: specifiers.filter((specifier) => !specifier.startsWith('.')) }
}

/** `hosts/mcp`, `tools`, `runs`, ...: the module that a file belongs to, in the words of ARCHITECTURE.md. */
export function moduleOf(file: string): string {
  return file.includes('/') ? file.split('/')[0]! : 'main'
}
