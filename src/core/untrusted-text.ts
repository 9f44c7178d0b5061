import { isSecretName, MASK, maskText, secretValues } from './secrets.ts'

// A string that has no end is not taken away with what follows it: a script could hide its log behind one.
// biome-ignore lint/suspicious/noControlCharactersInRegex: this is what the expression is for
const ESCAPE = /\u001b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\u0007\u001b\n]*(?:\u0007|\u001b\\)|[ -/]*[0-~])/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: this is what the expression is for
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g
/** Characters that a reader does not see but a model reads, and those that turn the order of a line around. */
const INVISIBLE = /[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]|[\u{e0000}-\u{e007f}]/gu

/** Text that a program or a person wrote, made safe to show: no terminal codes, no hidden characters, secrets masked. */
export function safeText(text: string, secrets: readonly string[] = environmentSecrets()): string {
  const plain = overwritten(text.replace(ESCAPE, '')).replace(CONTROL, '').replace(INVISIBLE, '')
  return maskText(plain, secrets)
}

/**
 * A value of an answer as it leaves us: in every text, names of members included, no terminal codes, no hidden
 * characters, no secrets. The net under those who wrote the answer; what is clean stays the same value.
 */
export function showable<T>(value: T, secrets: readonly string[] = environmentSecrets()): T {
  return cleaned(value, secrets) as T
}

function cleaned(value: unknown, secrets: readonly string[]): unknown {
  if (typeof value === 'string') return cleanText(value, secrets)
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map((item) => cleaned(item, secrets))
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      cleanText(key, secrets),
      typeof item === 'string' && isSecretName(key) ? MASK : cleaned(item, secrets),
    ]),
  )
}

function cleanText(text: string, secrets: readonly string[]): string {
  // Whole, or a text of one escape code would be left with its letters.
  const plain = text.replace(ESCAPE, '').replace(CONTROL, '').replace(INVISIBLE, '')
  return maskText(plain, secrets)
}

/** The values that are never shown; to be asked for once where much text is shown. */
export function environmentSecrets(): string[] {
  return secretValues(process.env)
}

/** A progress bar goes back with a carriage return: only what a terminal would still show is kept. */
function overwritten(text: string): string {
  if (!text.includes('\r')) return text
  return text
    .split('\n')
    .map((line) => line.replace(/\r+$/, '').replace(/^.*\r/s, ''))
    .join('\n')
}
