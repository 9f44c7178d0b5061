import type { Tool as ListedTool } from '@modelcontextprotocol/sdk/types.js'
import type { AnyTool } from '../../tools/tool.ts'
import { inputSchema, type JsonSchema, outputSchema } from '../calls/json-schema.ts'

/** The one page of tools/list. Assistants pay for every word of it in every session. */
export function toolPage(tools: readonly AnyTool[]): ListedTool[] {
  return tools.map((tool) => ({
    name: tool.name,
    title: tool.title,
    description: tool.description,
    inputSchema: unbounded(saidOnce(inputSchema(tool))) as ListedTool['inputSchema'],
    outputSchema: answerOrRefusal(outline(outputSchema(tool))) as ListedTool['outputSchema'],
    annotations: { title: tool.title, ...tool.annotations },
  }))
}

/**
 * Clients check `structuredContent` against the output schema, some of them that of a refusal as well. So the schema
 * admits either the answer or a refusal.
 */
function answerOrRefusal(schema: JsonSchema): JsonSchema {
  const { required, ...rest } = schema
  return required?.length ? { ...rest, anyOf: [{ required }, { required: ['code', 'message'] }] } : rest
}

/** Where the elements of a list take the same fields as the call itself, only their types are repeated. */
function saidOnce(schema: JsonSchema): JsonSchema {
  const top = schema.properties ?? {}
  const properties = Object.entries(top).map(([name, member]): [string, JsonSchema] => {
    const { items } = member
    if (!items?.properties) return [name, member]
    const inner = Object.entries(items.properties).map(([field, shape]): [string, JsonSchema] => [
      field,
      JSON.stringify(shape) === JSON.stringify(top[field]) ? bare({ type: shape.type }) : shape,
    ])
    return [name, { ...member, items: { ...items, properties: Object.fromEntries(inner) } }]
  })
  return { ...schema, properties: Object.fromEntries(properties) }
}

const BOUNDS = new Set(['minLength', 'maxLength', 'maxItems'])

/**
 * How long a text or a list may be is left out: the bounds are far beyond what an assistant sends, each call is checked
 * against them all the same, and together they would be a twentieth of the page.
 */
function unbounded(schema: JsonSchema): JsonSchema {
  const kept = Object.entries(schema).filter(([word]) => !BOUNDS.has(word))
  const node: JsonSchema = Object.fromEntries(kept)
  if (node.items) node.items = unbounded(node.items)
  if (node.properties)
    node.properties = Object.fromEntries(
      Object.entries(node.properties).map(([name, member]) => [name, unbounded(member)]),
    )
  for (const choice of ['anyOf', 'oneOf'] as const)
    if (node[choice]) node[choice] = node[choice].map(unbounded)
  return node
}

/** How deep the shape of an answer is spelled out: its fields, and those of the things in its lists. */
const DEPTH = 2

/** A list of things with more fields than this is a list of runs, whose shape get_run says. */
const MANY = 15

/**
 * The schema of an answer, true but not in full: below the second level only the type is said, fields of list elements
 * that are named as fields of the answer have the shape of those, of runs in a list only what each has is spelled out,
 * and `next` is the same everywhere.
 */
function outline(schema: JsonSchema, depth = 0, above: JsonSchema['properties'] = {}): JsonSchema {
  const deep = depth >= DEPTH && (schema.properties !== undefined || schema.items !== undefined)
  if (deep) return bare(schema)
  const kept: JsonSchema = { ...schema }
  // Which fields of a part are always there, the host checks.
  if (depth > 0) delete kept.required
  if (schema.properties) {
    const many = depth > 0 && Object.keys(schema.properties).length > MANY
    const members = Object.entries(schema.properties).filter(
      ([name]) => !Object.hasOwn(above, name) && (!many || schema.required?.includes(name)),
    )
    kept.properties = Object.fromEntries(
      members.map(([name, member]) => [
        name,
        name === 'next' ? bare(member) : outline(member, depth + 1, depth === 0 ? schema.properties : above),
      ]),
    )
  }
  if (schema.items) kept.items = outline(schema.items, depth, above)
  for (const choice of ['anyOf', 'oneOf'] as const)
    if (schema[choice]) kept[choice] = schema[choice].map((branch) => outline(branch, depth, above))
  return kept
}

function bare({ type, description }: JsonSchema): JsonSchema {
  return { ...(type ? { type } : {}), ...(description ? { description } : {}) }
}
