import type { ToolContext } from '../../tools/context.ts'
import type { CliIo } from './io.ts'

/** Progress for people on stderr: one line that is written over on a terminal, a line for each change elsewhere. */
export function progressLine(io: CliIo): { show: ToolContext['progress']; clear(): void } {
  let last = ''
  return {
    show(message, fraction) {
      const percent = fraction === undefined ? '' : `${String(Math.round(fraction * 100)).padStart(3)} % `
      const line = `${percent}${message}`.slice(0, io.columns - 1)
      if (line === last) return
      if (io.terminal.stderr) process.stderr.write(`\r\u001b[K${line}`)
      else if (message !== last.replace(/^ *\d+ % /, '')) io.err(line)
      last = line
    },
    clear() {
      if (io.terminal.stderr && last !== '') process.stderr.write('\r\u001b[K')
    },
  }
}
