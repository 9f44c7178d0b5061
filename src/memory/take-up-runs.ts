import { isEnd, type RunState } from '../core/run-state.ts'
import { environmentSecrets } from '../core/untrusted-text.ts'
import type { Index } from '../store/index-db.ts'
import type { RunRow } from '../store/schema.ts'
import type { MemoryEntry } from './entry.ts'
import { addEntries } from './rows.ts'
import { triedBy } from './tries.ts'

/** For how long what is due is taken up in one transaction: others must get a turn. */
const TOGETHER_MS = 50

/** Of each run the newest: a run that notes every step must not bury the others. */
const NOTES_OF_RUN = 20

/**
 * Takes up what runs noted and why they failed, of those that changed since (triggers of the index name them).
 * @param withinMs where it takes longer, the rest is left to the next call.
 * @returns how many are left.
 */
export function takeUpRuns(index: Index, withinMs: number): number {
  const end = performance.now() + withinMs
  const secrets = environmentSecrets()
  // Those of now: a run that notes all the time is due again at once.
  const due = index.driver.all('SELECT run FROM memory_due').map(({ run }) => String(run))
  let i = 0
  while (i < due.length && performance.now() <= end)
    index.transaction(() => {
      const until = Math.min(end, performance.now() + TOGETHER_MS)
      do takeUpRun(index, due[i++]!, secrets)
      while (i < due.length && performance.now() < until)
    })
  return due.length - i
}

function takeUpRun(index: Index, run: string, secrets: readonly string[]): void {
  const row = index.driver.get('SELECT * FROM runs WHERE run = ?', [run]) as unknown as RunRow | undefined
  index.driver.run('DELETE FROM memory_due WHERE run = ?', [run])
  index.driver.run('DELETE FROM memory_tries WHERE run = ?', [run])
  index.driver.run('DELETE FROM memory WHERE source = ?', [`run ${run}`])
  // Jobs are no runs, and what is repeated or controlled says nothing new.
  if (!row || row.increment === '' || row.aside !== null) return
  addEntries(index, `run ${run}`, [...failureOf(run, row), ...notesOf(index, run, row)], secrets)
  const tried = triedBy(row)
  if (tried)
    index.driver.run(
      'INSERT INTO memory_tries (run, dataset, label, command, params) VALUES (?, ?, ?, ?, ?)',
      [run, tried.dataset, tried.label, tried.command, tried.params],
    )
}

function failureOf(run: string, row: RunRow): MemoryEntry[] {
  const { state, reason, exit_code, increment, ended, created } = row
  if (!isEnd(state as RunState) || state === 'succeeded') return []
  const why = reason ?? (exit_code ? `exit code ${exit_code}` : '')
  if (why === '') return []
  const text = `${state.replace('_', ' ')}: ${why}`
  return [{ kind: 'failure', from: run, increment, at: ended ?? created, text, tags: [], runs: [run] }]
}

function notesOf(index: Index, run: string, { increment, created }: RunRow): MemoryEntry[] {
  return index.driver
    .all('SELECT t, text FROM notes WHERE run = ? ORDER BY t DESC, writer DESC, line DESC LIMIT ?', [
      run,
      NOTES_OF_RUN,
    ])
    .map(({ t, text }) => ({ t: Number(t), text: String(text) }))
    .filter(({ text }) => !/^\s*Traceback \(most recent call last\)/.test(text))
    .map(({ t, text }) => ({
      kind: 'note',
      from: run,
      increment,
      at: t > 0 && t < 8e12 ? new Date(t * 1000).toISOString() : created,
      text,
      tags: [],
      runs: [run],
    }))
}
