import { Refusal } from '../core/errors.ts'
import { metricInfo } from '../core/metrics.ts'

/** One condition of a search over runs: `lr=0.1`, `params.model=forest`, `accuracy>0.8`, `tags.team=core`. */
export interface Condition {
  kind: 'param' | 'metric' | 'tag'
  name: string
  op: '=' | '!=' | '>' | '>=' | '<' | '<='
  value: string
}

const CONDITION = /^\s*(?:(params?|metrics?|tags?)\.)?([\w.@/-]+)\s*(!=|>=|<=|=|>|<)\s*(.+?)\s*$/s

/** @throws Refusal INPUT_INVALID with an example where a condition cannot be read. */
export function parseWhere(texts: readonly string[]): Condition[] {
  return texts.map((text, index) => {
    const [, prefix, name = '', op = '=', value = ''] = CONDITION.exec(text) ?? []
    if (name === '') {
      throw new Refusal('INPUT_INVALID', `The condition ${JSON.stringify(text)} cannot be read.`, {
        invalid: [
          {
            field: `where[${index}]`,
            problem: 'is written as lr=0.1, params.model=forest, accuracy>0.8 or tags.team=core',
          },
        ],
      })
    }
    const kind = prefix?.startsWith('tag')
      ? 'tag'
      : prefix?.startsWith('metric') || (!prefix && metricInfo(name) && op !== '=')
        ? 'metric'
        : 'param'
    return { kind, name, op: op as Condition['op'], value: value.replace(/^(["'])(.*)\1$/s, '$2') }
  })
}

type Clause = [sql: string, parameters: (string | number)[]]

/** SQL that holds for the runs whose id stands in `column`. */
export function whereClause(condition: Condition, column: string): Clause {
  const { kind, name, op, value } = condition
  const number = value === '' ? Number.NaN : Number(value)
  if (kind === 'metric') {
    // A measured number decides where there is one; a reported one is used where there is none.
    return [
      `EXISTS (SELECT 1 FROM metrics w WHERE w.run = ${column} AND w.name = ? AND w.value ${op} ?)`,
      [name, Number.isNaN(number) ? value : number],
    ]
  }
  if (kind === 'tag') {
    return [
      `EXISTS (SELECT 1 FROM tags w WHERE w.run = ${column} AND w.name = ? AND w.value ${op} ?)`,
      [name, value],
    ]
  }
  const field = Number.isNaN(number) ? 'text' : 'number'
  // Not a look for each run: an index gives the runs that have the value.
  return [
    `${column} IN (SELECT w.run FROM params w WHERE w.name = ? AND w.${field} ${op} ?)`,
    [name, Number.isNaN(number) ? value : number],
  ]
}
