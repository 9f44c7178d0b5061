import { mkdtempSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PROGRAM } from '../hosts/mcp-client.ts'
import { removeFolder } from '../support/remove-folder.ts'

type Reply = { action: 'accept' | 'decline' | 'cancel'; content?: Record<string, string> }

let base: string
let client: Client
let questions: string[]
let reply: () => Promise<Reply> | Reply

beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'specweave-ml-approvals-')))
  questions = []
  reply = () => ({ action: 'cancel' })
})
afterEach(async () => {
  await client.close()
  await removeFolder(base)
})

async function open(
  capabilities: { elicitation?: { form?: Record<string, never> } },
  config = '',
): Promise<void> {
  client = new Client({ name: 'test', version: '1' }, { capabilities })
  if (capabilities.elicitation)
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
      questions.push(params.message)
      return reply()
    })
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [PROGRAM, 'serve', '--workspace', base],
      env: {
        PATH: process.env.PATH ?? '',
        HOME: base,
        SPECWEAVE_STATE_DIR: join(base, 'state'),
        SPECWEAVE_LAB_DIR: process.env.SPECWEAVE_LAB_DIR ?? '',
      },
    }),
  )
  await call('create_increment', { title: 'trial', problem_type: 'classification' })
  if (config) writeFileSync(join(base, '.specweave/ml.yaml'), `id: approvals\n${config}`)
}

interface Answer {
  isError?: boolean
  code?: string
  checks: { id: string; status: string; message: string }[]
  state?: string
}

async function call(name: string, args: object, signal?: AbortSignal): Promise<Answer> {
  const result = await client.callTool({ name, arguments: args as never }, undefined, { signal })
  return { isError: result.isError === true, ...(result.structuredContent as unknown as Answer) }
}

const status = ({ checks }: Answer, id: string) => checks.find((check) => check.id === id)?.status

const approvals = () =>
  readdirSync(join(base, '.specweave/ledger'))
    .filter((file) => file.endsWith('.jsonl'))
    .flatMap((file) =>
      readFileSync(join(base, '.specweave/ledger', file), 'utf8')
        .trim()
        .split('\n'),
    )
    .map((line) => JSON.parse(line) as { event: string; data: Record<string, unknown> })
    .filter(({ event }) => event === 'approval.given')
    .map(({ data }) => data)

describe('a person at the client', () => {
  it('confirms proposed criteria and waives a check with a reason; a refusal and a turned away form do nothing', async () => {
    await open({ elicitation: { form: {} } })
    const ask = (...checks: string[]) => call('validate_increment', { increment: '0001', ask: checks })
    reply = () => ({ action: 'decline' })
    expect(status(await ask('criteria.confirmed'), 'criteria.confirmed')).toBe('missing')
    reply = () => ({ action: 'accept', content: { decision: 'refuse' } })
    expect(status(await ask('criteria.confirmed'), 'criteria.confirmed')).toBe('missing')
    reply = () => ({ action: 'accept', content: { decision: 'approve' } })
    expect(status(await ask('criteria.confirmed'), 'criteria.confirmed')).toBe('pass')
    // A waiver without a reason is none.
    expect(status(await ask('baseline.lift'), 'baseline.lift')).toBe('missing')
    reply = () => ({ action: 'accept', content: { decision: 'approve', reason: 'it is a pilot' } })
    const waived = await ask('baseline.lift')
    expect(waived.checks.find(({ id }) => id === 'baseline.lift')).toMatchObject({
      status: 'waived',
      message: expect.stringMatching(/elicitation.*it is a pilot/),
    })
    expect(approvals()).toMatchObject([
      { kind: 'criteria', via: 'elicitation' },
      { kind: 'waiver', check: 'baseline.lift', reason: 'it is a pilot', via: 'elicitation' },
    ])
    expect(questions).toHaveLength(5)
    expect(questions.at(-1)).toContain('baseline.lift')
    expect(await ask('test.looked')).toMatchObject({ isError: true, code: 'INPUT_INVALID' })
    expect(questions).toHaveLength(5)
  })

  it('who answers late is heard: the check waits until then, and is not asked twice', async () => {
    await open({ elicitation: {} })
    let answer: (given: Reply) => void = () => {}
    reply = () => new Promise<Reply>((resolve) => (answer = resolve))
    const leaving = new AbortController()
    const first = call('validate_increment', { increment: '0001', ask: ['baseline.lift'] }, leaving.signal)
    await expect.poll(() => questions.length, { timeout: 100_000 }).toBe(1)
    const again = { increment: '0001', ask: ['baseline.lift'] }
    expect(status(await call('validate_increment', again), 'baseline.lift')).toBe('pending_approval')
    expect(questions).toHaveLength(1)
    leaving.abort()
    await expect(first).rejects.toThrow()
    answer({ action: 'accept', content: { decision: 'approve', reason: 'late, and still' } })
    await expect.poll(approvals, { timeout: 100_000 }).toMatchObject([{ reason: 'late, and still' }])
    expect(status(await call('validate_increment', { increment: '0001' }), 'baseline.lift')).toBe('waived')
  })

  it('is asked before anything is trained, where ml.yaml says so', async () => {
    await open({ elicitation: { form: {} } }, 'sign_off: true\n')
    const train = () =>
      call('run_experiment', { increment: '0001', name: 'try', command: ['true'], wait_s: 20 })
    expect(await train()).toMatchObject({ isError: true, code: 'SIGN_OFF_MISSING' })
    reply = () => ({ action: 'accept', content: { decision: 'approve' } })
    expect(await train()).toMatchObject({ isError: false, state: 'succeeded' })
    const checked = await call('validate_increment', { increment: '0001' })
    expect(status(checked, 'sign_off')).toBe('pass')
    const spec = readdirSync(join(base, '.specweave/increments')).map((name) =>
      readFileSync(join(base, '.specweave/increments', name, 'spec.md'), 'utf8'),
    )
    expect(spec[0]).toMatch(/sign_off:\s+by: \S+\s+at: \d{4}-/)
    // Other criteria were not signed.
    expect(questions).toHaveLength(2)
  })
})

it('a client that cannot ask is told what a person types', async () => {
  await open({}, 'sign_off: true\n')
  for (const answer of [
    await call('validate_increment', { increment: '0001', ask: ['baseline.lift'] }),
    await call('run_experiment', { increment: '0001', name: 'try', command: ['true'] }),
  ]) {
    expect(answer.isError).toBe(true)
    expect(JSON.stringify(answer)).toContain(' approve 0001')
  }
  expect(status(await call('validate_increment', { increment: '0001' }), 'sign_off')).toBe('missing')
})
