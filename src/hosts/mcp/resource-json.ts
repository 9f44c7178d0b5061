import { readJson } from '../../adapters/files.ts'
import { isSecretName, MASK } from '../../core/secrets.ts'
import { environmentSecrets, safeText } from '../../core/untrusted-text.ts'

/** A JSON file with the values of secret names masked; `undefined` where it is missing or not whole. */
export function readRecord(path: string): unknown {
  const value = readJson<unknown>(path)
  return value === undefined ? undefined : masked(value, environmentSecrets())
}

function masked(value: unknown, secrets: readonly string[]): unknown {
  if (typeof value === 'string') return safeText(value, secrets)
  if (Array.isArray(value)) return value.map((item) => masked(item, secrets))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      safeText(key, secrets),
      typeof member === 'string' && isSecretName(key) ? MASK : masked(member, secrets),
    ]),
  )
}

/** JSON within a limit: where it is longer, long lists keep their beginnings and `truncated` says so. */
export function jsonText(value: unknown, limit: number): string {
  const whole = JSON.stringify(value, undefined, 1)
  if (whole.length <= limit) return whole
  for (const keep of [200, 50, 10, 2]) {
    const shorter = JSON.stringify({ truncated: true, ...(cut(value, keep) as object) }, undefined, 1)
    if (shorter.length <= limit) return shorter
  }
  return JSON.stringify({ truncated: true, characters: whole.length })
}

function cut(value: unknown, keep: number): unknown {
  if (typeof value === 'string')
    return value.length > keep * 100 ? `${value.slice(0, keep * 100)} ...` : value
  if (Array.isArray(value)) return value.slice(0, keep).map((item) => cut(item, keep))
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value).map(([key, member]): [string, unknown] => [key, cut(member, keep)])
  return Object.fromEntries(entries.slice(0, Math.max(keep, 20)))
}
