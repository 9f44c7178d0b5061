import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson } from '../../src/core/canonical-json.ts'

const reversed = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(reversed)
    : value !== null && typeof value === 'object'
      ? Object.fromEntries(
          Object.entries(value)
            .reverse()
            .map(([key, item]) => [key, reversed(item)]),
        )
      : value

describe('canonicalJson', () => {
  it('sorts keys at every depth, leaves lists in order and drops what is undefined', () => {
    expect(canonicalJson({ b: [2, { d: 1, c: undefined }], a: -0, B: 1e21 })).toBe(
      '{"B":1e+21,"a":0,"b":[2,{"d":1}]}',
    )
    expect(canonicalJson({ é: 1, z: 2, '€': 3 })).toBe('{"z":2,"é":1,"€":3}')
    expect(canonicalJson(null)).toBe('null')
  })

  it('does not depend on the order of keys, and means the same', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value)
        expect(canonicalJson(reversed(value))).toBe(text)
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })

  it('sorts keys that look like numbers as texts, as RFC 8785 and json.dumps(sort_keys=True) do', () => {
    expect(canonicalJson({ 9: 1, 10: 2 })).toBe('{"10":2,"9":1}')
  })
})
