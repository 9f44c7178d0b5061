import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { LabClient } from '../../src/adapters/lab/process.ts'
import { processStartTime } from '../../src/adapters/process/identity.ts'
import { until } from '../support/until.ts'
import { bundle, start } from './fixtures/bundle.ts'
import { sandbox } from './fixtures/sandbox.ts'

const STUB = join(import.meta.dirname, 'fixtures', 'stub-lab.mjs')
const clients: LabClient[] = []

function client(): { lab: LabClient; starts: () => number; folder: string } {
  const { folder } = sandbox()
  const log = join(folder, 'starts')
  vi.stubEnv('STUB_STARTS', log)
  mkdirSync(join(folder, 'lab'))
  const lab = new LabClient(async () => ({ folder: join(folder, 'lab'), python: STUB, version: '3.11' }))
  clients.push(lab)
  const starts = () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').length : 0)
  return { lab, starts, folder }
}

afterEach(async () => {
  for (const lab of clients.splice(0)) await lab.close()
})

/** Waits until the lab's process has ended, whether its client has heard of it or not. */
async function gone({ pid }: LabClient): Promise<void> {
  await until('its end', () => processStartTime(pid ?? 0) === undefined)
}

describe('the lab process', () => {
  it('is started when first asked, and answers everybody from one process', async () => {
    const { lab, starts } = client()
    expect(starts()).toBe(0)
    const answers = await Promise.all([1, 2, 3].map((n) => lab.request('echo', { n })))
    expect(answers).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }])
    expect(starts()).toBe(1)
  })

  it('imports nothing from the working folder', async () => {
    const { lab, folder } = client()
    const where = await lab.request<Record<string, string>>('where', {})
    expect(where).toMatchObject({ cwd: join(folder, 'lab'), safe: '1' })
    expect(where.pythonpath).toMatch(/python\/lab$/)
  })

  it('tells its progress', async () => {
    const { lab } = client()
    const told: unknown[] = []
    const progress = (message: string, fraction?: number) => told.push([message, fraction])
    await lab.request('slow', { ms: 1, steps: 2 }, { progress })
    expect(told).toEqual([
      ['step 1', 0.5],
      ['step 2', 1],
    ])
  })

  it('hands on a refusal, and shows the last lines of a failure', async () => {
    const { lab } = client()
    await expect(lab.request('refuse', {})).rejects.toMatchObject({
      name: 'Refusal',
      code: 'DATASET_INVALID',
      invalid: [{ field: 'target', problem: 'is missing' }],
    })
    await expect(lab.request('fail', {})).rejects.toMatchObject({
      code: 'LAB_FAILED',
      message: expect.stringMatching(/too bad[\s\S]*last lines[\s\S]*Traceback/),
    })
    expect(await lab.request('echo', { on: true })).toEqual({ on: true })
  })

  it('ignores what is no answer of its', async () => {
    const { lab } = client()
    expect(await lab.request('noise', {})).toHaveProperty('pid')
  })

  it('that dies under a request is asked once more, then fails it, and is there again for the next', async () => {
    const { lab, starts } = client()
    await expect(lab.request('die', {})).rejects.toMatchObject({
      code: 'LAB_FAILED',
      message: expect.stringMatching(/ended by SIGKILL[\s\S]*Segmentation fault/),
    })
    expect(await lab.request('echo', { n: 1 })).toEqual({ n: 1 })
    expect(starts()).toBe(3)
  })

  it('that ended between requests is started again without a word', async () => {
    const { lab, starts } = client()
    await lab.request('leave', {})
    await gone(lab)
    expect(await lab.request('echo', { n: 1 })).toEqual({ n: 1 })
    process.kill(lab.pid ?? 0, 'SIGKILL')
    await gone(lab)
    expect(await lab.request('echo', { n: 2 })).toEqual({ n: 2 })
    expect(starts()).toBe(3)
  })

  it('that leaves in the moment in which it is asked is asked again', async () => {
    const { lab } = client()
    for (let i = 0; i < 5; i++) {
      await lab.request('leave', {})
      await sleep(15 + 2 * i)
      expect(await lab.request('echo', { i })).toEqual({ i })
      await sleep(60)
    }
  })

  it('is ended where it does not answer in time, and others are answered', async () => {
    const { lab } = client()
    const hung = lab.request('slow', { ms: 60_000 }, { timeoutS: 0.3 })
    const behind = lab.request('echo', { n: 1 })
    await expect(hung).rejects.toMatchObject({
      code: 'LAB_FAILED',
      message: expect.stringContaining('within 0.3 s'),
    })
    expect(await behind).toEqual({ n: 1 })
  })

  it('stops work that nobody waits for, and lets those who wait in line leave', async () => {
    const { lab, starts } = client()
    const [first, second] = [new AbortController(), new AbortController()]
    const running = lab.request('slow', { ms: 60_000 }, { signal: first.signal })
    const queued = lab.request('echo', {}, { signal: second.signal })
    await until('the first to be taken up', () => starts() === 1)
    second.abort(new Error('gave up'))
    await expect(queued).rejects.toThrow('gave up')
    const { pid } = lab
    first.abort(new Error('gave up too'))
    await expect(running).rejects.toThrow('gave up too')
    expect(processStartTime(pid ?? 0)).toBeUndefined()
    expect(await lab.request('echo', { n: 1 })).toEqual({ n: 1 })
  })

  it('that cannot be started is a failure with its reason', async () => {
    const lab = new LabClient(async () => ({
      folder: sandbox().folder,
      python: '/nowhere/python',
      version: '3.11',
    }))
    await expect(lab.request('echo', {})).rejects.toMatchObject({
      code: 'LAB_FAILED',
      message: expect.stringContaining('could not be started'),
    })
  })

  it('neither keeps its parent alive nor outlives it', async () => {
    const { folder } = sandbox()
    vi.stubEnv('STUB_STARTS', join(folder, 'starts'))
    const program = await bundle('ask-lab.ts')
    const text = await start(program, [STUB, 'slow', '{"ms":300}']).output
    expect(text).toContain('{"slept":300}')
    const killed = start(program, [STUB, 'slow', '{"ms":60000}'])
    const labs = () => readFileSync(join(folder, 'starts'), 'utf8').trim().split('\n').map(Number)
    await until('the second lab', () => labs().length === 2)
    killed.child.kill('SIGKILL')
    await killed.output
    await until('the end of both labs', () => labs().every((pid) => processStartTime(pid) === undefined))
  })
})
