import { describe, expect, it } from 'vitest'
import { insightId } from '../../src/memory/insight-files.ts'
import { tried } from '../../src/memory/tries.ts'
import { ftsQuery, tellingWords } from '../../src/memory/words.ts'

describe('the words that a text is about', () => {
  it('leaves out what every title has, and meets other forms of a word', () => {
    expect(tellingWords('Build a churn model')).toEqual(['churn'])
    expect(tellingWords('The customers churned, again')).toEqual(['customer', 'churn'])
    expect(tellingWords('train the new model on data')).toEqual([])
  })

  it('knows no accents, no case and no numbers alone, and keeps other scripts', () => {
    expect(tellingWords('Größe GROSSE 2026 漢')).toEqual(['große', 'gross', '漢'])
  })
})

describe('a search of FTS5', () => {
  it('quotes each word, so that nothing is an operator', () => {
    expect(ftsQuery('NEAR(loss* "x" ) AND rate:0.01')).toBe('"NEAR(loss*" OR """x""" OR "rate:0.01"')
  })

  it('asks for common words only where there are no others', () => {
    expect(ftsQuery('the model diverged')).toBe('"diverged"')
    expect(ftsQuery('the model')).toBe('"the" OR "model"')
  })

  it('is none where there is nothing to search for', () => {
    for (const text of ['', ' ', '"', '*()', '\0', '---']) expect(ftsQuery(text)).toBeUndefined()
  })
})

it('the same words are the same insight, however they are spaced', () => {
  expect(insightId('scale  the\n features ')).toBe(insightId('scale the features'))
  expect(insightId('scale the features')).not.toBe(insightId('Scale the features'))
})

describe('the same try', () => {
  const asked = {
    dataset: 'churn@1',
    name: 'exp-003-forest-r2',
    command: ['python', 'a.py'],
    cwd: '.',
    params: {},
  }

  it('is told from the number, the attempt, the version of the data and the folder of the increment', () => {
    const script = (folder: string) => ['python', `.specweave/increments/${folder}/scripts/train.py`]
    const first = tried({ ...asked, command: script('0001-churn'), params: { a: 1, b: 2 } })
    const second = { ...asked, dataset: 'churn@2', name: 'forest', command: script('0002-churn-again') }
    expect(tried({ ...second, params: { b: 2, a: 1 } })).toEqual(first)
  })

  it('is another with other parameters, another command or other data', () => {
    const one = tried(asked)
    expect(tried({ ...asked, params: { a: 1 } }).params).not.toBe(one.params)
    expect(tried({ ...asked, command: ['python', 'b.py'] }).command).not.toBe(one.command)
    expect(tried({ ...asked, cwd: 'sub' }).command).not.toBe(one.command)
    expect(tried({ ...asked, dataset: 'prices@1' }).dataset).not.toBe(one.dataset)
  })
})
