import { expect, it } from 'vitest'
import { readLedger, withLedger } from '../../src/evidence/ledger.ts'
import { looksUsed, takeLook } from '../../src/evidence/looks.ts'
import { triesOf } from '../../src/evidence/tries.ts'
import { sandbox } from './fixtures/sandbox.ts'

it('looks are of labels: the same ones under another evaluator have no budget of their own', async () => {
  const { workspace } = sandbox()
  const [first, second, other] = ['a', 'b', 'c'].map((letter) => letter.repeat(64)) as [
    string,
    string,
    string,
  ]
  await withLedger(workspace, (_ledger, append) => {
    append('dataset.registered', { dataset: 'churn@1', dataset_hash: first, labels_sha256: 'same' })
    append('dataset.registered', { dataset: 'churn@2', dataset_hash: second, labels_sha256: 'same' })
    append('dataset.registered', { dataset: 'churn@3', dataset_hash: other, labels_sha256: 'other' })
  })
  const look = (datasetHash: string, predictionsSha256: string) =>
    takeLook(workspace, {
      increment: '0001',
      dataset: 'churn',
      datasetHash,
      run: '0001/exp-001-a',
      predictionsSha256,
      budget: 2,
    })
  expect(await look(first, 'p1')).toMatchObject({ look: 1, repeated: false })
  expect(looksUsed(workspace, '0001', second)).toBe(1)
  // The same predictions, and another evaluator that says something new of the labels.
  expect(await look(second, 'p1')).toMatchObject({ look: 2, repeated: false })
  expect(await look(first, 'p1')).toMatchObject({ look: 1, repeated: true })
  await expect(look(second, 'p2')).rejects.toMatchObject({ code: 'LOOKS_SPENT' })
  expect(await look(other, 'p2')).toMatchObject({ look: 1 })

  await withLedger(workspace, (_ledger, append) =>
    append('evidence.recorded', { run: '0001/exp-001-a', dataset_hash: first, splits: { validation: 'x' } }),
  )
  expect(triesOf(readLedger(workspace), '0001', second).size).toBe(1)
  expect(triesOf(readLedger(workspace), '0001', other).size).toBe(0)
})
