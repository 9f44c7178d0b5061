import { expect, it } from 'vitest'
import type { Measurement, Split } from '../../src/core/measurement.ts'
import { tooGoodOnValidation } from '../../src/increments/too-good.ts'

const measured = (name: string, split: Split, value: number, ci?: [number, number]): Measurement => ({
  name,
  split,
  source: 'measured',
  grade: split === 'test' ? 'sealed' : 'open',
  value,
  ...(ci ? { ci } : {}),
})
const said = (...metrics: Measurement[]) =>
  tooGoodOnValidation({ run: '0042/exp-003-forest', metrics }).join()

it('a perfect number on validation is asked about', () => {
  expect(said(measured('accuracy', 'validation', 1), measured('rmse', 'validation', 0))).toContain(
    'exp-003-forest is perfect on validation (accuracy, rmse): was it trained on it?',
  )
  expect(said(measured('accuracy', 'train', 1), measured('accuracy', 'test', 1))).toBe('')
  expect(said(measured('coverage@10', 'validation', 1))).toBe('')
  expect(said({ ...measured('accuracy', 'validation', 1), source: 'reported' })).toBe('')
})

it('so is a nearly perfect one that is no worse than on train', () => {
  const validation = measured('roc_auc', 'validation', 0.9985, [0.997, 0.9995])
  expect(said(measured('roc_auc', 'train', 0.9999), validation)).toBe('')
  expect(said(measured('roc_auc', 'train', 0.9993), validation)).toContain(
    'is nearly perfect on validation (roc_auc), and no worse there than on train: was it trained on it?',
  )
  expect(said(measured('roc_auc', 'train', 0.97), measured('roc_auc', 'validation', 0.971))).toBe('')
  // A class of 99.9 % of the rows makes any rule look so.
  expect(said(measured('accuracy', 'train', 0.999), measured('accuracy', 'validation', 0.999))).toBe('')
})
