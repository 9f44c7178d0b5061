import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Product } from './product.ts'

let product: Product
beforeEach(async () => {
  product = new Product('id: closed\n')
  for (const title of ['first', 'second'])
    await product.call('create_increment', {
      title,
      problem_type: 'classification',
      success_metrics: ['f1 > 0.6'],
    })
  for (const increment of ['0002', '0001'])
    await product.complete({ increment, outcome: 'not_passed', reason: 'no data' })
})
afterEach(() => product.dispose())

describe('where every increment is closed', () => {
  it('calls that only show are given the one worked on last, and say which', async () => {
    const note = expect.stringMatching(/^No increment is active; .*0001-first \(abandoned\)/)
    const shown = await product.call('get_increment')
    expect(shown).toMatchObject({ increment: '0001', status: 'abandoned', note })
    expect(shown.next).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ tool: 'create_increment' }),
        expect.objectContaining({ tool: 'get_increment', arguments: { increment: '0002' } }),
      ]),
    )
    expect(await product.call('get_increment', { increment: '0001' })).not.toHaveProperty('note')
    expect(await product.call('compare_runs')).toMatchObject({ metric: 'f1', warnings: [note] })
    const issue = await product.call('create_issue')
    expect(issue).toMatchObject({ increment: '0001', outcome: 'written', notes: [note, expect.anything()] })
    expect(issue.next).toMatchObject([{ tool: 'create_issue', arguments: { increment: '0001' } }])
  })

  it('calls that would change one are refused, and name it', async () => {
    const last = { tool: 'get_increment', arguments: { increment: '0001' } }
    const another = { tool: 'create_increment' }
    for (const [tool, args, way] of [
      ['run_experiment', { name: 'a', command: ['true'] }, another],
      ['run_baselines', {}, another],
      ['validate_increment', {}, last],
      ['complete_increment', {}, last],
    ] as const) {
      const { code, message, next } = await product.refusal(tool, args)
      expect([tool, code, message]).toEqual([
        tool,
        'INCREMENT_UNKNOWN',
        expect.stringContaining('0001-first'),
      ])
      expect(next).toMatchObject([way])
    }
  })
})
