import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** What Python would import: an extension or byte code beside a source takes its place. */
const IMPORTABLE = /\.(?:py|pyc|so)$/
const INITIALISER = /^__init__\./
/** Of a checkout; nothing that measures imports them. */
const LEFT_OUT: ReadonlySet<string> = new Set(['__pycache__', 'tests'])

/** A file of the lab's code: its path below the package's folder with `/`, and what tells without reading that it is the same. */
export interface CodeFile {
  path: string
  signature: string
}

/**
 * The lab's Python code as it lies in a folder: all of `specweave_lab`, and whatever stands beside it that Python would
 * import in the place of a library. In the order of the paths' bytes.
 */
export function codeFiles(folder: string): CodeFile[] {
  const found: CodeFile[] = []
  const walk = (below: string): void => {
    for (const name of readdirSync(join(folder, below))) {
      if (LEFT_OUT.has(name) || name.startsWith('.')) continue
      const path = below ? `${below}/${name}` : name
      // Links are followed, as Python does.
      const stat = statSync(join(folder, path), { throwIfNoEntry: false, bigint: true })
      if (stat?.isDirectory()) {
        if (below || isPackage(join(folder, path))) walk(path)
      } else if (stat?.isFile() && IMPORTABLE.test(name))
        found.push({ path, signature: [stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join() })
    }
  }
  walk('')
  return found.sort((a, b) => (a.path < b.path ? -1 : 1))
}

function isPackage(folder: string): boolean {
  return readdirSync(folder).some((name) => INITIALISER.test(name) && IMPORTABLE.test(name))
}

/** One SHA-256 of paths and contents. `code_identity.py` of the lab computes the same. */
export function codeSha256(folder: string, files: readonly CodeFile[] = codeFiles(folder)): string {
  const hash = createHash('sha256')
  for (const { path } of files) {
    const bytes = readFileSync(join(folder, path))
    hash.update(`${path}\0${bytes.length}\0`).update(bytes)
  }
  return hash.digest('hex')
}
