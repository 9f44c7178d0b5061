import { createHash, createPublicKey } from 'node:crypto'
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { asRefusal, readText, writeFileAtomic } from '../adapters/files.ts'
import { privateFolder, stateFolder } from '../adapters/state-folder.ts'
import { canonicalJson } from '../core/canonical-json.ts'
import { Refusal } from '../core/errors.ts'
import type { Workspace } from '../store/workspace.ts'
import { type ChainLine, parseChain } from './ledger-chain.ts'
import type { OwnKey } from './ledger-keys.ts'
import { publicKeyFile } from './ledger-keys.ts'
import { type LedgerEvent, type LedgerRecord, nextRecord } from './ledger-line.ts'

/** This machine's own copy of a chain that it writes: by it a shortened or altered file is seen and mended. */
export function copyFile(key: string): string {
  return join(stateFolder(), 'heads', `${key}.jsonl`)
}

export function chainFile(workspace: Workspace, key: string): string {
  return join(workspace.layout.ledger, `${key}.jsonl`)
}

/** The lines of the copy. Their signatures are not checked: who can write there holds the private key as well. */
export function readCopy(key: string): { text: string; lines: ChainLine[] } {
  const text = readText(copyFile(key)) ?? ''
  const rows = text.split('\n').filter((row) => row !== '')
  const chain = parseChain(text, undefined, new Set(rows))
  return { text, lines: chain.lines.slice(0, chain.sound) }
}

/**
 * Writes this clone's chain. To be used under the ledger's lock alone.
 *
 * A line goes to the workspace's file first and to the copy second, each in one flushed write: a crash between the two
 * leaves the copy one behind, which is no sign of tampering; the copy is never ahead. Where the file has lost or
 * changed lines that the copy has (an edit, a `git checkout` of another branch), it is written again from the copy, what
 * stood there is set aside, and the chain says so in a line of its own.
 */
export class OwnChain {
  readonly #workspace: Workspace
  readonly #key: OwnKey
  #lines: ChainLine[]

  constructor(workspace: Workspace, key: OwnKey) {
    this.#workspace = workspace
    this.#key = key
    privateFolder('heads')
    const pub = publicKeyFile(workspace, key.id)
    if (readText(pub) !== key.publicPem) writeFileAtomic(pub, key.publicPem)
    this.#lines = []
    this.#settle()
  }

  append(event: LedgerEvent, data: Record<string, unknown>): LedgerRecord {
    const before = this.#lines.at(-1)?.record
    const record = nextRecord(before, event, data, new Date().toISOString(), this.#key.privateKey)
    const text = canonicalJson(record)
    appendLine(chainFile(this.#workspace, this.#key.id), text, 0o666)
    appendLine(copyFile(this.#key.id), text, 0o600)
    this.#lines.push({ record, text, verified: true })
    return record
  }

  /** Brings file and copy to the same sound lines, before anything is added. */
  #settle(): void {
    const [path, copyPath] = [chainFile(this.#workspace, this.#key.id), copyFile(this.#key.id)]
    const copy = readCopy(this.#key.id)
    const text = readText(path) ?? ''
    const file = parseChain(
      text,
      createPublicKey(this.#key.publicPem),
      new Set(copy.lines.map((l) => l.text)),
    )
    const sound = file.lines.slice(0, file.sound)
    const missing = copy.lines.filter((line, index) => sound[index]?.record.hash !== line.record.hash)
    if (copy.lines.length === 0 && file.problems.length > 0) throw broken(path, file.problems[0])
    this.#lines = missing.length === 0 ? sound : copy.lines
    const right = this.#lines.map((line) => `${line.text}\n`).join('')
    if (copy.text !== right) writeFileAtomic(copyPath, right, { mode: 0o600, sync: true })
    if (text === right) return
    const damaged = missing.length > 0 || file.problems.length > 0
    const aside = damaged && text !== '' ? setAside(this.#key.id, text) : null
    writeFileAtomic(path, right, { sync: true })
    if (damaged)
      this.append('ledger.restored', {
        missing: missing.map((line) => line.record.seq),
        problems: file.problems.map(({ line, what }) => `line ${line} ${what}`),
        set_aside_sha256: aside,
      })
  }
}

function appendLine(path: string, text: string, mode: number): void {
  try {
    const fd = openSync(path, 'a', mode)
    try {
      writeSync(fd, `${text}\n`)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
  } catch (cause) {
    throw asRefusal(cause, path)
  }
}

function setAside(key: string, text: string): string {
  const sha256 = createHash('sha256').update(text).digest('hex')
  writeFileAtomic(join(stateFolder(), 'heads', `${key}.${sha256.slice(0, 12)}.aside`), text, { mode: 0o600 })
  return sha256
}

function broken(path: string, problem: { line: number; what: string } | undefined): Refusal {
  return new Refusal(
    'LEDGER_BROKEN',
    `${path}:${problem?.line ?? 1} ${problem?.what ?? ''}, and this machine has no copy of the chain to mend it from. Nothing was added.`,
    { next: [{ person: `git checkout -- '${path}'`, why: 'brings back the chain as it was committed' }] },
  )
}
