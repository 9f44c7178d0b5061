import { isSecretName, MASK } from '../core/secrets.ts'

/** Parameters for a document or a record: the values of what is named like a secret are masked. */
export function maskedParams(params: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [name, isSecretName(name) ? MASK : value]),
  )
}
