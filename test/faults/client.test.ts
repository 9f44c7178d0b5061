import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { MAIN } from '../support/lab-workspace.ts'
import { Scene } from './scene.ts'
import type { ShownRun } from './server.ts'

let scene: Scene
beforeEach(() => {
  scene = new Scene()
})
afterEach(() => scene.dispose())

interface Message {
  id?: number
  result?: { structuredContent?: Record<string, unknown>; isError?: boolean }
  error?: { code: number; message: string }
}

/** A client that speaks by hand, so that it can be as ill-mannered as clients are. */
class Rude {
  readonly process: ChildProcess
  readonly answers = new Map<number, Message>()
  readonly ended: Promise<unknown[]>
  stderr = ''

  constructor(of: Scene) {
    this.process = spawn(process.execPath, [MAIN, 'serve', '--workspace', of.root], {
      cwd: of.root,
      env: of.env,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    this.ended = once(this.process, 'exit')
    this.process.stdin!.on('error', () => {})
    this.process.stderr!.on('data', (chunk) => {
      this.stderr += chunk
    })
  }

  /** Without it the answers are left lying, as by a client that does not read. */
  read(): void {
    createInterface({ input: this.process.stdout! }).on('line', (line) => {
      const message = JSON.parse(line) as Message
      if (message.id !== undefined) this.answers.set(message.id, message)
    })
  }

  write(text: string): void {
    this.process.stdin!.write(text)
  }

  begin(): void {
    const params = {
      protocolVersion: '2025-06-18',
      capabilities: {},
      clientInfo: { name: 'rude', version: '1' },
    }
    this.write(line({ id: 0, method: 'initialize', params }) + line({ method: 'notifications/initialized' }))
  }

  answer(id: number): Promise<Message> {
    return scene.until(`answer ${id}`, () => this.answers.get(id))
  }
}

const line = (message: object) => `${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`
const call = (id: number, name: string, args: object = {}) =>
  line({ id, method: 'tools/call', params: { name, arguments: args } })

const GO = 'while [ ! -e go ]; do sleep 0.05; done'
const long = (name: string) => ({
  increment: '0001',
  name,
  command: ['/bin/sh', '-c', `${GO}; exit 5`],
  wait_s: 40,
})

describe('a client that leaves in the middle of a long call', () => {
  test.each([
    ['by closing its end', (client: Rude) => client.process.stdin!.end()],
    [
      'by closing both ends',
      (client: Rude) => {
        client.process.stdout!.destroy()
        client.process.stdin!.destroy()
      },
    ],
    ['by killing the server', (client: Rude) => client.process.kill('SIGKILL')],
  ])('%s: the server leaves and the run goes on', async (_, leave) => {
    const client = new Rude(scene)
    client.read()
    client.begin()
    client.write(call(1, 'run_experiment', long('long')))
    const name = await scene.until('the run', () => scene.experiments().find((one) => one.startsWith('exp-')))
    const folder = scene.folder(`0001/${name}`)
    await scene.started(folder)
    leave(client)
    await client.ended
    expect(client.stderr).not.toMatch(/\n\s+at /)
    expect(existsSync(join(folder, 'exit.json'))).toBe(false)
    scene.write('go', '')
    expect(await scene.end(folder)).toMatchObject({ state: 'failed', exit_code: 5, judged_by: 'supervisor' })
    expect(existsSync(join(folder, 'stop.json'))).toBe(false)
    // Who comes back and asks the same again is answered by what is there while it lives, and by a new run after.
    const next = await scene.server()
    expect(await next.call<ShownRun>('get_run', { run: `0001/${name}` })).toMatchObject({ state: 'failed' })
  })
})

describe('half a line', () => {
  test.each([
    ['of a call', call(1, 'run_experiment', long('half')).slice(0, -40)],
    ['that is none', '{"jsonrpc":'],
    ['of bytes that are no text', Buffer.from([0xff, 0x00, 0xfe]).toString('latin1')],
  ])('%s, and its client gone: the server leaves in good order, and nothing was done', async (_, half) => {
    const client = new Rude(scene)
    client.read()
    client.begin()
    await client.answer(0)
    client.write(half)
    client.process.stdin!.end()
    const [code, signal] = await client.ended
    expect([code, signal]).toEqual([0, null])
    expect(client.stderr).not.toMatch(/\n\s+at /)
    expect(scene.experiments()).toEqual([])
  })

  test('that is completed later is answered', async () => {
    const client = new Rude(scene)
    client.read()
    client.begin()
    const text = call(1, 'list_runs')
    client.write(text.slice(0, 20))
    await client.answer(0)
    client.write(text.slice(20))
    expect((await client.answer(1)).result?.structuredContent).toEqual({ runs: [], total: 0 })
    client.process.stdin!.end()
    await client.ended
  })
})

describe('10,000 requests at once', () => {
  const MANY = 10_000

  test('are all answered, each with its own id, while a run goes on', async () => {
    const client = new Rude(scene)
    client.read()
    client.begin()
    client.write(call(1, 'run_experiment', { ...long('under-load'), wait_s: undefined }))
    const { run } = (await client.answer(1)).result!.structuredContent as unknown as ShownRun
    let flood = ''
    for (let id = 2; id < MANY + 2; id++) {
      if (id % 10 === 0) flood += call(id, 'list_runs', { limit: 1 })
      else if (id % 10 === 1) flood += call(id, 'get_run', { run, log_lines: 0 })
      else if (id % 10 === 2) flood += call(id, 'no_such_tool')
      else flood += line({ id, method: 'ping' })
    }
    client.write(flood)
    await scene.until('all answers', () => client.answers.size >= MANY + 2, 100)
    for (let id = 2; id < MANY + 2; id++) {
      const { result, error } = client.answers.get(id)!
      if (id % 10 === 0) expect(result?.structuredContent).toMatchObject({ total: 1 })
      else if (id % 10 === 1) expect(result?.structuredContent).toMatchObject({ run })
      else if (id % 10 === 2) expect(result?.isError ?? error).toBeTruthy()
      else expect(result).toEqual({})
    }
    scene.write('go', '')
    expect(await scene.end(scene.folder(run))).toMatchObject({ state: 'failed', exit_code: 5 })
    client.process.stdin!.end()
    expect(await client.ended).toEqual([0, null])
    expect(client.stderr).not.toMatch(/\n\s+at /)
  })

  test('of a client that never reads an answer and leaves: the server leaves too', async () => {
    const client = new Rude(scene)
    client.begin()
    for (let id = 1; id <= MANY; id++) client.write(call(id, 'get_increment'))
    await new Promise((done) => setTimeout(done, 500))
    client.process.stdout!.destroy()
    client.process.stdin!.destroy()
    await client.ended
    expect(client.stderr).not.toMatch(/\n\s+at /)
  })
})
