import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Refusal } from '../../src/core/errors.ts'
import { METRICS, metricInfo } from '../../src/core/metrics.ts'
import { parseCriterion } from '../../src/increments/criteria.ts'
import { readCriteria } from '../../src/increments/criteria-set.ts'

function shown(typed: string): string {
  return parseCriterion(typed)
    .map((parsed) =>
      parsed.kind === 'criterion'
        ? `${parsed.criterion.metric} ${parsed.criterion.op} ${parsed.criterion.value}${parsed.criterion.split ? ` ${parsed.criterion.split}` : ''}`
        : `${parsed.metric ?? '*'} ${JSON.stringify(parsed.phrase.amount)} over ${parsed.phrase.over}`,
    )
    .join('; ')
}

function refusal(call: () => unknown): Refusal {
  try {
    call()
  } catch (thrown) {
    if (thrown instanceof Refusal) return thrown
    throw thrown
  }
  throw new Error('was not refused')
}

describe('typed criteria', () => {
  it.each([
    ['precision@10 > 0.25', 'precision@10 > 0.25 test'],
    ['Precision@10 > 0.25', 'precision@10 > 0.25 test'],
    ['precision at 10 above 25%', 'precision@10 > 0.25 test'],
    ['accuracy >= 85%', 'accuracy >= 0.85 test'],
    ['precision_at_recall_0.90 >= 0.5', 'precision_at_recall_0.9 >= 0.5 test'],
    ['precision at 90% recall above 50%', 'precision_at_recall_0.9 > 0.5 test'],
    ['Recall at precision 0.99 >= 0.4', 'recall_at_precision_0.99 >= 0.4 test'],
    ['pinball_0.9 < 12', 'pinball_0.9 < 12 test'],
    ['quantile loss 0.05 below 3 on validation', 'pinball_0.05 < 3 validation'],
    ['pinball loss < 3', 'pinball_0.5 < 3 test'],
    ['latency < 100ms', 'latency_p99_ms < 100'],
    ['latency_p99_ms < 100', 'latency_p99_ms < 100'],
    ['<100ms inference', 'latency_p99_ms < 100'],
    ['Latency: <100ms inference', 'latency_p99_ms < 100'],
    ['p99 inference < 100 ms', 'latency_p99_ms < 100'],
    ['latency < 0.2 s at p95', 'latency_p95_ms < 200'],
    ['median latency < 20ms', 'latency_p50_ms < 20'],
    ['throughput 1000 req/sec', 'throughput_rps >= 1000'],
    ['p90 latency < 30ms', 'latency_p90_ms < 30'],
    ['batch latency < 1 s', 'latency_batch_p95_ms < 1000'],
    ['p99 batch latency < 200ms', 'latency_batch_p99_ms < 200'],
    ['predictions per second >= 500', 'throughput_rps >= 500'],
    ['model_size_bytes < 2 MB', 'model_size_bytes < 2097152'],
    ['memory usage < 300 MB', 'memory_mb < 300'],
    ['Throughput: 1,000 req/sec', 'throughput_rps >= 1000'],
    ['throughput_rps >= 1000', 'throughput_rps >= 1000'],
    ['RMSE < $50', 'rmse < 50 test'],
    ['RMSE < $5k', 'rmse < 5000 test'],
    ['R² > 0.8', 'r2 > 0.8 test'],
    ['99% precision target', 'precision >= 0.99 test'],
    ['F1-score above 0.7', 'f1 > 0.7 test'],
    ['F1 must be at least 70%', 'f1 >= 0.7 test'],
    ['AUC ≥ 0.85', 'roc_auc >= 0.85 test'],
    ['MAPE < 10%', 'mape < 0.1 test'],
    ['MAPE < 0.1', 'mape < 0.1 test'],
    ['log loss under 0.4', 'log_loss < 0.4 test'],
    ['model size < 50MB', 'model_size_mb < 50'],
    ['training time < 10 min', 'training_time_s < 600'],
    ['validation accuracy > 0.8', 'accuracy > 0.8 validation'],
    ['accuracy > 0.8 on the validation set', 'accuracy > 0.8 validation'],
    ['accuracy better than 0.8', 'accuracy >= 0.8 test'],
    ['precision@10 > 0.25, recall@10 > 0.15', 'precision@10 > 0.25 test; recall@10 > 0.15 test'],
    ['F1 above 0.7 and recall at least 60%', 'f1 > 0.7 test; recall >= 0.6 test'],
    ['churn_cost_eur < 5000', 'churn_cost_eur < 5000 test'],
    ['better than random by 3x', '* {"times":3} over random'],
    ['Accuracy: Better than random baseline by 3x', 'accuracy {"times":3} over random'],
    ['at least 20% better than the best baseline', '* {"share":0.2} over best'],
    ['New model must beat best baseline by 20%+', '* {"share":0.2} over best'],
    ['rmse 20% lower than naive', 'rmse {"share":0.2} over naive'],
  ])('%s', (typed, expected) => expect(shown(typed)).toBe(expected))

  it.each([
    ['MAPE < 10', /10%.*0\.1.*1000%/],
    ['accuracy > 85', /0\.85/],
    ['accuracy > 1', /never hold/],
    ['recall < 0.1', /worse model.*recall > 0\.1/],
    ['rmse > 50', /worse model/],
    ['accurcy > 0.8', /accuracy/],
    ['accuracy = 0.9', />=/],
    ['accuracy', /no number/],
    ['good model', /no number/],
    ['accuracy > abc', /not a number/],
    ['accuracy > 1e400', /not a number/],
    ['precision > 0,25', /0\.25/],
    ['rmse < 5%', /units of the target/],
    ['accuracy > 0.9 for class A', /class a/],
    ['0.9 > accuracy', /metric comes first/],
    ['0.5 < accuracy < 0.9', /more than once/],
    ['Explainability: Must explain top-3 recommendations', /no number/],
    ['latency < -5ms', /above 0/],
    ['precision@0 > 0.2', /no metric/],
    ['', /empty/],
    ['x'.repeat(300), /200 characters/],
  ])('refuses %s', (typed, problem) => {
    const refused = refusal(() => parseCriterion(typed, { field: 'success_metrics[0]' }))
    expect(refused.code).toBe('CRITERION_INVALID')
    expect(refused.invalid).toEqual([
      { field: 'success_metrics[0]', problem: expect.stringMatching(problem) },
    ])
    expect(refused.message).toContain('precision@10 > 0.25')
  })

  it('never throws anything but a refusal, whatever is typed', () => {
    const word = fc.constantFrom(
      'accuracy',
      'latency',
      '<',
      '>=',
      '10%',
      '0.3',
      'ms',
      'better',
      'than',
      'by',
      '@',
      'and',
      '$',
      ',',
      '²',
      ':',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(word, { maxLength: 8 }).map((words) => words.join(' ')),
        ),
        (typed) => {
          try {
            for (const parsed of parseCriterion(typed))
              if (parsed.kind === 'criterion') expect(Number.isFinite(parsed.criterion.value)).toBe(true)
          } catch (thrown) {
            expect(thrown).toBeInstanceOf(Refusal)
          }
        },
      ),
      { numRuns: 2000, seed: 7 },
    )
  })

  it('reads back every known metric in its own direction, with spaces, case and symbols as they come', () => {
    const metrics = Object.keys(METRICS).filter((name) => metricInfo(name)!.family !== 'cost')
    fc.assert(
      fc.property(
        fc.constantFrom(...metrics),
        fc.integer({ min: 1, max: 99 }),
        fc.boolean(),
        fc.constantFrom('', ' ', '  '),
        (metric, percent, upper, space) => {
          const op = metricInfo(metric)!.direction === 'maximize' ? '>=' : '<='
          const name = upper ? metric.toUpperCase().replaceAll('_', ' ') : metric
          const typed = `${name}${space}${op === '>=' ? '≥' : '≤'}${space}${percent / 100}`
          expect(shown(typed)).toBe(`${metric} ${op} ${percent / 100} test`)
        },
      ),
      { numRuns: 400, seed: 7 },
    )
  })

  it('takes a percentage for its fraction', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9999 }), (n) => {
        expect(shown(`accuracy > ${n / 100}%`)).toBe(`accuracy > ${Number((n / 10000).toPrecision(12))} test`)
      }),
      { numRuns: 200, seed: 7 },
    )
  })
})

describe('all criteria of a call', () => {
  it('turns the first seed into front matter values', () => {
    const set = readCriteria({
      problemType: 'recommendation',
      success: ['Precision@10 > 0.25, Recall@10 > 0.15', 'Accuracy: Better than random baseline by 3x'],
      constraints: ['Latency: <100ms inference', 'Throughput: 1000 req/sec'],
    })
    expect(set.success).toEqual([
      { metric: 'precision@10', op: '>', value: 0.25, split: 'test' },
      { metric: 'recall@10', op: '>', value: 0.15, split: 'test' },
      { metric: 'latency_p99_ms', op: '<', value: 100 },
      { metric: 'throughput_rps', op: '>=', value: 1000 },
    ])
    expect(set.baseline).toEqual({ metric: 'precision@10', lift: 2, over: 'random' })
    expect(set.notes.join(' ')).toContain('99th')
  })

  it('reads 3x of an error as a third', () => {
    const { baseline } = readCriteria({
      problemType: 'regression',
      success: ['rmse < 50', 'better than random by 3x'],
    })
    expect(baseline.over).toBe('random')
    expect(baseline.lift).toBeCloseTo(2 / 3, 10)
  })

  it('proposes where no sealed criterion was given', () => {
    const { success, baseline } = readCriteria({
      problemType: 'classification',
      constraints: ['latency < 100ms'],
    })
    expect(success.filter(({ proposed }) => proposed).map(({ metric }) => metric)).toEqual(['roc_auc', 'f1'])
    expect(baseline).toEqual({ metric: 'roc_auc', lift: 0.2, over: 'best' })
  })

  it.each([
    [
      { problemType: 'classification', success: ['rmse < 5'] },
      'success_metrics[0]',
      /classification is measured by/,
    ],
    [
      { problemType: 'regression', success: ['accuracy > 0.9'] },
      'success_metrics[0]',
      /regression is measured by/,
    ],
    [{ problemType: 'recommendation', success: ['precision > 0.2'] }, 'success_metrics[0]', /precision@10/],
    [
      { problemType: 'classification', success: ['f1 > 0.5', 'f1 > 0.6'] },
      'success_metrics[1]',
      /already asked/,
    ],
    [
      { problemType: 'classification', success: ['f1 > 0.5'], constraints: ['fast'] },
      'constraints[0]',
      /no number/,
    ],
    [
      { problemType: 'regression', success: ['rmse < 5', 'beats random by 100%'] },
      'success_metrics[1]',
      /less than 100/,
    ],
  ] as const)('refuses %j', (request, field, problem) => {
    const refused = refusal(() => readCriteria(request))
    expect(refused.invalid).toEqual([{ field, problem: expect.stringMatching(problem) }])
  })
})
