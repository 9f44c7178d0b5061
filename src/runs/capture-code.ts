import { createHash } from 'node:crypto'
import { existsSync, lstatSync, readFileSync, statSync } from 'node:fs'
import { basename, extname, join } from 'node:path'
import { createExclusive, makeFolder } from '../adapters/files.ts'
import { changedBetween, readWorkingTree } from '../adapters/git/working-tree.ts'
import { canonicalJson } from '../core/canonical-json.ts'
import { maskText } from '../core/secrets.ts'
import { environmentSecrets } from '../core/untrusted-text.ts'
import type { Layout } from '../store/layout.ts'
import type { CodeRecord } from './record.ts'

const SOURCE = new Set(
  '.py .pyi .ipynb .r .jl .scala .java .kt .c .h .cc .cpp .hpp .cu .cuh .rs .go .js .mjs .ts .tsx .sh .bash .sql .toml .cfg .ini .yaml .yml .json .txt .md .lock'.split(
    ' ',
  ),
)
const NEVER = /(?:^|\/)(?:\.env[^/]*|[^/]*\.(?:pem|key|p12|pfx|keystore)|id_(?:rsa|dsa|ecdsa|ed25519)[^/]*)$/
const LARGEST = 256 * 1024
const MOST_FILES = 2000

interface Captured {
  record: CodeRecord
  /** Whether the workspace lies in a Git repository. */
  inGit: boolean
  /** Text of `.specweave/code/<hash>`; absent where the working tree is clean. */
  text?: string
}

/**
 * The code of a run: commit, the diff of tracked files against it, and untracked source files. Without Git, a copy of
 * the scripts that the command names. Data, keys and files in which a secret is found are listed by hash alone.
 */
export async function captureCode(root: string, scripts: readonly string[]): Promise<Captured> {
  const tree = await readWorkingTree(root)
  const omitted: CodeRecord['omitted'] = []
  const allowed = (path: string): boolean => {
    const reason = reasonToOmit(root, path)
    if (reason && reason !== 'gone' && reason !== 'a record of ours')
      omitted.push({ path, sha256: hashFile(join(root, path)), reason })
    return reason === undefined || reason === 'gone'
  }
  const untracked = (tree ? tree.untracked : scripts.filter((path) => existsSync(join(root, path)))).filter(
    allowed,
  )
  const changed = (tree?.changed ?? []).filter(allowed)
  const diff = (await tree?.diff(changed)) ?? ''
  const files = Object.fromEntries(
    untracked.slice(0, MOST_FILES).map((path) => [path, readFileSync(join(root, path), 'utf8')]),
  )
  const dirty = diff !== '' || Object.keys(files).length > 0
  const text = dirty ? canonicalJson({ format: 1, diff, files }) : undefined
  const hash = text === undefined ? null : createHash('sha256').update(text).digest('hex').slice(0, 24)
  return {
    record: {
      git_sha: tree?.sha ?? null,
      branch: tree?.branch ?? null,
      dirty,
      hash,
      omitted: omitted.slice(0, 200),
    },
    inGit: tree !== undefined,
    text,
  }
}

/** Stores captured code once, under its hash. */
export function storeCode(layout: Layout, captured: Captured): void {
  if (captured.text === undefined || !captured.record.hash) return
  makeFolder(layout.code)
  createExclusive(join(layout.code, captured.record.hash), captured.text)
}

/** Whether two commits hold the same code below a folder: to commit records of ours changes none. */
export async function sameCode(folder: string, a: string | null, b: string | null): Promise<boolean> {
  if (a === b) return true
  if (!a || !b) return false
  return (await changedBetween(folder, a, b))?.every(isRecord) ?? false
}

/** All that lies under `.specweave/` but the scripts of an increment. */
function isRecord(path: string): boolean {
  return path.startsWith('.specweave/') && !/^\.specweave\/increments\/[^/]+\/scripts\//.test(path)
}

function reasonToOmit(root: string, path: string): string | undefined {
  if (isRecord(path)) return 'a record of ours'
  // A link may lead to any file of the machine.
  const stat = lstatSync(join(root, path), { throwIfNoEntry: false })
  if (!stat) return 'gone'
  if (!stat.isFile()) return 'a record of ours'
  if (NEVER.test(path)) return 'may hold a secret'
  if (
    !SOURCE.has(extname(path).toLowerCase()) &&
    basename(path) !== 'Makefile' &&
    basename(path) !== 'Dockerfile'
  )
    return 'not source text'
  if (stat.size > LARGEST) return `larger than ${LARGEST / 1024} kB`
  const text = readFileSync(join(root, path), 'utf8')
  if (text.includes('\0')) return 'not source text'
  return maskText(text, environmentSecrets()) === text ? undefined : 'a secret was found in it'
}

function hashFile(path: string): string {
  const size = statSync(path).size
  // Hashing data at every start would make each run wait for it.
  if (size > 8 * 1024 * 1024) return `size:${size}`
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}
