import type { Criterion } from '../core/criterion.ts'
import { code } from './markdown-text.ts'

/** `accuracy > 0.95` on test; a proposal that nobody confirmed is said to be one. */
export function criterionText({ metric, op, value, split, proposed }: Criterion): string {
  const where = split ? ` on ${split}` : ''
  return `${code(`${metric} ${op} ${value}`, 120)}${where}${proposed ? ' (proposed)' : ''}`
}
