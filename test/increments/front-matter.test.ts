import { describe, expect, it } from 'vitest'
import { Refusal } from '../../src/core/errors.ts'
import { parseSpec, updateFrontMatter } from '../../src/increments/front-matter.ts'

// the example of contracts.md
const SPEC = `---
increment: 0042-recommendation-model
title: "Recommendation model"
type: feature
priority: P1
status: active
created: 2026-11-21
structure: user-stories
ml:
  problem: {type: recommendation, input: user behaviour history, output: top-N products}
  dataset: interactions@1
  candidate: null                                   # the run that is judged
  success:
    - {metric: precision@10, op: ">", value: 0.25, split: test}
    - {metric: latency_p99_ms, op: "<", value: 100}
  baseline: {metric: precision@10, lift: 0.20, over: best}
  looks: 3                                          # at the sealed test set
  requires: [baseline]                              # words
  sign_off: {by: null, at: null}                    # a person
---

# Body \t with   spaces
\u00e4 ---
no final newline`

function problemOf(text: string): string {
  try {
    parseSpec(text, 'spec.md')
  } catch (thrown) {
    if (thrown instanceof Refusal) {
      expect(thrown.code).toBe('SPEC_INVALID')
      return thrown.message
    }
    throw thrown
  }
  throw new Error('was not refused')
}

describe('the front matter of spec.md', () => {
  it('reads the example of the contracts', () => {
    const { front, body } = parseSpec(SPEC, 'spec.md')
    expect(front.ml.success[0]).toEqual({ metric: 'precision@10', op: '>', value: 0.25, split: 'test' })
    expect(front.ml.baseline).toEqual({ metric: 'precision@10', lift: 0.2, over: 'best' })
    expect(front.ml.dataset).toBe('interactions@1')
    expect(body.endsWith('no final newline')).toBe(true)
  })

  it.each([
    ['requires: [baseline]', 'requires: [baseline, tuning]', /spec\.md:18:24: .*"tuning" is not a word/],
    ['looks: 3', 'looks: 0', /spec\.md:17:10: ml\.looks/],
    ['looks: 3', 'loks: 3', /spec\.md:17:3: ml\.loks is not a key/],
    ['op: ">"', 'op: "="', /spec\.md:14:34: ml\.success\.0\.op/],
    ['value: 0.25', 'value: 25', /spec\.md:14:46: .*0\.25/],
    ['value: 0.25', 'value: much', /spec\.md:14:46/],
    ['type: recommendation,', 'type: clustering,', /spec\.md:10:19: ml\.problem\.type/],
    ['dataset: interactions@1', 'dataset: interactions', /spec\.md:11:12: .*churn@1/],
    ['candidate: null', 'candidate: best', /spec\.md:12:14/],
    ['title: "Recommendation model"', 'title: "Recommendation', /spec\.md:\d+:\d+/],
    ['status: active', 'status: [active', /spec\.md:\d+:\d+/],
    ['ml:\n', 'mll:\n', /ml is missing/],
    ['increment: 0042', 'increment : 0042', undefined],
  ])('%s -> %s', (before, after, expected) => {
    const text = SPEC.replace(before, after)
    if (expected) expect(problemOf(text)).toMatch(expected)
    else parseSpec(text, 'spec.md')
  })

  it('refuses a metric that the problem does not have, and names those that it has', () => {
    const refused = (type: string, metric: string): [string, string] => {
      const text = SPEC.replace('type: recommendation', `type: ${type}`).replace(
        '{metric: precision@10, op: ">", value: 0.25',
        `{metric: ${metric}, op: ">", value: 0.25`,
      )
      try {
        parseSpec(text, 'spec.md')
      } catch (thrown) {
        if (thrown instanceof Refusal) return [thrown.code, thrown.message]
      }
      return ['', '']
    }
    for (const [type, metric, fits] of [
      ['recommendation', 'roc_auc', 'ndcg@10'],
      ['recommendation', 'recall', 'recall@10'],
      ['time_series', 'f1', 'mase'],
      ['time_series', 'ndcg@10', 'mase'],
      ['regression', 'accuracy', 'rmse'],
    ] as const) {
      const [code, message] = refused(type, metric)
      expect(code).toBe('CRITERION_INVALID')
      expect(message).toMatch(/^spec\.md:\d+:\d+: /)
      expect(message).toContain(fits)
    }
    expect(refused('recommendation', 'ndcg@10')[0]).toBe('')
    expect(refused('recommendation', 'roc_auc, opp: 1')[0]).toBe('SPEC_INVALID')
  })

  it('asks for the fences', () => {
    expect(problemOf('# No front matter\n')).toMatch(/spec\.md:1:1/)
    expect(problemOf('---\nincrement: x\n')).toMatch(/no closing/)
  })

  it('changes one value and keeps every other byte', () => {
    const updated = updateFrontMatter(SPEC, 'spec.md', [
      { path: ['ml', 'candidate'], value: '0042/exp-003-xgboost' },
      { path: ['ml', 'dataset'], value: 'interactions@2' },
    ])
    expect(updated).toBe(
      SPEC.replace('candidate: null', 'candidate: 0042/exp-003-xgboost').replace(
        'interactions@1',
        'interactions@2',
      ),
    )
  })

  it('keeps Windows line ends, a byte order mark and comments', () => {
    const windows = `\uFEFF${SPEC.replaceAll('\n', '\r\n')}`
    const updated = updateFrontMatter(windows, 'spec.md', [{ path: ['status'], value: 'paused' }])
    expect(updated).toBe(windows.replace('status: active', 'status: paused'))
  })

  it('adds what is missing and keeps the comments', () => {
    const without = SPEC.replace('  dataset: interactions@1\n', '')
    const updated = updateFrontMatter(without, 'spec.md', [
      { path: ['ml', 'dataset'], value: 'interactions@1' },
    ])
    expect(parseSpec(updated, 'spec.md').front.ml.dataset).toBe('interactions@1')
    expect(updated).toContain('# the run that is judged')
    expect(parseSpec(updated, 'spec.md').body).toBe(parseSpec(SPEC, 'spec.md').body)
  })

  it('fills an empty value', () => {
    const empty = SPEC.replace('dataset: interactions@1', 'dataset:')
    const updated = updateFrontMatter(empty, 'spec.md', [
      { path: ['ml', 'dataset'], value: 'interactions@1' },
    ])
    expect(updated).toBe(SPEC)
  })

  it('refuses a change that would make it invalid', () => {
    expect(() => updateFrontMatter(SPEC, 'spec.md', [{ path: ['ml', 'looks'], value: -1 }])).toThrow(Refusal)
  })
})
