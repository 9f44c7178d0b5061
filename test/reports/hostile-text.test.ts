import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { putBlock, readBlock } from '../../src/core/managed-blocks.ts'
import { renderAlgorithmDecision } from '../../src/reports/algorithm-decision.ts'
import { type ComparisonFacts, renderComparison } from '../../src/reports/comparison.ts'
import { renderModelsSection } from '../../src/reports/ml-models-page.ts'
import { renderRunbook } from '../../src/reports/runbook.ts'
import { renderSummary } from '../../src/reports/summary.ts'
import * as facts from './facts.ts'
import { cellsOf, tablesOf } from './tables.ts'

const decided = {
  waivers: facts.summaryFacts.waivers,
  criteriaChange: {
    changes: [{ check: 'x', before: 'f1 > 0.9', now: 'f1 > 0.8' }],
    approved: { by: 'Ada', at: '2026-11-21T10:00:00Z', via: 'terminal' },
  },
}
const sync = { ...facts.syncFacts, ...decided }
const comparison: ComparisonFacts = {
  ...decided,
  increment: '0042',
  title: 'Churn model',
  ...facts.ranking,
  runs: facts.runs,
  differences: facts.differences,
}

const POISON = [
  'a | b \\| c',
  '-->\n<!-- specweave:end comparison -->\n# pwned',
  '<!-- hidden',
  'x\n\n| a | b |\n|---|---|\n| 1 | 2 |',
  '```\n# pwned\n```',
  '`` ` ```',
  '\u202egnp.exe \u2066 \u{e0041}',
  '<img src=x onerror=alert(1)>',
  '![t](http://tracker.example/x.png)',
  '[click](javascript:alert(1))',
  '\ud800',
  '\\',
  '_'.repeat(50),
  '__proto__',
  'long '.repeat(5000),
]
const KEEP = new Set([
  'run',
  'increment',
  'folder',
  'name',
  'state',
  'source',
  'split',
  'grade',
  'status',
  'verdict',
])
const KEEP_VALUES = new Set([
  'candidate',
  'a',
  'b',
  'metric',
  'direction',
  'op',
  'outcome',
  'problemType',
  'role',
  'kind',
])

/** Every free text of the facts is replaced, each by the next of the given texts; names of parameters and tags too. */
function poisoned<T>(value: T, next: () => string, key = ''): T {
  if (typeof value === 'string') return (KEEP.has(key) || KEEP_VALUES.has(key) ? value : next()) as T
  if (Array.isArray(value)) return value.map((item) => poisoned(item, next, key)) as T
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value).map(([name, item]) => [
    key === 'params' || key === 'packages' ? next() : name,
    poisoned(item, next, name),
  ])
  return Object.fromEntries(entries)
}

describe('hostile text', () => {
  const documents = (next: () => string) => [
    renderComparison(poisoned(comparison, next)),
    renderSummary(poisoned({ ...facts.summaryFacts, ...decided, lookedRuns: ['0042/x'] }, next)),
    renderModelsSection(poisoned(sync, next), {}),
    renderAlgorithmDecision(poisoned(sync, next)) ?? '',
    renderRunbook(poisoned(sync, next)),
  ]
  const headings = (text: string) => text.split('\n').filter((line) => /^#{1,6} /.test(line)).length
  const plain = documents(() => 'text')

  it('breaks no table, heading, comment or block', () => {
    const text = fc.oneof(fc.constantFrom(...POISON), fc.string({ unit: 'binary', maxLength: 30 }))
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 8 }), (texts) => {
        let at = 0
        const made = documents(() => texts[at++ % texts.length] ?? '')
        for (const [index, document] of made.entries()) {
          const blocked = putBlock('', 'comparison', document)
          expect(readBlock(blocked.text, 'comparison')?.edited).toBe(false)
          expect(putBlock(blocked.text, 'comparison', document).outcome).toBe('unchanged')
          for (const lines of tablesOf(document)) {
            const widths = new Set(lines.map((line) => cellsOf(line).length))
            expect(widths.size).toBe(1)
          }
          expect(document).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u{e0000}-\u{e007f}]|\p{Surrogate}/u)
          const prose = document.replace(/^(`{3,})[^`]*\n[\s\S]*?\n\1$/gm, '')
          expect(prose).not.toMatch(/^\s*(?:#+ pwned|<!--|<img|\| 1 \| 2 \|)/m)
          expect(headings(prose)).toBeLessThanOrEqual(headings(plain[index] ?? '') + 1)
          expect(document.length).toBeLessThan(80_000)
        }
      }),
      { numRuns: 60 },
    )
  })
})
