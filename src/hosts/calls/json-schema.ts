import { z } from 'zod'
import type { AnyTool } from '../../tools/tool.ts'

/** The part of JSON Schema that our schemas use. */
export interface JsonSchema {
  type?: string | string[]
  description?: string
  properties?: Record<string, JsonSchema>
  required?: string[]
  additionalProperties?: boolean | JsonSchema
  propertyNames?: JsonSchema
  items?: JsonSchema
  prefixItems?: JsonSchema[]
  minItems?: number
  maxItems?: number
  minimum?: number
  maximum?: number
  enum?: unknown[]
  const?: unknown
  default?: unknown
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
  [key: string]: unknown
}

const inputs = new WeakMap<AnyTool, JsonSchema>()
const outputs = new WeakMap<AnyTool, JsonSchema>()

/** What a caller may send, made once and only when somebody asks. */
export function inputSchema(tool: AnyTool): JsonSchema {
  let schema = inputs.get(tool)
  if (!schema) {
    schema = { ...toJsonSchema(tool.input), additionalProperties: false }
    inputs.set(tool, schema)
  }
  return schema
}

/** What a tool answers when it does not refuse. */
export function outputSchema(tool: AnyTool): JsonSchema {
  let schema = outputs.get(tool)
  if (!schema) {
    schema = toJsonSchema(tool.output)
    outputs.set(tool, schema)
  }
  return schema
}

/** The keys that the object at a place in an input may have; none where it may have any, or where there is none. */
export function keysAt(schema: JsonSchema, path: readonly PropertyKey[]): string[] {
  let places = [schema]
  for (const part of path) {
    const choices = places.flatMap((place) => [place, ...(place.anyOf ?? []), ...(place.oneOf ?? [])])
    const member = ({ items, properties }: JsonSchema): JsonSchema | undefined =>
      typeof part === 'number' ? items : properties?.[String(part)]
    places = choices.map(member).filter((place) => place !== undefined)
  }
  return [...new Set(places.flatMap(({ properties = {} }) => Object.keys(properties)))]
}

/**
 * JSON Schema in words that mean the same in drafts 7 and 2020-12, since clients check with either, and with nothing
 * said that says nothing: every character is paid for by each assistant that lists the tools.
 */
function toJsonSchema(schema: z.ZodObject): JsonSchema {
  const made = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override({ jsonSchema }) {
      tidy(jsonSchema as JsonSchema)
    },
  })
  const { $schema: _draft, ...plain } = JSON.parse(JSON.stringify(made)) as JsonSchema
  return plain
}

function tidy(node: JsonSchema): void {
  if (node.additionalProperties === false) delete node.additionalProperties
  if (node.additionalProperties && Object.keys(node.additionalProperties).length === 0)
    delete node.additionalProperties
  delete node.propertyNames
  if (node.minimum === Number.MIN_SAFE_INTEGER) delete node.minimum
  if (node.maximum === Number.MAX_SAFE_INTEGER) delete node.maximum
  if (node.prefixItems) {
    // `prefixItems` is unknown to draft 7, an `items` array is wrong in 2020-12: a pair becomes an array of two.
    const kinds = [...new Set(node.prefixItems.map((item) => JSON.stringify(item)))]
    const length = node.prefixItems.length
    node.items = kinds.length === 1 ? node.prefixItems[0] : { anyOf: kinds.map((kind) => JSON.parse(kind)) }
    node.minItems = length
    node.maxItems = length
    delete node.prefixItems
  }
  if (node.anyOf?.every((branch) => Object.keys(branch).length === 1 && typeof branch.type === 'string')) {
    node.type = node.anyOf.map((branch) => branch.type as string)
    delete node.anyOf
  }
}
