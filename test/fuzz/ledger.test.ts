import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { appendEvent, readLedger } from '../../src/evidence/ledger.ts'
import type { LedgerRecord } from '../../src/evidence/ledger-line.ts'
import { LabWorkspace } from '../support/lab-workspace.ts'
import { holds, PROPERTY_MS } from './cases.ts'
import { nastyJson } from './nasty.ts'

let lab: LabWorkspace
let file: string
let text: string
let records: LedgerRecord[]

beforeAll(async () => {
  lab = new LabWorkspace()
  for (let n = 1; n <= 5; n++)
    await appendEvent(lab.workspace, n % 2 ? 'look.taken' : 'gate.decided', {
      increment: '0001',
      n,
      verdict: 'fail',
    })
  const folder = lab.workspace.layout.ledger
  file = join(folder, readdirSync(folder).find((name) => name.endsWith('.jsonl'))!)
  text = readFileSync(file, 'utf8')
  records = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  cpSync(join(lab.state, 'heads'), join(lab.root, 'heads.kept'), { recursive: true })
  cpSync(join(lab.state, 'keys'), join(lab.root, 'keys.kept'), { recursive: true })
})
afterAll(() => lab.dispose())

type Edit =
  | { how: 'bit'; at: number; bit: number }
  | { how: 'cut'; at: number }
  | { how: 'swap' | 'twice' | 'remove'; line: number }
  | { how: 'member'; line: number; name: string; value: unknown }
  | { how: 'insert'; line: number; text: string }

const line = fc.nat({ max: 4 })
const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ how: fc.constant('bit' as const), at: fc.nat(), bit: fc.nat({ max: 7 }) }),
  fc.record({ how: fc.constant('cut' as const), at: fc.nat() }),
  fc.record({ how: fc.constantFrom('swap' as const, 'twice' as const, 'remove' as const), line }),
  fc.record({
    how: fc.constant('member' as const),
    line,
    name: fc.constantFrom('seq', 'at', 'event', 'data', 'prev', 'hash', 'sig', 'more', '__proto__'),
    value: nastyJson,
  }),
  fc.record({
    how: fc.constant('insert' as const),
    line,
    text: fc.oneof(
      nastyJson.map((value) => JSON.stringify(value)),
      fc.string(),
      fc.constant('{"seq":1'),
    ),
  }),
)

function apply(before: string, change: Edit): Buffer {
  const lines = before.split('\n')
  switch (change.how) {
    case 'bit': {
      const bytes = Buffer.from(before)
      bytes[change.at % bytes.length]! ^= 1 << change.bit
      return bytes
    }
    case 'cut':
      return Buffer.from(before).subarray(0, change.at % (before.length + 1))
    case 'swap':
      lines.splice(change.line, 2, lines[change.line + 1] ?? '', lines[change.line] ?? '')
      break
    case 'twice':
      lines.splice(change.line, 0, lines[change.line] ?? '')
      break
    case 'remove':
      lines.splice(change.line, 1)
      break
    case 'insert':
      lines.splice(change.line, 0, change.text)
      break
    case 'member': {
      const right = records[change.line]!
      const members = Object.entries(right).filter(([name]) => name !== change.name)
      lines[change.line] = JSON.stringify(Object.fromEntries([...members, [change.name, change.value]]))
    }
  }
  return Buffer.from(lines.join('\n'))
}

function editedBy(edits: readonly Edit[]): Buffer {
  return edits.reduce<Buffer>((now, change) => apply(now.toString('utf8'), change), Buffer.from(text))
}

/** What is counted as verified was written so, word for word. */
function expectOnlyGenuine(): ReturnType<typeof readLedger> {
  const ledger = readLedger(lab.workspace)
  for (const { key: _key, verified, ...record } of ledger.lines)
    if (verified) expect(records).toContainEqual(record)
  return ledger
}

describe('a ledger that was edited', () => {
  it(
    'says so on the machine that wrote it, and counts no edited line',
    async () => {
      await holds(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
        const bytes = editedBy(edits)
        writeFileSync(file, bytes)
        const ledger = expectOnlyGenuine()
        const same = (now: string) =>
          now
            .split(/\r?\n/)
            .filter((row) => row.trim() !== '')
            .join('\n')
        if (same(bytes.toString('utf8')) !== same(text)) expect(ledger.problems).not.toEqual([])
        // Nothing that was written is forgotten: looks that were taken stay taken.
        expect(ledger.lines.filter(({ verified }) => verified).length).toBeGreaterThanOrEqual(records.length)
      })
    },
    PROPERTY_MS,
  )

  it(
    'says so in a clone, where only the tail can be taken away unseen',
    async () => {
      for (const folder of ['heads', 'keys']) rmSync(join(lab.state, folder), { recursive: true })
      try {
        await holds(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
          const bytes = editedBy(edits)
          writeFileSync(file, bytes)
          const { lines, problems } = expectOnlyGenuine()
          const genuine = lines.filter(({ verified }) => verified)
          const whole = genuine.every(({ hash }, n) => hash === records[n]?.hash)
          if (!whole || genuine.length < lines.length) expect(problems).not.toEqual([])
        })
      } finally {
        for (const folder of ['heads', 'keys'])
          cpSync(join(lab.root, `${folder}.kept`), join(lab.state, folder), { recursive: true })
        writeFileSync(file, text)
      }
    },
    PROPERTY_MS,
  )
})
