import { describe, expect, it } from 'vitest'
import { chooseOverSeeds, seedChoiceWords } from '../../src/core/seed-choice.ts'

/** Runs in the order they were made. */
const scored = (...runs: [run: string, value: number][]) =>
  runs.map(([run, value], place) => ({
    run: { run, created: `2026-01-01T00:00:${String(place).padStart(2, '0')}Z` },
    value,
  }))

describe('the run that stands for the best experiment', () => {
  const runs = scored(
    ['1/exp-001-forest/s1', 0.8],
    ['1/exp-001-forest/s2', 0.95],
    ['1/exp-001-forest/s10', 0.74],
    ['1/exp-002-boosting/s1', 0.88],
    ['1/exp-002-boosting/s2', 0.87],
  )

  it('is the first seed of the one with the best mean, not the luckiest of all seeds', () => {
    const choice = chooseOverSeeds(runs, 'maximize')!
    expect(choice.run.run).toBe('1/exp-002-boosting/s1')
    expect(seedChoiceWords(choice, String)).toBe(
      '1/exp-002-boosting has the best mean, 0.875 over 2 seeds; its first seed, 1/exp-002-boosting/s1, stands for it',
    )
  })

  it('is not the luckiest of its own seeds, whose luck is named', () => {
    const choice = chooseOverSeeds(runs.slice(0, 3), 'maximize')!
    expect(choice).toMatchObject({ run: { run: '1/exp-001-forest/s1' }, value: 0.8 })
    expect(seedChoiceWords(choice, (value) => value.toFixed(2))).toBe(
      '1/exp-001-forest has the best mean, 0.83 over 3 seeds; its first seed, 1/exp-001-forest/s1, stands for it. That 1/exp-001-forest/s2 came out at 0.95 is luck: the best of several seeds is chosen by chance',
    )
  })

  it('is the first of those that were made at once by the number of its seed', () => {
    const same = ['s10', 's2'].map((seed) => ({
      run: { run: `1/exp-001-a/${seed}`, created: 'now' },
      value: 1,
    }))
    expect(chooseOverSeeds(same, 'minimize')?.run.run).toBe('1/exp-001-a/s2')
  })

  it('is a run of one seed where it is better than every mean; of equal ones the earlier', () => {
    const alone = scored(
      ['1/exp-003-a', 2],
      ['1/exp-001-b/s1', 1],
      ['1/exp-001-b/s2', 3],
      ['1/exp-004-c', 1.5],
    )
    expect(chooseOverSeeds(alone, 'minimize')).toEqual(alone[3])
    expect(seedChoiceWords(alone[3]!, String)).toBeUndefined()
    expect(chooseOverSeeds(alone.slice(0, 3), 'minimize')?.run.run).toBe('1/exp-003-a')
    expect(chooseOverSeeds([], 'minimize')).toBeUndefined()
  })
})
