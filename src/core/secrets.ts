/** Words of a name that mean a secret by themselves, and neighbours that mean one together. */
const SECRET_WORDS =
  /^(?:pass|passwd|password|passphrase|pwd|secret|secrets|token|apikey|credential|credentials|auth|authorization|bearer|cookie|dsn)$/
const SECRET_PAIRS =
  /(?:^| )(?:api|access|private|secret|signing|encryption) keys?(?: |$)|(?:^| )(?:session id|connection string)(?: |$)/
/** `token_count`, `tokenizer`: what is counted or named is no secret. */
const COUNTED = /(?:^| )token (?:count|len|length|size|max|limit|type|ids?)(?: |$)/

export const MASK = '********'

/** Judged by the words of a variable's, flag's or key's name: `AWS_SESSION_TOKEN`, `--api-key`, `dbPassword`. */
export function isSecretName(name: string): boolean {
  // The shell's working folder, in every environment.
  if (name === 'PWD' || name === 'OLDPWD') return false
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(Boolean)
  const text = words.join(' ')
  return (words.some((word) => SECRET_WORDS.test(word)) || SECRET_PAIRS.test(text)) && !COUNTED.test(text)
}

/** The values worth masking in free text: those of the variables whose names look like secrets, six characters or more. */
export function secretValues(environment: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(environment)
    .filter(([name, value]) => isSecretName(name) && value !== undefined && value.length >= 6)
    .map(([, value]) => value as string)
    .sort((a, b) => b.length - a.length)
}

/** What every pattern below needs: most texts have none of it, and answers hold hundreds of them. */
const TELLING = /[=:]|\s|sk-|gh[pousr]_|AKIA|hf_/

const ASSIGNED = /\b([A-Za-z][\w-]*)(["']?\s*[=:]\s*["']?)([^\s"',;&]+)/g

/** What is no secret by its own name may hold one: `FAILED: password=x`. */
function maskAssigned(_whole: string, name: string, between: string, value: string): string {
  if (!isSecretName(name)) return `${name}${between}${value.replace(ASSIGNED, maskAssigned)}`
  return `${name}${between}${value.startsWith(MASK) ? value : MASK}`
}

export function maskText(text: string, secrets: readonly string[]): string {
  let masked = text
  for (const secret of secrets) masked = masked.replaceAll(secret, MASK)
  if (!TELLING.test(masked)) return masked
  return masked
    .replace(/(\bauthorization["']?\s*[=:]\s*["']?(?:bearer|basic|token)\s+)[^\s"',;]+/gi, `$1${MASK}`)
    .replace(/\b(bearer\s+)[A-Za-z0-9._~+/-]{8,}=*/gi, `$1${MASK}`)
    .replace(ASSIGNED, maskAssigned)
    .replace(/(^|\s)(--?[A-Za-z][\w-]*)(\s+)([^\s"',;-][^\s"',;]*)/g, (whole, before, flag, space) =>
      isSecretName(flag) ? `${before}${flag}${space}${MASK}` : whole,
    )
    .replace(
      /\b(?:sk-[A-Za-z0-9_-]{16,}|gh[pousr]_[A-Za-z0-9]{20,}|AKIA[0-9A-Z]{16}|hf_[A-Za-z0-9]{20,})\b/g,
      MASK,
    )
    .replace(/(:\/\/[^\s/:@]+:)[^\s/@]+@/g, `$1${MASK}@`)
}

/** argv with the values of secret flags masked: `--api-key X`, `--api-key=X`, `PASSWORD=X`. */
export function maskCommand(command: readonly string[], secrets: readonly string[]): string[] {
  return command.map((argument, index) => {
    const assigned = /^(-{0,2}[\w.-]+)=(.*)$/s.exec(argument)
    if (assigned && isSecretName(assigned[1] ?? '')) return `${assigned[1]}=${MASK}`
    const before = command[index - 1]
    if (before?.startsWith('-') && !before.includes('=') && isSecretName(before) && !argument.startsWith('-'))
      return MASK
    return maskText(argument, secrets)
  })
}

export function maskEnvironment(environment: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [
      name,
      isSecretName(name) ? MASK : maskText(value, []),
    ]),
  )
}

/** JSON with what stands under secret names masked, however deep, and the secrets in its texts. */
export function maskValues<T>(value: T, secrets: readonly string[] = []): T {
  return masked(value, secrets, '') as T
}

function masked(value: unknown, secrets: readonly string[], name: string): unknown {
  if (value === null || value === undefined) return value
  if (isSecretName(name)) return MASK
  if (typeof value === 'string') return maskText(value, secrets)
  if (typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map((item) => masked(item, secrets, ''))
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, masked(item, secrets, key)]))
}
