import type { AnyTool } from '../../tools/tool.ts'
import { inputSchema, type JsonSchema } from '../calls/json-schema.ts'

/** How a field of a tool's input is typed. */
export type FlagKind = 'boolean' | 'text' | 'number' | 'list' | 'map' | 'maps' | 'json'

export interface Flag {
  field: string
  /** `--wait-s`; of a key the key itself. */
  name: string
  kind: FlagKind
  schema: JsonSchema
  required: boolean
  description: string
  /** A list that may also be a single value. */
  single: boolean
  choices?: string[]
}

export function flagsOf(tool: AnyTool): Flag[] {
  return fieldsOf(inputSchema(tool)).map((flag) => ({ ...flag, name: `--${flag.name.replaceAll('_', '-')}` }))
}

/** The keys that an object flag takes, named as they are typed; none where it takes any. */
export function keysOf({ kind, schema }: Flag): Flag[] {
  if (kind !== 'map' && kind !== 'maps') return []
  const holder = kind === 'maps' ? itemsOf(schema) : schema
  return fieldsOf(shapesOf(holder).find((shape) => shape.type === 'object') ?? {})
}

function fieldsOf({ properties = {}, required = [] }: JsonSchema): Flag[] {
  return Object.entries(properties).map(([field, schema]) => {
    const kind = kindOf(schema)
    return {
      field,
      name: field,
      kind,
      schema,
      required: required.includes(field),
      description: schema.description ?? '',
      single: kind === 'list' && !isOnlyArray(schema),
      choices: choicesOf(kind === 'list' ? itemsOf(schema) : schema),
    }
  })
}

/** The shapes that a field may have, a choice of them taken apart. */
export function shapesOf(schema: JsonSchema): JsonSchema[] {
  const branches = schema.anyOf ?? schema.oneOf
  if (branches) return branches.flatMap(shapesOf)
  return Array.isArray(schema.type) ? schema.type.map((type) => ({ ...schema, type })) : [schema]
}

export function itemsOf(schema: JsonSchema): JsonSchema {
  return shapesOf(schema).find((shape) => shape.type === 'array')?.items ?? {}
}

function kindOf(schema: JsonSchema): FlagKind {
  const shapes = shapesOf(schema).filter((shape) => shape.type !== 'null')
  const types = shapes.map((shape) => shape.type)
  if (types.includes('array')) {
    const items = shapesOf(itemsOf(schema))
    if (items.every((item) => item.type === 'object')) return 'maps'
    return items.every((item) => item.type !== 'array' && item.type !== 'object') ? 'list' : 'json'
  }
  if (types.length !== 1)
    return types.every((type) => type === 'string' || type === 'number') ? 'text' : 'json'
  if (types[0] === 'object') return 'map'
  if (types[0] === 'boolean') return 'boolean'
  if (types[0] === 'number' || types[0] === 'integer') return 'number'
  return types[0] === 'string' || schema.enum || schema.const !== undefined ? 'text' : 'json'
}

/** Of a list. */
export function isOfNumbers({ schema }: Pick<Flag, 'schema'>): boolean {
  return shapesOf(itemsOf(schema)).every(({ type }) => type === 'number' || type === 'integer')
}

function isOnlyArray(schema: JsonSchema): boolean {
  return shapesOf(schema).every((shape) => shape.type === 'array')
}

function choicesOf(schema: JsonSchema): string[] | undefined {
  const values = shapesOf(schema).flatMap(
    (shape) => shape.enum ?? (shape.const === undefined ? [] : [shape.const]),
  )
  return values.length > 0 ? values.map(String) : undefined
}

/** What stands behind the flag in help: `<n>`, `<text...>`, `key=value...`. */
export function placeholder(flag: Flag): string {
  switch (flag.kind) {
    case 'boolean':
      return ''
    case 'number':
      return '<n>'
    case 'list':
      return flag.choices ? `<${flag.choices.join(',')}>` : isOfNumbers(flag) ? '<n,n>' : '<text>'
    case 'map':
    case 'maps':
      return '<key=value>'
    case 'json':
      return '<json>'
    case 'text':
      return flag.choices ? `<${flag.choices.join('|')}>` : '<text>'
  }
}
