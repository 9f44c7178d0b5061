import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { noticeLabCode } from '../../src/evidence/lab-tamper.ts'
import { appendEvent, readLedger } from '../../src/evidence/ledger.ts'
import { cloneId } from '../../src/evidence/ledger-keys.ts'
import { openWorkspace, type Workspace } from '../../src/store/workspace.ts'
import { bundle, start } from './fixtures/bundle.ts'
import { type Sandbox, sandbox } from './fixtures/sandbox.ts'

const write = async (workspace: Workspace, count: number) => {
  for (let i = 0; i < count; i++) await appendEvent(workspace, 'gate.decided', { i })
}
const only = (folder: string, end: string) => {
  const [name] = readdirSync(folder).filter((each) => each.endsWith(end))
  return join(folder, name ?? 'none')
}
const chainOf = (workspace: Workspace) => only(workspace.layout.ledger, '.jsonl')
const copyOf = ({ state }: Sandbox) => only(join(state, 'heads'), '.jsonl')
const rewrite = (path: string, change: (lines: string[]) => string[]) => {
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
  writeFileSync(
    path,
    change(lines)
      .map((line) => `${line}\n`)
      .join(''),
  )
}

it('gets no line from who only reads, and the next that writes tells what was seen', async () => {
  const { workspace } = sandbox()
  const edited = { sha256: 'b'.repeat(64), built: 'a'.repeat(64) }
  await noticeLabCode({ ...workspace, readOnly: true }, edited)
  expect(readdirSync(workspace.layout.folder)).not.toContain('ledger')
  await noticeLabCode(workspace, edited)
  await noticeLabCode(workspace, edited)
  expect(readLedger(workspace).lines.map(({ event }) => event)).toEqual(['tamper.seen'])
})

describe('a chain', () => {
  it('links and signs its lines, and keeps its private key to itself', async () => {
    const { workspace, state } = sandbox()
    const first = await appendEvent(workspace, 'criteria.frozen', { b: 1, a: [new Date(0)] })
    const second = await appendEvent(workspace, 'approval.given', { by: 'a person' })
    expect(second).toMatchObject({ seq: 2, prev: first.hash, event: 'approval.given' })
    const { lines, problems, chains } = readLedger(workspace)
    expect(problems).toEqual([])
    expect(lines.map(({ seq, verified }) => [seq, verified])).toEqual([
      [1, true],
      [2, true],
    ])
    expect(lines[0]?.data).toEqual({ a: ['1970-01-01T00:00:00.000Z'], b: 1 })
    expect(chains).toHaveLength(1)
    const key = only(join(state, 'keys'), '.json')
    expect(statSync(key).mode & 0o777).toBe(0o600)
    expect(statSync(join(state, 'keys')).mode & 0o777).toBe(0o700)
    expect(readFileSync(only(workspace.layout.ledger, '.pub'), 'utf8')).toMatch(/BEGIN PUBLIC KEY/)
    expect(readFileSync(chainOf(workspace), 'utf8')).not.toContain('PRIVATE')
  })

  it('is empty, and makes nothing, where nobody has written', () => {
    const { workspace, state } = sandbox()
    expect(readLedger(workspace)).toEqual({ chains: [], lines: [], problems: [] })
    expect(() => statSync(workspace.layout.ledger)).toThrow()
    expect(() => statSync(state)).toThrow()
  })

  it('shows a changed line, a false signature, a removed line and a line of nobody', async () => {
    const { workspace } = sandbox()
    await write(workspace, 4)
    const path = chainOf(workspace)
    const whole = readFileSync(path, 'utf8')
    const foundAfter = (change: (lines: string[]) => string[]) => {
      writeFileSync(path, whole)
      rewrite(path, change)
      return readLedger(workspace).problems.map(({ line, what }) => `${line}: ${what}`)
    }
    expect(foundAfter((lines) => lines.map((l) => l.replace('"i":1', '"i":7')))[0]).toMatch(/^2: was changed/)
    expect(foundAfter((lines) => lines.map((l) => l.replace(/"sig":"..../, '"sig":"AAAA')))[0]).toMatch(
      /^1: has a false signature/,
    )
    expect(foundAfter(([a = '', , c = '', d = '']) => [a, c, d])[0]).toMatch(/^2: follows a gap: seq 2 to 2/)
    expect(foundAfter(([a = '', b = '', ...rest]) => [b, a, ...rest]).length).toBeGreaterThan(0)
    expect(foundAfter((lines) => [...lines, '<<<<<<< HEAD'])[0]).toMatch(/^5: is no line of a ledger/)
    expect(foundAfter((lines) => lines.map((l) => l.replace('{', '{"approved":true,')))[0]).toMatch(
      /^1: is no line/,
    )
    expect(foundAfter((lines) => lines)).toEqual([])
  })

  it('shows a shortened chain, still counts what was taken away, and puts it back in the open', async () => {
    const { workspace } = sandbox()
    await write(workspace, 4)
    rewrite(chainOf(workspace), (lines) => lines.slice(0, 2))
    const short = readLedger(workspace)
    expect(short.problems[0]?.what).toMatch(/lacks 2 lines \(seq 3 to 4\) that this machine wrote/)
    expect(short.lines).toHaveLength(4)
    await write(workspace, 1)
    const mended = readLedger(workspace)
    expect(mended.problems).toEqual([])
    expect(mended.lines.map(({ event }) => event).slice(4)).toEqual(['ledger.restored', 'gate.decided'])
    expect(mended.lines[4]?.data).toMatchObject({ missing: [3, 4] })
  })

  it('shows a chain that was taken away whole, with its key', async () => {
    const { workspace } = sandbox()
    await write(workspace, 2)
    rmSync(workspace.layout.ledger, { recursive: true })
    expect(readLedger(workspace).problems.length).toBeGreaterThan(0)
    expect(readLedger(workspace).lines).toHaveLength(2)
    await write(workspace, 1)
    expect(readLedger(workspace).problems).toEqual([])
  })

  it('keeps an altered file aside when it writes the true one again', async () => {
    const box = sandbox()
    await write(box.workspace, 3)
    rewrite(chainOf(box.workspace), (lines) => lines.map((l) => l.replace('"i":1', '"i":9')))
    await write(box.workspace, 1)
    const { problems, lines } = readLedger(box.workspace)
    expect(problems).toEqual([])
    expect(lines.find(({ event }) => event === 'ledger.restored')?.data.problems).toHaveLength(1)
    expect(readFileSync(only(join(box.state, 'heads'), '.aside'), 'utf8')).toContain('"i":9')
  })

  it('does not take a crash for tampering', async () => {
    const box = sandbox()
    await write(box.workspace, 3)
    // Between the two writes: the file has the line, the copy has not.
    rewrite(copyOf(box), (lines) => lines.slice(0, 2))
    expect(readLedger(box.workspace).problems).toEqual([])
    // In the middle of the first write.
    writeFileSync(chainOf(box.workspace), '{"at":"2026', { flag: 'a' })
    expect(readLedger(box.workspace).problems).toEqual([])
    await write(box.workspace, 1)
    const { problems, lines } = readLedger(box.workspace)
    expect(problems).toEqual([])
    expect(lines.map(({ seq, event }) => `${seq} ${event}`)).toEqual(
      [1, 2, 3, 4].map((n) => `${n} gate.decided`),
    )
    expect(readFileSync(copyOf(box), 'utf8')).toBe(readFileSync(chainOf(box.workspace), 'utf8'))
  })

  it('refuses to go on from a broken file of which there is no copy', async () => {
    const box = sandbox()
    await write(box.workspace, 3)
    rmSync(copyOf(box))
    await write(box.workspace, 1)
    expect(readLedger(box.workspace)).toMatchObject({ problems: [] })
    rmSync(copyOf(box))
    rewrite(chainOf(box.workspace), (lines) => lines.map((l) => l.replace('"i":1', '"i":9')))
    const before = readFileSync(chainOf(box.workspace), 'utf8')
    await expect(write(box.workspace, 1)).rejects.toMatchObject({ code: 'LEDGER_BROKEN' })
    expect(readFileSync(chainOf(box.workspace), 'utf8')).toBe(before)
  })
})

describe('clones', () => {
  it('write chains of their own, which merge', async () => {
    const { workspace, folder } = sandbox()
    await write(workspace, 2)
    cpSync(workspace.root, join(folder, 'copy'), { recursive: true })
    const copy = openWorkspace(join(folder, 'copy'))
    await write(copy, 1)
    expect(readdirSync(copy.layout.ledger)).toHaveLength(4)
    await write(workspace, 1)
    const ours = readdirSync(workspace.layout.ledger)
    for (const name of readdirSync(copy.layout.ledger).filter((each) => !ours.includes(each)))
      cpSync(join(copy.layout.ledger, name), join(workspace.layout.ledger, name))
    const { chains, problems, lines } = readLedger(workspace)
    expect(problems).toEqual([])
    expect(chains.map((chain) => chain.lines.length).sort()).toEqual([1, 3])
    expect(chains.filter(({ own }) => own)).toHaveLength(1)
    expect(lines).toHaveLength(4)
  })

  it('go on with their chain after the folder was moved', async () => {
    const { workspace, folder } = sandbox()
    await write(workspace, 2)
    renameSync(workspace.root, join(folder, 'moved'))
    const moved = openWorkspace(join(folder, 'moved'))
    await write(moved, 1)
    expect(readLedger(moved).chains.map(({ lines }) => lines.length)).toEqual([3])
    rewrite(chainOf(moved), (lines) => lines.slice(0, 1))
    expect(readLedger(moved).problems).toHaveLength(1)
  })

  it('cannot pass off another key under a name', async () => {
    const { workspace, folder, state } = sandbox()
    await write(workspace, 1)
    cpSync(workspace.root, join(folder, 'copy'), { recursive: true })
    await write(openWorkspace(join(folder, 'copy')), 1)
    const ledger = workspace.layout.ledger
    const foreign = readdirSync(join(folder, 'copy', '.specweave', 'ledger')).find(
      (name) => name.endsWith('.pub') && !readdirSync(ledger).includes(name),
    )
    cpSync(join(folder, 'copy', '.specweave', 'ledger', foreign ?? ''), only(ledger, '.pub'))
    // As CI sees it: without the state folder.
    rmSync(state, { recursive: true })
    const { problems, lines } = readLedger(workspace)
    expect(problems.map(({ what }) => what).join()).toMatch(/holds another key than its name says/)
    expect(lines[0]?.verified).toBe(false)
  })
})

describe('branches of one clone', () => {
  it('merge without a conflict, and no line is lost on the way', async () => {
    const { workspace } = sandbox()
    const git = (...args: string[]) =>
      execFileSync('git', [
        '-C',
        workspace.root,
        '-c',
        'user.name=t',
        '-c',
        'user.email=t@example.org',
        ...args,
      ])
    const commit = async (count: number) => {
      await write(workspace, count)
      git('add', '.specweave/ledger')
      git('commit', '-qm', 'more')
    }
    git('init', '-q', '-b', 'main')
    await commit(2)
    git('checkout', '-qb', 'feature')
    await commit(2)
    git('checkout', '-q', 'main')
    expect(readLedger(workspace).lines).toHaveLength(4)
    expect(readLedger(workspace).problems).toHaveLength(1)
    await commit(1)
    git('checkout', '-q', 'feature')
    await commit(1)
    writeFileSync(join(workspace.root, '.gitattributes'), '*.jsonl merge=union\n')
    git('merge', '-q', 'main', '-m', 'merge')
    expect(readLedger(workspace).problems).toEqual([])
    await commit(1)
    const { lines, problems } = readLedger(workspace)
    expect(problems).toEqual([])
    expect(lines.filter(({ event }) => event === 'gate.decided')).toHaveLength(7)
  })
})

describe('writers at once', () => {
  it('four processes add to one chain without a gap', async () => {
    const { workspace } = sandbox()
    const program = await bundle('append-events.ts')
    const runs = ['a', 'b', 'c', 'd'].map((name) => start(program, [workspace.root, '25', name]))
    const printed = (await Promise.all(runs.map((run) => run.output))).join('').trim().split('\n').map(Number)
    expect(printed.sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1))
    const { problems, lines } = readLedger(workspace)
    expect(problems).toEqual([])
    expect(lines.map(({ seq }) => seq)).toEqual(printed)
  })

  it('keeps every acknowledged line of writers that are killed', async () => {
    const { workspace } = sandbox()
    const program = await bundle('append-events.ts')
    const acknowledged: number[] = []
    for (let round = 0; round < 4; round++) {
      const runs = ['a', 'b'].map((name) => start(program, [workspace.root, '100000', name]))
      // Both have begun; then at a moment that differs from round to round.
      await Promise.all(runs.map(({ child }) => once(child.stdout!, 'data')))
      await new Promise((resolve) => setTimeout(resolve, 100 + round * 90))
      for (const { child } of runs) child.kill('SIGKILL')
      for (const { output } of runs) acknowledged.push(...(await output).split('\n').slice(0, -1).map(Number))
    }
    await write(workspace, 1)
    const { problems, lines } = readLedger(workspace)
    expect(problems).toEqual([])
    const seqs = new Set(lines.map(({ seq }) => seq))
    expect(acknowledged.length).toBeGreaterThan(10)
    expect(acknowledged.filter((seq) => !seqs.has(seq))).toEqual([])
    expect(lines.filter(({ event }) => event === 'ledger.restored')).toEqual([])
  })

  it('takes the lock from a dead process, and says who holds it where that cannot be judged', async () => {
    const { workspace, state } = sandbox()
    const lock = join(state, 'locks', `ledger-${cloneId(workspace)}`)
    mkdirSync(lock, { recursive: true })
    const { currentProcess } = await import('../../src/adapters/process/identity.ts')
    const record = (holder: object) =>
      JSON.stringify({ holder: { ...currentProcess(), ...holder }, token: 't' })
    writeFileSync(join(lock, '7.json'), record({ start_time: '1' }))
    await write(workspace, 1)
    expect(readdirSync(lock)).toEqual(['8.free.json'])
  })
})
