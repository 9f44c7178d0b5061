import fc from 'fast-check'
import type { JsonSchema } from '../../src/hosts/calls/json-schema.ts'
import { nastyJson, nastyNumber, nastyText } from './nasty.ts'

type Fields = Record<string, fc.Arbitrary<unknown>>

interface Making {
  /** What stands in some fields instead: values that lead further in, or that must stay harmless. */
  fields: Fields
  /** Everything fits the schema: hostile is only what the schema lets through. */
  fits: boolean
}

/**
 * Arguments for a published input schema: a half fits it with hostile values, a half is mostly of its shape with wrong
 * types, values out of bounds, a field too many or too few; a few are anything at all.
 */
export function argumentsFor(schema: JsonSchema, fields: Fields = {}): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 12, arbitrary: ofObject(schema, { fields, fits: true }, false) },
    { weight: 9, arbitrary: ofObject(schema, { fields, fits: false }, false) },
    { weight: 3, arbitrary: ofObject(schema, { fields, fits: false }, true) },
    { weight: 1, arbitrary: nastyJson },
  )
}

function ofObject(schema: JsonSchema, making: Making, extra: boolean): fc.Arbitrary<unknown> {
  const required = new Set(schema.required ?? [])
  const members = Object.entries(schema.properties ?? {}).map(
    ([name, member]): [string, fc.Arbitrary<unknown>] => {
      const value = making.fields[name] ?? ofSchema(member, making)
      const needed = required.has(name)
      const left = { weight: needed ? Number(!making.fits) : 8, arbitrary: fc.constant(undefined) }
      return [name, fc.oneof({ weight: needed ? 30 : 3, arbitrary: value }, left)]
    },
  )
  const known = fc
    .record(Object.fromEntries(members))
    .map((values) => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)))
  if (!extra) return known
  // Object.fromEntries makes a field of its own of `__proto__`, as JSON.parse does.
  return fc
    .tuple(known, nastyText, nastyJson)
    .map(([values, key, value]) => Object.fromEntries([...Object.entries(values), [key, value]]))
}

function ofSchema(schema: JsonSchema, making: Making): fc.Arbitrary<unknown> {
  const right = rightType(schema, making)
  if (making.fits) return right
  return fc.oneof(
    { weight: 25, arbitrary: right },
    { weight: 1, arbitrary: fc.oneof(nastyJson, fc.constant(null)) },
  )
}

function rightType(schema: JsonSchema, making: Making): fc.Arbitrary<unknown> {
  const { fits } = making
  const choices = schema.anyOf ?? schema.oneOf
  if (choices) return fc.oneof(...choices.map((choice) => ofSchema(choice, making)))
  if (schema.enum)
    return fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom(...schema.enum) },
      { weight: Number(!fits), arbitrary: nastyText },
    )
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case 'string':
      return fits ? nastyText.map((text) => fitting(text, schema)) : nastyText
    case 'boolean':
      return fc.boolean()
    case 'integer':
      return fits ? inside(schema).map(Math.round) : fc.oneof(bounded(schema).map(Math.round), nastyNumber)
    case 'number':
      return fits ? inside(schema) : fc.oneof(bounded(schema), nastyNumber)
    case 'array': {
      const items = ofSchema(schema.items ?? {}, making)
      const few = { weight: 9, arbitrary: fc.array(items, { minLength: schema.minItems ?? 0, maxLength: 3 }) }
      const many = fc.array(items, { maxLength: 120, size: 'max' })
      return fits ? few.arbitrary : fc.oneof(few, { weight: 1, arbitrary: many })
    }
    case 'object':
      if (!schema.properties) return fc.dictionary(nastyText, valuesOf(schema, making), { maxKeys: 4 })
      return fc.oneof(
        { weight: 8, arbitrary: ofObject(schema, making, false) },
        { weight: Number(!fits), arbitrary: ofObject(schema, making, true) },
      )
    default:
      return nastyJson
  }
}

function valuesOf({ additionalProperties }: JsonSchema, making: Making): fc.Arbitrary<unknown> {
  return typeof additionalProperties === 'object' ? ofSchema(additionalProperties, making) : nastyJson
}

function fitting(text: string, { minLength = 0, maxLength }: JsonSchema): string {
  return text.slice(0, Math.min(Number(maxLength ?? 1000), 1000)).padEnd(Number(minLength), 'a')
}

function inside({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema): fc.Arbitrary<number> {
  const low = minimum ?? Number(exclusiveMinimum ?? 0)
  const high = maximum ?? Number(exclusiveMaximum ?? low + 10)
  const edges = [minimum, maximum].filter((edge) => edge !== undefined)
  const between = fc.integer({ min: 1, max: 99 }).map((part) => low + ((high - low) * part) / 100)
  return edges.length > 0 ? fc.oneof(fc.constantFrom(...edges), between) : between
}

/** At the edges of what is allowed, inside and just outside. */
function bounded(schema: JsonSchema): fc.Arbitrary<number> {
  const low = schema.minimum ?? 0
  const high = schema.maximum ?? low + 10
  return fc.oneof(fc.constantFrom(low, high, low - 1, high + 1), inside(schema))
}
