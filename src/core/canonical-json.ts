/**
 * JSON with sorted keys and no spaces, so that equal values give equal bytes on any machine: keys in the order of their
 * UTF-16 code units and numbers as ECMAScript prints them (RFC 8785). `undefined` members are left out.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null'
  if ('toJSON' in value && typeof value.toJSON === 'function') return canonicalJson(value.toJSON())
  // Joined by hand: an object cannot hold the keys "10" and "9" in this order.
  const members = Object.keys(value)
    .filter((key) => (value as Record<string, unknown>)[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson((value as Record<string, unknown>)[key])}`)
  return `{${members.join(',')}}`
}
