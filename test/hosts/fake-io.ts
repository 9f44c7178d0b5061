import pc from 'picocolors'
import { openWorkspaceAt } from '../../src/hosts/calls/find-workspace.ts'
import type { CliIo } from '../../src/hosts/cli/io.ts'

/** A CliIo that keeps what was written. */
export function fakeIo(folder: string, stdin = ''): CliIo & { stdout: string; stderr: string } {
  const place = { folder, named: true }
  const signal = new AbortController().signal
  const io = {
    stdout: '',
    stderr: '',
    out(text: string) {
      io.stdout += `${text}\n`
    },
    err(text: string) {
      io.stderr += `${text}\n`
    },
    terminal: { stdin: false, stdout: false, stderr: false },
    columns: 100,
    rows: 40,
    colours: pc.createColors(false),
    program: 'npx specweave-ml',
    place,
    signal,
    context: () => ({ workspace: () => openWorkspaceAt(place), home: place, signal, progress() {} }),
    readStdin: async () => stdin,
  }
  return io
}
