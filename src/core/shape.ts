/**
 * Whether a value read from a file is what it should be. Records lie where anybody can write: one of another shape is as
 * good as none, and never gets far enough to be a defect. Quicker to load than a parser, for processes that only run.
 */
export type Shape = (value: unknown) => boolean

export const isText: Shape = (value) => typeof value === 'string'
export const isNumber: Shape = (value) => typeof value === 'number' && Number.isFinite(value)
export const isFlag: Shape = (value) => typeof value === 'boolean'
export const isTime: Shape = (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value))
export const isCount: Shape = (value) => Number.isSafeInteger(value) && (value as number) >= 0

export function isOneOf(...values: readonly unknown[]): Shape {
  return (value) => values.includes(value)
}

/** Also where it is left out. */
export function maybe(shape: Shape): Shape {
  return (value) => value === undefined || value === null || shape(value)
}

export function listOf(shape: Shape): Shape {
  return (value) => Array.isArray(value) && value.every(shape)
}

export function mapOf(shape: Shape): Shape {
  return (value) => isObject(value) && Object.values(value).every(shape)
}

/** An object with these members right; it may have others. */
export function withMembers(members: Readonly<Record<string, Shape>>): Shape {
  const checks = Object.entries(members)
  return (value) => isObject(value) && checks.every(([name, shape]) => shape(value[name]))
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}
