import type { JsonSchema } from '../calls/json-schema.ts'
import { type Flag, itemsOf, shapesOf } from './flags.ts'

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

/** `key=value`, repeated; separated by commas where the keys are known ones; or a JSON object. */
function mapOf(typed: readonly string[], schema: JsonSchema): unknown {
  const values: Record<string, unknown> = {}
  for (const text of typed) {
    const whole = text.startsWith('{') ? jsonOr(text) : text
    if (typeof whole === 'object') {
      Object.assign(values, whole)
      continue
    }
    const pairs = schema.properties ? text.split(',') : [text]
    for (const pair of pairs) {
      const at = pair.indexOf('=')
      if (at < 1) return text
      const key = pair.slice(0, at)
      values[key] = mapValue(pair.slice(at + 1), memberSchema(schema, key))
    }
  }
  return values
}

function memberSchema(schema: JsonSchema, key: string): JsonSchema {
  const known = schema.properties?.[key] ?? schema.properties?.[key.replaceAll('-', '_')]
  return known ?? (typeof schema.additionalProperties === 'object' ? schema.additionalProperties : {})
}

function mapValue(text: string, schema: JsonSchema): unknown {
  const shapes = shapesOf(schema)
  return shapes.every((shape) => shape.type === 'string') ? text : scalar(text)
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
