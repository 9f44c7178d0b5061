import { type ChildProcess, spawn } from 'node:child_process'
import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { machineIdentity, processStartTime } from '../../src/adapters/process/identity.ts'
import { sleep } from '../../src/core/clock.ts'
import { expectRefusal } from './answers.ts'
import { Place } from './place.ts'

const RUN = '.specweave/increments/0001-churn-model/experiments/exp-001-forest'

let place: Place
beforeAll(async () => {
  place = await new Place().begin()
})
afterAll(() => place.dispose())

describe('a record that names the process of somebody else', () => {
  let stranger: ChildProcess
  afterEach(() => void stranger.kill('SIGKILL'))

  const forged: [string, (identity: object, log: { dev: number; ino: number }) => Record<string, unknown>][] =
    [
      [
        'started.json of a copied folder',
        (identity, { dev, ino }) => ({ 'started.json': { ...identity, stdout: { dev, ino: ino + 1 } } }),
      ],
      ['started.json without the log that it began', (identity) => ({ 'started.json': identity })],
      ['started.json whose log is a text', (identity) => ({ 'started.json': { ...identity, stdout: 'x' } })],
      [
        'claim-1.json',
        (identity) => ({ 'claim-1.json': { ...identity, at: '2026-11-21T10:00:00.000Z', gpus: [] } }),
      ],
      [
        'both, copied',
        (identity, { dev, ino }) => ({
          'started.json': { ...identity, stdout: { dev, ino: ino + 1 } },
          'claim-1.json': { ...identity, at: '2026-11-21T10:00:00.000Z', gpus: [] },
        }),
      ],
    ]
  it.each(forged)('gets no signal: %s', async (_what, records) => {
    stranger = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' })
    const ended: (number | string | null)[] = []
    stranger.on('exit', (code, signal) => ended.push(code ?? signal))
    const identity = { pid: stranger.pid!, start_time: processStartTime(stranger.pid!), ...machineIdentity() }
    const { dev, ino } = statSync(join(place.root, RUN, 'logs/stdout.log'))
    place.keep()
    const before = place.tree()
    try {
      for (const name of ['end.json', 'exit.json', 'claim-1.json']) rmSync(join(place.root, RUN, name))
      for (const [name, record] of Object.entries(records(identity, { dev, ino })))
        place.write(`${RUN}/${name}`, JSON.stringify(record))
      for (const [tool, args] of [
        ['list_runs', {}],
        ['get_run', { run: '0001/exp-001-forest' }],
        ['stop_run', { run: '0001/exp-001-forest' }],
      ] as const) {
        const { reply } = await (await place.wire()).call(tool, args)
        if (reply.result?.isError) expectRefusal(reply.result.structuredContent)
      }
      await sleep(300)
      expect(ended).toEqual([])
    } finally {
      await place.settled()
      place.restore(before)
    }
  })
})
