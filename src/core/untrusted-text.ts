import { maskText, secretValues } from './secrets.ts'

// biome-ignore lint/suspicious/noControlCharactersInRegex: this is what the expression is for
const ESCAPE = /\u001b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[ -/]*[0-~])/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: this is what the expression is for
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g
/** Characters that a reader does not see but a model reads, and those that turn the order of a line around. */
const INVISIBLE = /[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]|[\u{e0000}-\u{e007f}]/gu

/** Text that a program or a person wrote, made safe to show: no terminal codes, no hidden characters, secrets masked. */
export function safeText(text: string, secrets: readonly string[] = environmentSecrets()): string {
  const plain = overwritten(text.replace(ESCAPE, '')).replace(CONTROL, '').replace(INVISIBLE, '')
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
