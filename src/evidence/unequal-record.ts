import type { DatasetRecord } from '../core/dataset-record.ts'
import { isObject } from '../core/shape.ts'
import { isSame } from './figures.ts'

/** Free text and where the file lay; the time is that of the making. */
const NOT_COMPARED: ReadonlySet<string> = new Set(['created', 'warnings'])
/** What is searched for may be more in another version of the lab: that is held against the ledger alone. */
const SEARCHED: ReadonlySet<string> = new Set(['leakage', 'controls'])

/** The members by which a data set that was registered again differs from its record, in words. */
export function unequalMembers(record: DatasetRecord, again: DatasetRecord): string[] {
  const otherLab = record.controls?.evaluator !== again.controls?.evaluator
  const wrong = Object.keys(record)
    .filter((key) => !NOT_COMPARED.has(key) && !(otherLab && SEARCHED.has(key)))
    .flatMap((key) => unequal(key, record[key as keyof DatasetRecord], again[key as keyof DatasetRecord]))
  for (const key of ['hash', 'splits', 'positive', 'classes'] as const)
    if (record[key] === undefined && again[key] !== undefined) wrong.push(`${key} is missing`)
  return wrong
}

/** The members that differ, by their paths: `splits.test.sha256`. */
function unequal(path: string, recorded: unknown, again: unknown): string[] {
  if (path === 'source.path' || isSame(recorded, again)) return []
  if (isObject(recorded) && isObject(again))
    return Object.keys(recorded).flatMap((key) => unequal(`${path}.${key}`, recorded[key], again[key]))
  if (isColumns(recorded) && isColumns(again)) {
    const found = new Map(again.map((column) => [column.name, column]))
    const names = recorded.filter((one) => !isSame(one, found.get(one.name))).map(({ name }) => name)
    return [`${path} differ in ${names.slice(0, 3).join(', ') || 'their number or order'}`]
  }
  return [`${path} is ${shown(again)} and dataset.json says ${shown(recorded)}`]
}

function isColumns(value: unknown): value is { name: string }[] {
  return Array.isArray(value) && value.length > 0 && value.every((one) => isObject(one) && 'name' in one)
}

/** A value of a record for a sentence; a hash by its beginning. */
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'missing')
  return /^[0-9a-f]{64}$/.test(text) ? `${text.slice(0, 12)}...` : text.slice(0, 60)
}
