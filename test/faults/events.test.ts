import { appendFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Scene } from './scene.ts'
import type { Server, ShownRun } from './server.ts'

let scene: Scene
let server: Server
beforeAll(async () => {
  scene = new Scene('id: events\nlimits: {cpus: 2}\n')
  server = await scene.server()
})
afterAll(() => scene.dispose())

const metric = (n: string, v: number, s: number) => JSON.stringify({ k: 'metric', n, v, s, t: s })
const points = (from: number, to: number, n = 'x') =>
  Array.from({ length: to - from }, (_, i) => `${metric(n, from + i, from + i)}\n`).join('')

/** A run that lives until it is let go, with an events file that the test writes as another writer would. */
async function begin(): Promise<Written> {
  const id = Math.random().toString(36).slice(2)
  const go = join(scene.base, `go-${id}`)
  const { run, folder } = await scene.submit(server, {
    name: 'written',
    params: { id },
    resources: { cpus: 0.1 },
    command: `while [ ! -e ${go} ]; do sleep 0.05; done`,
  })
  await scene.started(folder)
  return new Written(run, folder, go)
}

class Written {
  readonly run: string
  readonly folder: string
  readonly file: string
  readonly #go: string

  constructor(run: string, folder: string, go: string) {
    this.run = run
    this.folder = folder
    this.file = join(folder, 'events/host-1-a.jsonl')
    this.#go = go
  }

  say(text: string | Buffer): void {
    appendFileSync(this.file, text)
  }

  async seen(): Promise<{ x: number[]; last: unknown; warnings: string; notes: string[] }> {
    const shown = await server.call<ShownRun>('get_run', { run: this.run, curves: ['x'] })
    return {
      x: shown.curves?.[0]?.sample.map(([, value]) => value) ?? [],
      last: shown.metrics.find(({ name }) => name === 'x')?.value,
      warnings: shown.warnings.filter((warning) => warning.startsWith('events/')).join(),
      notes: shown.notes ?? [],
    }
  }

  async end(): Promise<void> {
    writeFileSync(this.#go, '')
    await scene.finished(this.folder)
  }

  /** What other tools read of it at its end. */
  written(): unknown[] {
    return scene.read<{ value: unknown }[]>(this.folder, 'metrics.json')?.map(({ value }) => value) ?? []
  }
}

describe('a line', () => {
  test('that is torn waits until it is whole, while the run lives and after its end', async () => {
    const run = await begin()
    run.say(`${points(0, 2)}{"k":"metric","n":"x","v":`)
    expect(await run.seen()).toMatchObject({ x: [0, 1], warnings: '' })
    run.say('2,"s":2,"t":2}\n{"k":"metric","n":"x"')
    expect(await run.seen()).toMatchObject({ x: [0, 1, 2], warnings: '' })
    await run.end()
    expect(await run.seen()).toMatchObject({ x: [0, 1, 2], last: 2 })
    run.say(',"v":3,"s":3,"t":3}\n')
    expect(await run.seen()).toMatchObject({ x: [0, 1, 2, 3], last: 3 })
  })

  test('that is malformed is passed over, counted and said; so are NUL bytes where a disk lost a block', async () => {
    const run = await begin()
    run.say(points(0, 1))
    run.say('{"k":"metric","n":"x","v":}\n')
    run.say(Buffer.concat([Buffer.alloc(4096), Buffer.from('\n')]))
    run.say(Buffer.concat([Buffer.alloc(100), Buffer.from(`${metric('x', 9, 9)}\n`)]))
    run.say(Buffer.from([0xff, 0xfe, 0x80, 0x0a]))
    run.say(points(1, 2))
    expect(await run.seen()).toMatchObject({
      x: [0, 1],
      warnings: expect.stringContaining('4 malformed lines, passed over'),
    })
    await run.end()
    expect(await run.seen()).toMatchObject({
      x: [0, 1],
      warnings: expect.stringContaining('4 malformed lines'),
    })
  })

  test('may end in CR LF', async () => {
    const run = await begin()
    run.say(points(0, 5).replaceAll('\n', '\r\n'))
    expect(await run.seen()).toMatchObject({ x: [0, 1, 2, 3, 4], last: 4, warnings: '' })
    await run.end()
    expect(run.written()).toEqual([4])
  })

  test('of 10 MB is taken up, of 20 MB passed over, and the answers stay small', async () => {
    const run = await begin()
    const note = (bytes: number) => `${JSON.stringify({ k: 'note', v: 'n'.repeat(bytes), t: 1 })}\n`
    run.say(points(0, 1) + note(10_000_000) + points(1, 2))
    const padded = metric('x', 2, 2).replace('{', `{${' '.repeat(10_000_000)}`)
    run.say(`${padded}\n`)
    // A call takes up a portion, and the supervisor the rest.
    const first = await scene.until('the long lines', async () => {
      const seen = await run.seen()
      return seen.x.length === 3 && seen
    })
    expect(first).toMatchObject({ x: [0, 1, 2], warnings: '' })
    expect(first.notes[0]).toMatch(/^n+/)
    expect(JSON.stringify(first).length).toBeLessThan(200_000)
    run.say(note(20_000_000) + points(3, 4))
    await scene.until('the malformed line', async () => (await run.seen()).x.length === 4)
    expect(await run.seen()).toMatchObject({
      x: [0, 1, 2, 3],
      warnings: expect.stringContaining('1 malformed line, passed over'),
    })
    await run.end()
    expect(run.written()).toEqual([3])
  })
})

interface Curves {
  curves: { points: number }[]
}

test('lines that two servers and the supervisor take up at the same moment count once', async () => {
  const run = await begin()
  const others = [await scene.server(), await scene.server()]
  for (let round = 0; round < 4; round++) {
    run.say(points(round * 20_000, (round + 1) * 20_000))
    await Promise.all([server, ...others].map((one) => one.call('get_run', { run: run.run })))
    const taken = await scene.until('all lines', async () => {
      const { curves } = (await server.call('get_run', { run: run.run, curves: ['x'] })) as Curves
      const [curve] = curves
      return curve && curve.points >= (round + 1) * 20_000 && curve.points
    })
    expect(taken).toBe((round + 1) * 20_000)
  }
  await run.end()
  expect(run.written()).toEqual([79_999])
})

describe('a file', () => {
  test('that is shortened or rewritten under a live run is taken up anew', async () => {
    const run = await begin()
    run.say(points(0, 200))
    expect((await run.seen()).last).toBe(199)
    truncateSync(run.file, Buffer.byteLength(points(0, 20)))
    expect(await run.seen()).toMatchObject({
      x: points(0, 20)
        .trim()
        .split('\n')
        .map((_, i) => i),
      last: 19,
    })
    // Longer than before, and other from its first byte.
    writeFileSync(run.file, points(500, 900))
    expect((await run.seen()).last).toBe(899)
    await run.end()
    expect(run.written()).toEqual([899])
    writeFileSync(run.file, points(5, 8))
    expect(await run.seen()).toMatchObject({ x: [5, 6, 7], last: 7 })
  })

  test('that is shortened in the middle of a line waits for the rest', async () => {
    const run = await begin()
    run.say(points(0, 3))
    expect((await run.seen()).x).toEqual([0, 1, 2])
    truncateSync(run.file, readFileSync(run.file).length - 5)
    expect((await run.seen()).x).toEqual([0, 1])
    run.say(points(2, 3).slice(-5))
    expect((await run.seen()).x).toEqual([0, 1, 2])
    await run.end()
    expect(run.written()).toEqual([2])
  })

  test('that vanished keeps its points, while the run lives and after its end', async () => {
    const run = await begin()
    run.say(points(0, 3))
    expect((await run.seen()).x).toEqual([0, 1, 2])
    rmSync(run.file)
    expect(await run.seen()).toMatchObject({ x: [0, 1, 2], last: 2 })
    await run.end()
    expect(run.written()).toEqual([2])
    const shown = await run.seen()
    expect(shown).toMatchObject({ x: [0, 1, 2], last: 2 })
    expect(shown.warnings, 'says that the file is gone').toMatch(/host-1-a\.jsonl.*(?:gone|missing|vanished)/)
  })

  test('that vanished and came back is taken up once', async () => {
    const run = await begin()
    run.say(points(0, 3))
    expect((await run.seen()).x).toEqual([0, 1, 2])
    const text = readFileSync(run.file)
    rmSync(run.file)
    await run.seen()
    writeFileSync(run.file, text)
    run.say(points(3, 5))
    expect(await run.seen()).toMatchObject({ x: [0, 1, 2, 3, 4], last: 4, warnings: '' })
    await run.end()
    expect(run.written()).toEqual([4])
  })

  test('of a writer that is gone stays when another writes on', async () => {
    const run = await begin()
    run.say(points(0, 3))
    expect((await run.seen()).x).toEqual([0, 1, 2])
    rmSync(run.file)
    appendFileSync(join(run.folder, 'events/host-2-b.jsonl'), points(3, 6))
    expect((await run.seen()).x).toEqual([0, 1, 2, 3, 4, 5])
    await run.end()
    expect(run.written()).toEqual([5])
  })
})
