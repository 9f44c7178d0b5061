import type { JsonSchema } from '../calls/json-schema.ts'
import { type Flag, itemsOf, shapesOf } from './flags.ts'
import { keyValues } from './key-values.ts'

/**
 * What was typed for a flag, once or repeatedly, as the tool's input wants it. What cannot be read so is passed on as
 * it was typed: the tool's own schema then says what is wrong with it.
 */
export function flagValue(flag: Flag, typed: readonly string[]): unknown {
  const last = typed.at(-1) ?? ''
  switch (flag.kind) {
    case 'boolean':
      return last === '' || last === 'true' ? true : last === 'false' ? false : last
    case 'number':
      return numberOr(last)
    case 'text':
      return shapesOf(flag.schema).some((shape) => shape.type === 'string') || flag.choices
        ? last
        : scalar(last)
    case 'json':
      return jsonOr(last)
    case 'list': {
      const items = typed.flatMap((text) => listItems(text, itemsOf(flag.schema)))
      return flag.single && items.length === 1 ? items[0] : items
    }
    case 'map':
      return mapOf(typed, shapesOf(flag.schema).find((shape) => shape.type === 'object') ?? {})
    case 'maps':
      return typed.flatMap((text) => {
        const whole = jsonOr(text)
        return Array.isArray(whole) ? whole : [mapOf([text], shapesOf(itemsOf(flag.schema))[0] ?? {})]
      })
  }
}

/** `a,b` are two where no space shows that the text is a phrase; a JSON array is taken as it is. */
function listItems(text: string, items: JsonSchema): unknown[] {
  const whole = text.startsWith('[') ? jsonOr(text) : text
  if (Array.isArray(whole)) return whole
  const texts = /\s/.test(text) ? [text] : text.split(',').filter((part) => part !== '')
  const isNumber = shapesOf(items).every((shape) => shape.type === 'number' || shape.type === 'integer')
  return isNumber ? texts.map(numberOr) : texts
}

/** `key=value`, repeated or parted by commas (see {@link keyValues}), or a JSON object; alike for every such flag. */
function mapOf(typed: readonly string[], schema: JsonSchema): unknown {
  // No key of a user's is one of the object's own, such as __proto__.
  const values = new Map<string, unknown>()
  for (const text of typed) {
    const whole = text.startsWith('{') ? jsonOr(text) : text
    if (typeof whole === 'object') {
      for (const [key, value] of Object.entries(whole ?? {})) values.set(key, value)
      continue
    }
    const pairs = text.startsWith('{') ? undefined : keyValues(text)
    if (!pairs) return text
    for (const { key, value } of pairs) {
      const known = knownKey(schema, key)
      values.set(known, mapValue(value, memberSchema(schema, known)))
    }
  }
  return Object.fromEntries(values)
}

/** Keys may be typed with `-` as flags are. */
function knownKey({ properties = {} }: JsonSchema, key: string): string {
  const underscored = key.replaceAll('-', '_')
  return !Object.hasOwn(properties, key) && Object.hasOwn(properties, underscored) ? underscored : key
}

function memberSchema(schema: JsonSchema, key: string): JsonSchema {
  const { properties = {}, additionalProperties } = schema
  if (Object.hasOwn(properties, key)) return properties[key] ?? {}
  return typeof additionalProperties === 'object' ? additionalProperties : {}
}

function mapValue(text: string, schema: JsonSchema): unknown {
  const types = shapesOf(schema).map(({ type }) => type)
  if (types.includes('array')) return listItems(text, itemsOf(schema))
  // A text in double quotes is what stands between them, so that it may hold anything.
  const isText = types.length > 0 && types.every((type) => type === 'string')
  return isText && !/^".*"$/s.test(text) ? text : scalar(text)
}

function scalar(text: string): unknown {
  return jsonOr(text)
}

function numberOr(text: string): unknown {
  const value = Number(text)
  return text.trim() === '' || Number.isNaN(value) ? text : value
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
