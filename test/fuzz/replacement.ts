import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { nastyJson } from './nasty.ts'

/** What stands in a file's place. */
export type Replacement =
  | { kind: 'json'; text: string }
  | { kind: 'bytes'; bytes: Uint8Array }
  | { kind: 'link'; to: string }
  | { kind: 'folder' | 'fifo' | 'missing' }

/** Another thing in the place of a JSON file: any JSON, the right one with one member changed, bytes, no file at all. */
export function replacementOf(right: object): fc.Arbitrary<Replacement> {
  return fc.oneof(
    { weight: 8, arbitrary: oneChanged(right).map((value) => json(value)) },
    { weight: 3, arbitrary: nastyJson.map((value) => json(value)) },
    {
      weight: 1,
      arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => ({ kind: 'bytes' as const, bytes })),
    },
    {
      weight: 1,
      arbitrary: fc
        .nat({ max: 200 })
        .map((n) => ({ kind: 'json' as const, text: JSON.stringify(right).slice(0, n) })),
    },
    {
      weight: 2,
      arbitrary: fc.constantFrom<Replacement>(
        { kind: 'folder' },
        { kind: 'fifo' },
        { kind: 'missing' },
        { kind: 'link', to: '/dev/zero' },
        { kind: 'link', to: '/dev/stdin' },
        { kind: 'link', to: 'BESIDE/secret.txt' },
        { kind: 'link', to: 'BESIDE/nowhere' },
        { kind: 'link', to: '.' },
      ),
    },
  )
}

function json(value: unknown): Replacement {
  return { kind: 'json', text: JSON.stringify(value) ?? '' }
}

/** One member of it, at any depth, is another value, or is gone. */
function oneChanged(right: object): fc.Arbitrary<unknown> {
  const paths = [...pathsIn(right), ['added']]
  return fc
    .tuple(
      fc.constantFrom(...paths),
      fc.oneof({ weight: 5, arbitrary: nastyJson }, { weight: 1, arbitrary: fc.constant(undefined) }),
    )
    .map(([path, value]) => {
      const copy = structuredClone(right)
      let node = copy as Record<string, unknown>
      for (const key of path.slice(0, -1)) node = node[key] as Record<string, unknown>
      node[path.at(-1)!] = value
      return copy
    })
}

function pathsIn(value: object, above: string[] = []): string[][] {
  return Object.entries(value).flatMap(([key, member]) => {
    const path = [...above, key]
    return member !== null && typeof member === 'object' ? [path, ...pathsIn(member, path)] : [path]
  })
}

export function put(file: string, replacement: Replacement, beside: string): void {
  rmSync(file, { recursive: true, force: true })
  mkdirSync(dirname(file), { recursive: true })
  if (replacement.kind === 'json') writeFileSync(file, replacement.text)
  else if (replacement.kind === 'bytes') writeFileSync(file, replacement.bytes)
  else if (replacement.kind === 'folder') mkdirSync(join(file, 'inside'), { recursive: true })
  else if (replacement.kind === 'fifo') execFileSync('mkfifo', [file])
  else if (replacement.kind === 'link') symlinkSync(replacement.to.replace('BESIDE', beside), file)
}
