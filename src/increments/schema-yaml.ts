import { createHash } from 'node:crypto'
import { stringify } from 'yaml'
import type { DatasetColumn, DatasetRecord } from '../core/dataset-record.ts'

const DTYPES: Readonly<Record<DatasetColumn['type'], string>> = {
  numeric: 'float64',
  boolean: 'bool',
  categorical: 'str',
  text: 'str',
  datetime: 'datetime64[ns, UTC]',
}

/**
 * data/schema.yaml: the columns as registered, in pandera's YAML form. What was seen stands in the descriptions; only what
 * any further data must keep to is a rule: type, missing values, the id, the classes of the target.
 */
export function schemaYaml(dataset: DatasetRecord): string {
  const columns = Object.fromEntries(
    dataset.columns.map((column) => [column.name, schemaColumn(dataset, column)]),
  )
  // YAML 1.1, which pandera reads: there an unquoted `no` is false.
  const body = stringify(
    {
      schema_type: 'dataframe',
      version: '0.20.0',
      columns,
      checks: null,
      index: null,
      coerce: true,
      strict: false,
    },
    { lineWidth: 0, version: '1.1' },
  )
  return `# Columns of ${dataset.dataset} as registered (pandera). Edit it, and hand it to register_dataset as schema.\n# ${mark(body)}\n${body}`
}

/** Whether the text is just as {@link schemaYaml} wrote it: nobody edited it. */
export function isGeneratedSchema(text: string): boolean {
  const [, second = '', ...rest] = text.split('\n')
  return second === `# ${mark(rest.join('\n'))}`
}

function mark(body: string): string {
  return `generated ${createHash('sha256').update(body).digest('hex').slice(0, 12)}; an edited file is kept`
}

function schemaColumn(dataset: DatasetRecord, column: DatasetColumn): Record<string, unknown> {
  const { role, type, missing, min, max, top, unique } = column
  const isClass = role === 'target' && dataset.classes !== undefined
  const seen =
    min !== undefined && max !== undefined
      ? `; seen: ${min} to ${max}`
      : top && top.length > 0 && unique <= top.length
        ? `; seen: ${top.map(({ value }) => value).join(', ')}`
        : ''
  return {
    description: `${role}, ${type}${seen}`,
    dtype: isClass || role === 'id' ? 'str' : type === 'boolean' && missing > 0 ? 'boolean' : DTYPES[type],
    nullable: missing > 0,
    ...(isClass && type !== 'boolean' && type !== 'numeric' ? { checks: { isin: dataset.classes } } : {}),
    unique: role === 'id',
    coerce: true,
    required: true,
  }
}
