import { describe, expect, it } from 'vitest'
import { METRICS, metricDirection, metricInfo } from '../../src/core/metrics.ts'

describe('metrics', () => {
  it.each([
    ['accuracy', 'maximize'],
    ['rmse', 'minimize'],
    ['precision@10', 'maximize'],
    ['latency_p99_ms', 'minimize'],
    ['throughput_rps', 'maximize'],
    ['val_loss', 'minimize'],
    ['val_accuracy', 'maximize'],
    ['word_error', 'minimize'],
    ['lossless', undefined],
    ['', undefined],
    ['__proto__', undefined],
    ['constructor@3', undefined],
  ] as const)('%s: %s', (name, direction) => {
    expect(metricDirection(name)).toBe(direction)
  })

  it('takes a list metric for recommendation, whatever it is called like', () => {
    expect(metricInfo('precision')?.family).toBe('classification')
    expect(metricInfo('precision@10')?.family).toBe('recommendation')
    expect(metricInfo('ndcg@5')?.family).toBe('recommendation')
  })

  it('names every metric in lower case, with a label and a direction that its name gives too', () => {
    for (const [name, { label, direction }] of Object.entries(METRICS)) {
      expect(name).toMatch(/^[a-z][a-z0-9_]*$/)
      expect(label).not.toBe('')
      expect(metricDirection(name)).toBe(direction)
    }
  })

  // Names of scikit-learn's scorers, which are larger for a smaller loss.
  it.each(['neg_log_loss', 'neg_mean_squared_error', 'neg_root_mean_squared_error'])(
    '%s is maximized',
    (name) => {
      expect(metricDirection(name)).toBe('maximize')
    },
  )
})
