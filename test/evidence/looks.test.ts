import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readLedger } from '../../src/evidence/ledger.ts'
import { looksUsed, returnLook, takeLook } from '../../src/evidence/looks.ts'
import { bundle, start } from './fixtures/bundle.ts'
import { sandbox } from './fixtures/sandbox.ts'

const HASH = 'd'.repeat(64)
const request = (predictionsSha256: string, budget = 2) => ({
  increment: '0001',
  dataset: 'churn@1',
  datasetHash: HASH,
  run: `0001/exp-001-${predictionsSha256}`,
  predictionsSha256,
  budget,
})

describe('looks', () => {
  it('are counted, and the same predictions are the same look', async () => {
    const { workspace } = sandbox()
    expect(await takeLook(workspace, request('p1'))).toEqual({ look: 1, used: 1, budget: 2, repeated: false })
    expect(await takeLook(workspace, request('p1'))).toEqual({ look: 1, used: 1, budget: 2, repeated: true })
    expect(await takeLook(workspace, request('p2'))).toMatchObject({ look: 2, used: 2 })
    await expect(takeLook(workspace, request('p3'))).rejects.toMatchObject({
      code: 'LOOKS_SPENT',
      message: expect.stringContaining('2 of 2 looks'),
    })
    expect(await takeLook(workspace, request('p2'))).toMatchObject({ look: 2, repeated: true })
    expect(looksUsed(workspace, '0001', HASH)).toBe(2)
    expect(looksUsed(workspace, '0002', HASH)).toBe(0)
    expect(looksUsed(workspace, '0001', 'e'.repeat(64))).toBe(0)
    expect(readLedger(workspace).lines.map(({ event }) => event)).toEqual(['look.taken', 'look.taken'])
  })

  it('that were returned do not count, and say so', async () => {
    const { workspace } = sandbox()
    await takeLook(workspace, request('p1', 1))
    await returnLook(workspace, request('p1', 1), 'PREDICTIONS_INVALID')
    expect(looksUsed(workspace, '0001', HASH)).toBe(0)
    expect(await takeLook(workspace, request('p2', 1))).toMatchObject({ look: 1 })
    expect(readLedger(workspace).lines).toHaveLength(3)
  })

  it('do not come back when the ledger is shortened or changed', async () => {
    const { workspace } = sandbox()
    await takeLook(workspace, request('p1', 1))
    const [name = ''] = readdirSync(workspace.layout.ledger).filter((each) => each.endsWith('.jsonl'))
    const path = join(workspace.layout.ledger, name)
    const text = readFileSync(path, 'utf8')
    for (const changed of [
      '',
      text.replace('"0001"', '"0009"'),
      text.replace('look.taken', 'gate.decided'),
    ]) {
      writeFileSync(path, changed)
      await expect(takeLook(workspace, request('p2', 1))).rejects.toMatchObject({ code: 'LOOKS_SPENT' })
    }
  })

  it('asked for by four processes at once stay within the budget', async () => {
    const { workspace } = sandbox()
    const program = await bundle('take-looks.ts')
    const runs = ['a', 'b', 'c', 'd'].map((name) => start(program, [workspace.root, '5', name, '4']))
    const answers = (await Promise.all(runs.map((run) => run.output))).join('').trim().split('\n')
    expect(answers.filter((answer) => answer.startsWith('look')).sort()).toEqual(
      [1, 2, 3, 4, 5].map((n) => `look ${n}`),
    )
    expect(answers.filter((answer) => answer === 'LOOKS_SPENT')).toHaveLength(11)
  })
})
