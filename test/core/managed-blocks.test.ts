import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { putBlock, readBlock } from '../../src/core/managed-blocks.ts'

const put = (text: string, body: string, options = {}) => putBlock(text, 'models', body, options)
const first = put('# Models\n\nWritten by a person.\n', '| a |\n| - |')

describe('putBlock', () => {
  it('adds at the end, with the hash of the body in the begin marker', () => {
    expect(first.outcome).toBe('added')
    expect(first.text).toBe(
      '# Models\n\nWritten by a person.\n\n<!-- specweave:begin models sha=b375bad20152 -->\n| a |\n| - |\n<!-- specweave:end models -->\n',
    )
    expect(put('', 'x').text).toMatch(/^<!-- specweave:begin models sha=\w{12} -->\nx\n<!-- .* -->\n$/)
  })

  it('changes nothing the second time', () => {
    expect(put(first.text, '| a |\n| - |\n\n')).toEqual({ text: first.text, outcome: 'unchanged' })
  })

  it('updates in place and keeps what stands around', () => {
    const around = first.text.replace('<!-- specweave:end models -->', '$&\n\nBelow.')
    const next = put(around, '| b |')
    expect(next.outcome).toBe('updated')
    expect(next.text).toContain('Written by a person.\n\n<!--')
    expect(next.text).toContain('models -->\n\nBelow.\n')
    expect(next.text).not.toContain('| a |')
  })

  it('puts the block below a heading, or makes the heading at the end', () => {
    const text = '# T\n\n```sh\n## Here\n```\n\n## Here\n\nperson\n\n## Other\n'
    const found = put(text, 'x', { after: '## Here' }).text
    expect(found).toMatch(/```\n\n## Here\n\n<!-- .*\nx\n<!-- .* -->\n\nperson\n\n## Other\n$/)
    expect(put('# T\n', 'x', { after: '## Here' }).text).toMatch(/^# T\n\n## Here\n\n<!--/)
    expect(put('# T', 'x', { after: 'T' }).text).toMatch(/^# T\n\n<!--/)
  })

  it('does not take a heading inside a generated block', () => {
    const other = putBlock('', 'other', '## Here\n\ngenerated').text
    const both = put(other, 'x', { after: '## Here' }).text
    expect(readBlock(both, 'other')).toEqual({ body: '## Here\n\ngenerated', edited: false })
  })

  it('leaves what a person edited, unless forced', () => {
    const edited = first.text.replace('| a |', '| mine |')
    expect(put(edited, '| b |')).toEqual({ text: edited, outcome: 'conflict' })
    const forced = put(edited, '| b |', { force: true })
    expect(forced.outcome).toBe('updated')
    expect(forced.text).not.toContain('mine')
    expect(put(forced.text, '| b |').outcome).toBe('unchanged')
  })

  it('takes over an edit that says what the record says', () => {
    const edited = first.text.replace('| a |', '| b |')
    const next = put(edited, '| b |\n| - |')
    expect(next.outcome).toBe('updated')
    expect(put(next.text, '| c |').outcome).toBe('updated')
  })

  it('adds again where a person deleted the whole block', () => {
    const again = put('# Models\n\nWritten by a person.\n', '| b |')
    expect(again.outcome).toBe('added')
  })

  it('keeps CRLF, and each ending of a text with both', () => {
    const text = '# T\r\n\r\none\r\ntwo\r\n'
    const added = put(text, 'a\nb').text
    expect(added.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
    expect(added.startsWith(text)).toBe(true)
    expect(put(added, 'a\r\nb').outcome).toBe('unchanged')
    expect(put(added.replaceAll('\r\n', '\n'), 'a\nb').outcome).toBe('unchanged')
    const mixed = '# T\n\none\r\ntwo\n'
    expect(put(mixed, 'a').text.startsWith(mixed)).toBe(true)
  })

  it('does not take trailing spaces and blank lines for an edit', () => {
    const touched = first.text
      .replace('| a |', '| a |   ')
      .replace('\n<!-- specweave:end', '\n\n\n<!-- specweave:end')
    expect(put(touched, '| a |\n| - |').outcome).toBe('unchanged')
    expect(put(touched, '| b |').outcome).toBe('updated')
  })

  it('mends a lost end marker where the body is untouched, and else is a conflict', () => {
    const lost = `${first.text.replace('<!-- specweave:end models -->\n', '')}\nBelow.\n`
    const mended = put(lost, '| b |')
    expect(mended.outcome).toBe('updated')
    expect(mended.text).toMatch(/\| b \|\n<!-- specweave:end models -->\n\nBelow\.\n$/)
    const edited = lost.replace('| a |', '| mine |')
    expect(put(edited, '| b |')).toEqual({ text: edited, outcome: 'conflict' })
    const forced = put(edited, '| b |', { force: true }).text
    expect(forced).toContain('| mine |')
    expect(put(forced, '| b |').outcome).toBe('unchanged')
  })

  it('is a conflict where the begin marker or its hash is gone', () => {
    const noBegin = first.text.replace(/<!-- specweave:begin.*\n/, '')
    expect(put(noBegin, '| b |').outcome).toBe('conflict')
    expect(put(first.text.replace(/ sha=\w+/, ''), '| b |').outcome).toBe('conflict')
  })

  it('joins copies that a merge left, if all are as we wrote them', () => {
    const copied = first.text + put('', '| old |').text
    const joined = put(copied, '| b |')
    expect(joined.outcome).toBe('updated')
    expect(joined.text.match(/specweave:begin/g)).toHaveLength(1)
    expect(put(copied.replace('old', 'mine'), '| b |').outcome).toBe('conflict')
  })

  it('treats a block that a person put inside another as an edit of the outer one', () => {
    const inner = putBlock('', 'inner', 'in').text
    const nested = first.text.replace('| - |\n', `| - |\n${inner}`)
    expect(put(nested, '| b |').outcome).toBe('conflict')
    const updated = putBlock(nested, 'inner', 'new')
    expect(updated.outcome).toBe('updated')
    expect(readBlock(updated.text, 'inner')).toEqual({ body: 'new', edited: false })
  })

  it('refuses a name that could not be found again', () => {
    expect(() => putBlock('', 'a b', 'x')).toThrow(TypeError)
    expect(() => putBlock('', 'a-->', 'x')).toThrow(TypeError)
  })
})

const line = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.constantFrom(
    '',
    '# T',
    '## Here',
    '```',
    '-->',
    '<!--',
    '<!-- specweave:end models -->',
    '<!-- specweave:begin models sha=000000000000 -->',
    '<!-- specweave:begin other sha=000000000000 -->',
    '  <!-- specweave:end other --> ',
  ),
)
const textOf = (ending: fc.Arbitrary<string>) =>
  fc.array(fc.tuple(line, ending), { maxLength: 12 }).map((parts) => parts.flat().join(''))
const anyText = textOf(fc.constantFrom('\n', '\r\n', '\r', ''))

describe('any text', () => {
  it('gives back the body, and the same text the second time', () => {
    fc.assert(
      fc.property(anyText, anyText, fc.boolean(), (text, body, below) => {
        const options = { force: true, ...(below ? { after: '## Here' } : {}) }
        const once = putBlock(text, 'models', body, options)
        const twice = putBlock(once.text, 'models', body, options)
        expect(twice).toEqual({ text: once.text, outcome: 'unchanged' })
        expect(readBlock(once.text, 'models')?.edited).toBe(false)
      }),
      { numRuns: 500 },
    )
  })

  it('keeps every line of a person when it is not forced', () => {
    fc.assert(
      fc.property(anyText, anyText, (text, body) => {
        const before = putBlock(text, 'fresh', body)
        const after = putBlock(before.text, 'fresh', `${body}\nmore`).text
        const outside = after.replace(/<!-- specweave:begin fresh [\s\S]*specweave:end fresh -->/, '')
        const solid = (value: string) =>
          value
            .split('\n')
            .map((l) => l.trimEnd())
            .filter(Boolean)
        expect(solid(outside)).toEqual(solid(text))
      }),
      { numRuns: 300 },
    )
  })
})
