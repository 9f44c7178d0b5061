import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sleep } from '../../src/core/clock.ts'
import { until } from '../support/until.ts'
import { holds, PROPERTY_MS } from './cases.ts'
import { nastyJson, nastyText } from './nasty.ts'
import { Place } from './place.ts'
import { type Reply, Wire } from './wire.ts'

let place: Place
beforeAll(async () => {
  place = await new Place().begin()
})
afterAll(() => place.dispose())

const ID = fc.oneof(fc.nat(), nastyText, fc.constantFrom<unknown>(null, 1.5, true, [], {}, undefined))
const METHOD = fc.oneof(
  fc.constantFrom(
    'tools/call',
    'tools/list',
    'resources/read',
    'ping',
    'initialize',
    'prompts/get',
    'completion/complete',
    'notifications/cancelled',
    'logging/setLevel',
    'tasks/list',
  ),
  nastyText,
)
const message = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .record({
        jsonrpc: fc.oneof({ weight: 9, arbitrary: fc.constant('2.0') }, { weight: 1, arbitrary: nastyText }),
        id: ID,
        method: METHOD,
        params: fc.oneof(nastyJson, fc.record({ name: nastyText, arguments: nastyJson, uri: nastyText })),
      })
      .map((one) => JSON.stringify(one)),
  },
  { weight: 2, arbitrary: nastyJson.map((value) => JSON.stringify(value)) },
  {
    weight: 1,
    arbitrary: fc
      .record({ jsonrpc: fc.constant('2.0'), id: ID, result: nastyJson })
      .map((one) => JSON.stringify(one)),
  },
)
const bytes = fc.oneof(
  { weight: 6, arbitrary: message.map((text) => Buffer.from(`${text}\n`)) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(message, fc.nat({ max: 200 }))
      .map(([text, n]) => Buffer.from(`${text.slice(0, n)}\n`)),
  },
  {
    weight: 2,
    arbitrary: fc.uint8Array({ maxLength: 80 }).map((raw) => Buffer.concat([raw, Buffer.from('\n')])),
  },
)

describe('whatever is written to the server', () => {
  it(
    'it answers in JSON-RPC, without a stack, and lives on',
    async () => {
      const wire = await new Wire({ root: place.root, env: place.env, keep: true }).initialize()
      await holds(fc.array(bytes, { maxLength: 5 }), async (lines) => {
        wire.lines.length = 0
        for (const line of lines) wire.write(line)
        const { reply } = await wire.request('ping')
        expect(reply.result).toEqual({})
        for (const line of wire.lines) {
          const answer = JSON.parse(line) as Reply & { jsonrpc: string }
          expect(answer.jsonrpc).toBe('2.0')
          if (!answer.error) continue
          expect(answer).toHaveProperty('id')
          expect(Number.isInteger(answer.error.code)).toBe(true)
          expect(answer.error.message, 'a dump is no message').toMatch(/^[^[{\s]/)
          expect(answer.error.message).not.toMatch(/ at \/|node:internal/)
        }
      })
      await wire.close()
    },
    PROPERTY_MS,
  )

  it.each([
    ['half a line', '{"jsonrpc":"2.0","id":1,"met\n', -32700],
    ['invalid UTF-8', Buffer.from([0xff, 0xfe, 0x7b, 0x0a]), -32700],
    ['an array', '[1,2]\n', -32600],
    ['a number', '7\n', -32600],
    ['an id that is an object', '{"jsonrpc":"2.0","id":{},"method":"ping"}\n', -32600],
  ])('%s is answered with id null', async (_what, line, code) => {
    const wire = await new Wire({ root: place.root, env: place.env, keep: true }).initialize()
    wire.write(line)
    await wire.request('ping')
    const errors = wire.lines.map((each) => JSON.parse(each) as Reply).filter(({ error }) => error)
    expect(errors).toEqual([{ jsonrpc: '2.0', id: null, error: { code, message: expect.any(String) } }])
    await wire.close()
  })

  it('an unknown method is -32601, and arguments that are no object -32602 in words', async () => {
    const wire = await place.wire()
    expect((await wire.request('no/such')).reply.error).toMatchObject({ code: -32601 })
    expect((await wire.request('tools/call', { name: 'list_runs', arguments: 7 })).reply.error).toEqual({
      code: -32602,
      message: expect.stringMatching(/^The request has the wrong shape: params\.arguments: expected object/),
    })
    expect((await wire.request('tools/call', { name: 'no_such' })).reply.error).toMatchObject({
      code: -32602,
    })
  })

  it.each([100, 1000, 100_000])('arguments nested %d levels deep are answered', async (depth) => {
    const wire = await place.wire()
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      const deep = `${open.repeat(depth)}1${close.repeat(depth)}`
      for (const params of [
        `{"name":"run_experiment","arguments":{"name":"a","command":["true"],"params":{"x":${deep}}}}`,
        `{"name":"list_runs","arguments":${deep}}`,
        deep,
      ]) {
        const id = `deep-${Math.random()}`
        const { reply } = await wire.ask(
          id,
          `{"jsonrpc":"2.0","id":"${id}","method":"tools/call","params":${params}}`,
        )
        expect(reply.result?.structuredContent?.code).not.toBe('INTERNAL_DEFECT')
        expect(reply.error?.code).not.toBe(-32603)
      }
    }
    await place.settled()
  })

  it('a line of 20 MB is answered, and the next one too', async () => {
    const wire = await place.wire()
    const { reply } = await wire.call('create_increment', {
      title: 't'.repeat(20_000_000),
      problem_type: 'classification',
    })
    expect(reply.result?.structuredContent).toMatchObject({ code: 'INPUT_TOO_LARGE' })
    await place.call('list_runs')
  })

  it('10,000 requests in one write are all answered, once each', async () => {
    const wire = await new Wire({ root: place.root, env: place.env, keep: true }).initialize()
    wire.lines.length = 0
    const asked = Array.from({ length: 10_000 }, (_, n) => {
      const params = n % 10 ? { name: 'list_runs', arguments: { limit: 1 } } : { name: 'no_such' }
      return JSON.stringify({ jsonrpc: '2.0', id: `f${n}`, method: n % 4 ? 'ping' : 'tools/call', params })
    })
    wire.write(`${asked.join('\n')}\n`)
    while (wire.lines.length < 10_000 && !wire.ended) await sleep(20)
    const ids = wire.lines.map((line) => (JSON.parse(line) as Reply).id)
    expect(new Set(ids).size).toBe(10_000)
    expect((await wire.request('ping')).reply.result).toEqual({})
    await wire.close()
  })

  it.each([1, 2])(
    'a client that leaves in the middle of a call takes no run along, time %d',
    async (time) => {
      const wire = await new Wire({ root: place.root, env: place.env }).initialize()
      const name = `left-${time}`
      const go = join(place.base, `go-${time}`)
      const program = `import os, time
while not os.path.exists(${JSON.stringify(go)}): time.sleep(0.05)
print("went on ${time}")`
      const call = {
        name: 'run_experiment',
        arguments: { increment: '0001', name, command: ['python3', '-c', program], wait_s: 40 },
      }
      wire.write(`${JSON.stringify({ jsonrpc: '2.0', id: 99, method: 'tools/call', params: call })}\n`)
      const left = await until('the run is recorded', async () => {
        const { runs } = await place.call<{ runs: { run: string }[] }>('list_runs', { increment: '0001' })
        return runs.find(({ run }) => run.endsWith(name))
      })
      if (time === 1) await wire.close()
      else {
        wire.process.stdout.destroy()
        wire.process.stdin.end('{"jsonrpc":"2.0","id":100,"met')
      }
      writeFileSync(go, '')
      await place.settled()
      expect(await place.call('get_run', { run: left.run })).toMatchObject({
        state: 'succeeded',
        logs: { stdout: [`went on ${time}`] },
      })
    },
  )
})
