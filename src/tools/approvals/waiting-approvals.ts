import type { Workspace } from '../../store/workspace.ts'

/** How long a call waits for a person. */
const PATIENCE_MS = 40_000

/** Questions of this process that a person has not answered yet. */
export const waiting = new Set<string>()

export function waitingKey({ root }: Workspace, increment: string, check: string): string {
  return `${root}\0${increment}\0${check}`
}

/** The checks of an increment that wait for a person's answer. */
export function waitingApprovals(workspace: Workspace, increment: string): string[] {
  const prefix = waitingKey(workspace, increment, '')
  return [...waiting].filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length))
}

/** Ends when a call has waited long enough for a person, or is given up. */
export function patience(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, PATIENCE_MS)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
