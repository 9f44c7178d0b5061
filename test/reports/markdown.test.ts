import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clip, code, fence, inline, link, oneLine, shellQuote } from '../../src/reports/markdown-text.ts'
import { table } from '../../src/reports/table.ts'
import { cellsOf } from './tables.ts'

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc
    .array(
      fc.constantFrom('|', '\\', '`', '\n', '\r', '-->', '<!--', '<img>', '\u202e', '\ud800', '[a](b)', ' '),
      {
        maxLength: 12,
      },
    )
    .map((parts) => parts.join('')),
)

describe('text of others', () => {
  it('is shown as it was written', () => {
    expect(inline('a_b total_day *x* [y](z) <b> `c` a < 3')).toBe(
      'a_b total_day \\*x\\* \\[y\\](z) &lt;b> \\`c\\` a < 3',
    )
    expect(inline('# no heading')).toBe('\\# no heading')
    expect(inline('1. no list')).toBe('1\\. no list')
    expect(inline('3.11.7')).toBe('3.11.7')
    expect(inline('_x_ &lt; AT&T')).toBe('\\_x\\_ &amp;lt; AT&amp;T')
  })

  it('stays on one line without what hides or reorders text', () => {
    expect(oneLine('a\r\n  b\u2028c\td')).toBe('a b c d')
    expect(oneLine('x\u202ey\u0000z\u{e0041}')).toBe('x\ufffdy\ufffdz\ufffd')
    expect(oneLine('👩‍💻 ok')).toBe('👩‍💻 ok')
    fc.assert(
      fc.property(hostile, (text) => {
        for (const made of [inline(text), code(text)]) {
          expect(made).not.toMatch(/[\r\n\u2028\u2029\u202a-\u202e\u2066-\u2069]|\p{Surrogate}/u)
          expect(made).not.toMatch(/(?![\n\t])\p{Control}/u)
        }
        expect(inline(text)).not.toContain('<!--')
      }),
    )
  })

  it('is cut between characters', () => {
    expect(clip('abc', 3)).toBe('abc')
    expect(clip('a😀b', 3)).toBe('a…')
    expect(inline('x'.repeat(10_000_000)).length).toBe(300)
  })

  it('fits a code span and a fence, whatever backticks it holds', () => {
    expect(code('a`b')).toBe('``a`b``')
    expect(code('`a')).toBe('`` `a ``')
    expect(code('')).toBe('(empty)')
    expect(fence('```\nx', 'sh')).toBe('````sh\n```\nx\n````')
  })

  it('makes links whose target cannot end early', () => {
    expect(link('file', '../a (1)/ü.md')).toBe('[file](../a%20%281%29/%C3%BC.md)')
  })

  it('quotes for a shell', () => {
    const given = fc.array(
      fc.string({ unit: 'grapheme', maxLength: 12 }).filter((s) => !s.includes('\0')),
      { minLength: 1, maxLength: 4 },
    )
    fc.assert(
      fc.property(given, (list) => {
        const command = `printf '%s\\0' ${list.map(shellQuote).join(' ')}`
        expect(execFileSync('sh', ['-c', command], { encoding: 'utf8' })).toBe(`${list.join('\0')}\0`)
      }),
      { numRuns: 30 },
    )
  })
})

describe('table', () => {
  it('lines up', () => {
    expect(
      table(
        [{ title: 'Run' }, { title: 'Time', align: 'right' }],
        [
          ['a|b', '1'],
          ['c', undefined],
        ],
      ),
    ).toBe(['| Run  | Time |', '| ---- | ---: |', '| a\\|b |    1 |', '| c    |      |'].join('\n'))
    expect(
      table([{ title: 'x' }], [['日本'], ['✅']])
        .split('\n')
        .at(-2),
    ).toBe('| 日本 |')
  })

  it('keeps its shape, whatever the cells hold', () => {
    const cell = fc.oneof(
      hostile,
      hostile.map((text) => inline(text)),
      hostile.map((text) => code(text)),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell, cell), { maxLength: 5 }), (rows) => {
        const lines = table([{ title: 'a' }, { title: 'b|', align: 'right' }, { title: 'c' }], rows).split(
          '\n',
        )
        expect(lines).toHaveLength(rows.length + 2)
        for (const line of lines) expect(cellsOf(line)).toHaveLength(3)
      }),
      { numRuns: 500 },
    )
  })

  it('does not grow with one huge cell', () => {
    const text = table(
      [{ title: 'a' }, { title: 'b' }],
      [['x'.repeat(5000), '1'], ...Array(50).fill(['y', '2'])],
    )
    expect(text.length).toBeLessThan(10_000)
  })
})
