import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { lookAhead } from '../../adapters/git/working-tree.ts'
import { sleep } from '../../core/clock.ts'
import { type Claimed, claimNext } from '../../runs/claim.ts'
import { whenThereIsRoom } from '../../runs/settle.ts'
import { superviseRun } from '../../runs/supervise.ts'
import { IDLE, mainScript, setProgram } from '../../runs/supervisors.ts'
import { type Index, openIndex } from '../../store/index-db.ts'
import { isIndexTrouble } from '../../store/index-trouble.ts'
import { layoutOf } from '../../store/layout.ts'
import type { Workspace } from '../../store/workspace.ts'
import { asDefect } from '../calls/defect-log.ts'
import { type Hooks, supervisorHooks } from './hooks.ts'

const EXIT_DEFECT = 70

/**
 * `specweave-ml supervise --workspace DIR [--config JSON] [RUN]`: a small detached process that carries runs to their end. It claims
 * the next queued run itself when one has ended, so that a long queue costs one start-up. Where there is none it waits a little for
 * the process that started it, and leaves.
 */
export async function main(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: argv,
    options: { workspace: { type: 'string' }, config: { type: 'string' } },
    allowPositionals: true,
  })
  setProgram([process.execPath, mainScript(process.argv[1] ?? '')])
  // A terminal that closes, or a person's Ctrl-C there, is meant for others.
  for (const name of ['SIGHUP', 'SIGINT', 'SIGPIPE'] as const) process.on(name, () => {})
  const workspace = await open(resolve(values.workspace ?? process.cwd()), values.config)
  // Git looks while the index is opened and a run is claimed.
  lookAhead(workspace.root)
  const hooks = supervisorHooks(workspace)
  let wanted = positionals.find((argument) => argument !== 'supervise')
  try {
    for (;;) {
      const next = await nextRun(workspace, wanted)
      if (next) {
        show(workspace, next.claimed.run)
        await superviseRun(workspace, next.index, next.claimed, hooks)
      }
      wanted = next ? undefined : await askForWork(workspace, hooks)
      if (!next && !wanted) return 0
      if (wanted) lookAhead(workspace.root)
    }
  } catch (cause) {
    // Moved away: there it is looked after by who looks there.
    if (!existsSync(workspace.layout.folder)) return 0
    // Nobody reads this process's output. The run goes on without it, and the next that looks adopts it.
    asDefect(cause, 'supervise')
    return EXIT_DEFECT
  } finally {
    await hooks.close()
  }
}

/** A person or an assistant that tries things out asks for the next run within so long, mostly. */
const LINGER_MS = 20_000

/** @returns the run that the process which started this one wants carried; `undefined` where that is gone, or wants none. */
async function askForWork(workspace: Workspace, hooks: Hooks): Promise<string | undefined> {
  if (!process.connected) return undefined
  return new Promise((resolve) => {
    let waiting = true
    const settle = (run?: string): void => {
      waiting = false
      clearTimeout(timer)
      process.off('message', settle).off('disconnect', gone)
      resolve(run)
    }
    const gone = (): void => settle()
    const timer = setTimeout(gone, LINGER_MS)
    process.on('message', settle).on('disconnect', gone)
    process.send?.(IDLE, undefined, undefined, () => {})
    void hooks.listed().then(() => waiting && show(workspace, WAITING))
  })
}

const WAITING = 'waiting'

/** What `ps` and `top` show of this process. */
function show(workspace: Workspace, what: string): void {
  process.title = `specweave-ml supervise: ${what} in ${workspace.root}`
}

const PATIENCE_MS = 3600_000
const LONGEST_PAUSE_MS = 10_000

/**
 * Another program may have locked the index, somebody deleted it, or the disk is full: there is nobody else who would
 * look again.
 */
async function nextRun(
  workspace: Workspace,
  wanted: string | undefined,
): Promise<{ index: Index; claimed: Claimed } | undefined> {
  const until = performance.now() + PATIENCE_MS
  for (let pause = 500; ; pause = Math.min(LONGEST_PAUSE_MS, pause * 1.5)) {
    try {
      return await whenThereIsRoom(workspace.layout.folder, async () => {
        const index = await openIndex(workspace.layout)
        const claimed = claimNext(workspace, index, wanted)
        return claimed && { index, claimed }
      })
    } catch (cause) {
      if (!isIndexTrouble(cause) || !existsSync(workspace.layout.folder) || performance.now() > until)
        throw cause
      await sleep(pause)
    }
  }
}

/** @param config the settings as the process that started this one has read and checked them. */
async function open(root: string, config: string | undefined): Promise<Workspace> {
  if (config === undefined) return (await import('../../store/workspace.ts')).openWorkspace(root)
  return { root, layout: layoutOf(root), config: JSON.parse(config) as Workspace['config'] }
}
