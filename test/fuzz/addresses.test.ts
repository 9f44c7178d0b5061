import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectRefusal, expectShowable } from './answers.ts'
import { holds, PROPERTY_MS } from './cases.ts'
import { nastyText } from './nasty.ts'
import { OUTSIDE_SECRET, Place } from './place.ts'
import type { Reply } from './wire.ts'

const INCREMENT = '.specweave/increments/0001-churn-model'
const RUN = `${INCREMENT}/experiments/exp-001-forest`

let place: Place
beforeAll(async () => {
  place = await new Place().begin()
  const beside = join(place.base, 'beside')
  for (const path of [
    `${INCREMENT}/link.md`,
    `${INCREMENT}/reports/link.md`,
    '.specweave/docs/internal/link.md',
    `${RUN}/params.json`,
    `${RUN}/evidence.json`,
    `${RUN}/logs/stdout.log`,
  ]) {
    mkdirSync(join(place.root, path, '..'), { recursive: true })
    rmSync(join(place.root, path), { force: true })
    symlinkSync(join(beside, 'spec.md'), join(place.root, path))
  }
  place.write('../beside/run.json', JSON.stringify({ secret: OUTSIDE_SECRET }))
  place.write('../beside/v1/dataset.json', JSON.stringify({ secret: OUTSIDE_SECRET }))
  place.write('../beside/logs/stdout.log', OUTSIDE_SECRET)
  mkdirSync(join(place.root, '.specweave/datasets'), { recursive: true })
  for (const [link, to] of [
    ['.specweave/datasets/evil', beside],
    ['.specweave/increments/0002-evil', beside],
    [`${INCREMENT}/experiments/exp-002-evil`, beside],
    [`${INCREMENT}/data`, beside],
    ['.specweave/docs/internal/folder', beside],
  ] as const) {
    rmSync(join(place.root, link), { recursive: true, force: true })
    symlinkSync(to, join(place.root, link))
  }
  rmSync(join(place.root, RUN, 'logs/stderr.log'))
  for (const path of [`${INCREMENT}/pipe.md`, `${RUN}/logs/stderr.log`, '.specweave/docs/internal/pipe.md'])
    execFileSync('mkfifo', [join(place.root, path)])
  symlinkSync('/dev/zero', join(place.root, INCREMENT, 'zero.txt'))
})
afterAll(() => place.dispose())

async function read(uri: string): Promise<Reply> {
  const { reply, line } = await (await place.wire()).request('resources/read', { uri })
  expectShowable(line)
  if (!reply.error) return reply
  expect(reply.error, uri).toEqual({
    code: expect.toBeOneOf([-32002, -32602]),
    message: expect.any(String),
    data: expect.any(Object),
  })
  expectRefusal(reply.error.data)
  return reply
}

const part = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      '0001',
      '0002',
      'exp-001-forest',
      'exp-002-evil',
      'log',
      'stdout',
      'stderr',
      'churn',
      'evil',
      '1',
      'spec.md',
      'link.md',
      'pipe.md',
      'zero.txt',
      'reports',
      'data',
      'folder',
      'internal',
    ),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      '..',
      '.',
      '',
      '%2e%2e',
      '..%2f',
      '%2e%2e%2f%2e%2e%2fml.yaml',
      '%00',
      'spec.md%00.png',
      '%',
      '%zz',
      '%c0%ae%c0%ae',
      '%252e%252e',
      '..%5c',
      '%ff',
      '~',
      '*',
      '{id}',
      '{+run}',
    ),
  },
  { weight: 2, arbitrary: nastyText },
  { weight: 1, arbitrary: nastyText.map((text) => encodeURIComponent(Buffer.from(text).toString())) },
)
const kind = fc.constantFrom(
  'increment',
  'run',
  'docs',
  'dataset',
  'guide',
  'increment',
  'run',
  '',
  'INCREMENT',
  '..',
)
const uri = fc.oneof(
  {
    weight: 12,
    arbitrary: fc
      .tuple(kind, fc.array(part, { minLength: 1, maxLength: 5 }))
      .map(([first, rest]) => `specweave://${[first, ...rest].join('/')}`),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'file:///etc/passwd',
      'specweave:',
      'specweave://',
      'specweave:///',
      'http://example.org',
      'specweave://run/0001/exp-001-forest?x=1',
      'specweave://run/0001/exp-001-forest#x',
    ),
  },
  { weight: 1, arbitrary: nastyText },
)

describe('an address that is anything', () => {
  it(
    'is read inside the workspace, or refused in words',
    async () => {
      await holds(uri, async (address) => {
        await read(address)
      })
    },
    PROPERTY_MS,
  )

  it(
    'can be subscribed to and completed without harm',
    async () => {
      await holds(
        fc.tuple(uri, nastyText),
        async ([address, typed]) => {
          const wire = await place.wire()
          for (const [method, params] of [
            ['resources/subscribe', { uri: address }],
            ['resources/unsubscribe', { uri: address }],
            [
              'completion/complete',
              { ref: { type: 'ref/resource', uri: address }, argument: { name: 'document', value: typed } },
            ],
            ['resources/list', { cursor: typed }],
            ['prompts/get', { name: typed, arguments: { increment: typed } }],
          ] as const) {
            const { reply, line } = await wire.request(method, params)
            expectShowable(line, typed)
            expect(reply.error?.code, line.slice(0, 1000)).not.toBe(-32603)
          }
        },
        { share: 0.5 },
      )
    },
    PROPERTY_MS,
  )

  it.each([
    ['a document that is a link to the outside', 'increment/0001/link.md'],
    ['a report that is', 'increment/0001/reports%2flink.md'],
    ['a living document that is', 'docs/link.md'],
    ['a document in a linked folder', 'docs/folder/spec.md'],
    ['a document in a linked folder of an increment', 'increment/0001/data%2fspec.md'],
    ['an increment that is', 'increment/0002/spec.md'],
    ['a log that is', 'run/0001/exp-001-forest/log/stdout'],
    ['a run that is', 'run/0001/exp-002-evil'],
    ['the log of a run that is', 'run/0001/exp-002-evil/log/stdout'],
    ['records that are', 'run/0001/exp-001-forest'],
    ['a dataset that is', 'dataset/evil/1'],
    ['a FIFO as a document', 'increment/0001/pipe.md'],
    ['a FIFO as a log', 'run/0001/exp-001-forest/log/stderr'],
    ['a FIFO as a living document', 'docs/pipe.md'],
    ['a device as a document', 'increment/0001/zero.txt'],
  ])('%s shows nothing from there', async (_what, path) => {
    await read(`specweave://${path}`)
  })

  it('links and special files hold up no tool', async () => {
    for (const [tool, args] of [
      ['get_increment', {}],
      ['list_runs', {}],
      ['get_run', { run: '0001/exp-001-forest' }],
      ['compare_runs', { increment: '0001' }],
      ['sync_docs', { mode: 'check' }],
      ['run_experiment', { increment: '0001', name: 'after', command: ['true'] }],
    ] as const) {
      const { reply, line } = await (await place.wire()).call(tool, args)
      expectShowable(line)
      if (reply.result?.isError) expectRefusal(reply.result.structuredContent)
    }
  })
})
