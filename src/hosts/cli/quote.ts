/** One word for a POSIX shell: as it is where that is safe, else in single quotes. */
export function quote(word: string): string {
  return /^[\w/.:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

export function commandText(words: readonly string[]): string {
  return words.map(quote).join(' ')
}
