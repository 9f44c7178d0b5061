import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Claim } from '../../src/runs/record.ts'
import { kill, works } from '../support/processes.ts'
import { Scene } from './scene.ts'
import type { Server } from './server.ts'

let scene: Scene
let server: Server
beforeAll(async () => {
  scene = new Scene('id: waiting\nlimits: {cpus: 2}\n')
  server = await scene.server()
})
afterAll(() => scene.dispose())

let number = 0
const known = new Set<number>()
/** Carries a short run, and tells which supervisor had it. */
async function carried(by: Server = server, command = 'true'): Promise<Claim> {
  const { run, folder } = await scene.submit(by, {
    name: `short-${++number}`,
    // An equal request is answered by the earlier run.
    params: { number },
    command,
  })
  expect(await scene.ended(by, run)).toMatchObject({ state: 'succeeded' })
  expect(readdirSync(folder).filter((name) => name.startsWith('claim-'))).toEqual(['claim-1.json'])
  const claim = await scene.claim(folder)
  known.add(claim.pid)
  return claim
}

/** @returns one that waits for its next run. */
async function waits(): Promise<Claim> {
  const claim = await carried()
  await scene.until('a supervisor that waits', () => !works(claim.pid))
  return claim
}

describe('a supervisor whose runs have ended', () => {
  test('waits, and carries the next run of the server that started it', async () => {
    const { pid } = await waits()
    expect((await carried()).pid).toBe(pid)
  })

  test('hands none of its own descriptors to the command', async () => {
    const folder = join(scene.base, 'descriptors')
    await carried(server, `ls -l /proc/self/fd > ${folder}`)
    expect(scene.lines(folder).filter((line) => line.includes('socket:'))).toEqual([])
  })

  test('is replaced where it was killed, or stands still', async () => {
    for (const signal of ['SIGKILL', 'SIGSTOP'] as const) {
      const first = await waits()
      kill(first.pid, signal)
      for (let i = 0; i < 3; i++) expect((await carried()).pid).not.toBe(first.pid)
      kill(first.pid)
    }
  })

  test('keeps its settings, so a changed ml.yaml is for another', async () => {
    await waits()
    const before = new Set(known)
    writeFileSync(join(scene.root, '.specweave/ml.yaml'), 'format: 1\nid: waiting\nlimits: {cpus: 1}\n')
    expect(before).not.toContain((await carried()).pid)
  })

  test.each(['closed', 'killed'])('leaves when the server is %s', async (how) => {
    const other = await scene.server()
    const supervisor = await carried(other)
    expect(existsSync(`/proc/${supervisor.pid}`)).toBe(true)
    if (how === 'closed') await other.close()
    else kill(other.pid)
    await scene.gone(supervisor, 'the supervisor')
  })
})
