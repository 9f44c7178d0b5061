// The wait until everything has ended, by asking a fresh server: a hang is a violation too.
import { setTimeout as sleep } from 'node:timers/promises'
import { list } from './arena.mjs'
import { Client } from './client.mjs'
import { processesOf } from './processes.mjs'

const GUARD_S = 90
const LIVE = ['queued', 'starting', 'running', 'evaluating']

/** @returns violations: what has not come to its end. */
export async function settle({ arena, pool }) {
  const waited = await untilEnded(arena, (name, args) => pool.once(name, args))
  if (waited) return waited
  if (arena.copy) {
    const client = await new Client(arena.program, arena.copy, arena.env()).open()
    const inCopy = await untilEnded(arena, (name, args) => client.call(name, args))
    await client.close()
    if (inCopy) return inCopy.map((text) => `in the copy: ${text}`)
  }
  await pool.retire()
  for (const end = Date.now() + 30_000; ; ) {
    const left = processesOf(arena).filter(({ kind }) => kind !== 'other')
    if (left.length === 0) return []
    if (Date.now() > end)
      return left.map(
        ({ pid, kind, words }) => `process ${pid} (${kind}) still lives: ${words.join(' ').slice(0, 300)}`,
      )
    await sleep(200)
  }
}

async function untilEnded(arena, call) {
  for (const end = Date.now() + GUARD_S * 1000; ; ) {
    const { refused, content } = await call('list_runs', { limit: 200 })
    if (refused) return [`list_runs was refused in quiet: ${JSON.stringify(content)}`]
    const live = content.runs.filter(({ state }) => LIVE.includes(state))
    if (live.length === 0) return undefined
    if (Date.now() > end) {
      const folders = arena.runFolders()
      return live.map(
        ({ run, state }) =>
          `${run} is still ${state} after ${GUARD_S} s of quiet: ${list(folders.get(run) ?? '').join(' ')}`,
      )
    }
    await call('get_run', {
      run: live.slice(0, 20).map(({ run }) => run),
      wait_s: 3,
      wait_for: 'any',
      log_lines: 0,
    })
  }
}
