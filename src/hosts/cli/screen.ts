import type { CliIo } from './io.ts'

/** A block of lines on a terminal that is drawn anew in its own place. */
export function screen(io: CliIo): { draw(lines: readonly string[]): void } {
  let drawn = 0
  return {
    draw(lines) {
      const fitting = lines.slice(0, Math.max(1, io.rows - 1)).map((line) => cut(line, io.columns))
      const back = drawn > 0 ? `\u001b[${drawn}A\r\u001b[J` : ''
      io.out(back + fitting.join('\n'))
      drawn = fitting.length
    },
  }
}

/** Shortens what would wrap; colours do not count. */
function cut(line: string, columns: number): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with an escape
  const plain = line.replace(/\u001b\[[0-9;]*m/g, '')
  return plain.length < columns ? line : `${plain.slice(0, columns - 2)}…`
}
