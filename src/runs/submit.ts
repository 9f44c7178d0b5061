import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { withLock } from '../adapters/process/lock.ts'
import type { Index } from '../store/index-db.ts'
import { sql } from '../store/schema.ts'
import type { Workspace } from '../store/workspace.ts'
import { captureCode, sameCode } from './capture-code.ts'
import { checkRequest, childName, type RunRequest } from './check-request.ts'
import { indexRun, LIVE_STATES } from './index-run.ts'
import { checkedName, createRunFolder } from './naming.ts'
import { keepPrivate } from './private-request.ts'
import type { RunRecord } from './record.ts'
import { refreshIncrement } from './refresh.ts'

export interface Submitted {
  run: string
  folder: string
  /** The run was there already and answers this request. */
  reused: boolean
}

/** Queues one command. See {@link submitRuns}. */
export async function submitRun(workspace: Workspace, index: Index, request: RunRequest): Promise<Submitted> {
  const [submitted] = await submitRuns(workspace, index, [request])
  return submitted!
}

/**
 * Queues commands of one increment: for each a new folder with its run.json, or the run that answers the same request
 * already. With seeds it is a folder that gathers child runs `s7`; parent and children come into being together. All are
 * checked before the first is queued. Scheduling is the caller's next step.
 */
export async function submitRuns(
  workspace: Workspace,
  index: Index,
  requests: readonly RunRequest[],
): Promise<Submitted[]> {
  const all = requests.map((request) => checked(workspace, request))
  const [first] = requests
  if (!first || requests.every(({ again }) => again))
    return all.map((one) => createRun(workspace, index, one))
  // Clients repeat a call that they think lost: the same request is looked for and queued in one step.
  return withLock(
    join(workspace.layout.reservations, `submit-${first.increment.id}.lock`),
    async () => {
      refreshIncrement(workspace, index, first.increment)
      const submitted: Submitted[] = []
      for (const one of all) {
        const repeat = one.request.again
          ? undefined
          : await findRepeat(workspace, index, one.request, one.record)
        submitted.push(repeat ? { ...repeat, reused: true } : createRun(workspace, index, one))
      }
      return submitted
    },
    { timeoutS: LONGEST_WAIT_S, foreignTimeoutS: 5 },
  )
}

interface Checked {
  request: RunRequest
  name: string
  record: RunRecord
  children: RunRecord[]
}

function checked(workspace: Workspace, request: RunRequest): Checked {
  const { seeds } = request
  return {
    request,
    name: checkedName(request.name),
    record: checkRequest(workspace, request),
    children: (seeds ?? []).map((seed) => checkRequest(workspace, { ...request, seed, seeds: undefined })),
  }
}

/** Longer than the Git of a large repository takes, shorter than a call may last. */
const LONGEST_WAIT_S = 30

function createRun(workspace: Workspace, index: Index, asked: Checked): Submitted {
  const { request } = asked
  const { id } = request.increment
  const experiments = join(workspace.layout.increments, request.increment.folder, 'experiments')
  const folderName = createRunFolder(workspace.layout, experiments, id, asked.name, (folder, final) => {
    const attempt = /^(.*?)(?:-r(\d+))$/.exec(final)
    const record: RunRecord = {
      ...asked.record,
      run: `${id}/${final}`,
      previous: attempt ? previousOf(id, attempt[1]!, Number(attempt[2])) : null,
    }
    writeRunFiles(folder, join(experiments, final), record, request)
    for (const child of asked.children) {
      const name = childName(child.seed!)
      mkdirSync(join(folder, name))
      const whole = { ...child, created: record.created, run: `${record.run}/${name}`, parent: record.run }
      writeRunFiles(join(folder, name), join(experiments, final, name), whole, request)
    }
  })
  const [run, folder] = [`${id}/${folderName}`, join(experiments, folderName)]
  for (const name of asked.record.children ?? []) indexRun(index, `${run}/${name}`, join(folder, name))
  indexRun(index, run, folder)
  return { run, folder, reused: false }
}

function previousOf(increment: string, base: string, attempt: number): string {
  return `${increment}/${attempt > 2 ? `${base}-r${attempt - 1}` : base}`
}

/** What a run's folder holds before it is queued. */
export function writeRunFiles(folder: string, final: string, record: RunRecord, request: RunRequest): void {
  mkdirSync(join(folder, 'events'))
  mkdirSync(join(folder, 'logs'))
  // A script without the SDK writes its files there and need not make the folder.
  mkdirSync(join(folder, 'predictions'))
  // A live run's folder is invisible to Git, so that a checkout under it takes nothing away.
  writeFileSync(join(folder, '.gitignore'), '*\n')
  if (record.masked)
    keepPrivate(final, { command: request.command, env: request.env ?? {}, params: request.params ?? {} })
  writeFileSync(join(folder, 'run.json'), `${JSON.stringify(record, undefined, 2)}\n`)
}

/** One that lives comes before one that succeeded, whatever the time of day was when they were made. */
async function findRepeat(
  workspace: Workspace,
  index: Index,
  request: RunRequest,
  record: RunRecord,
): Promise<Omit<Submitted, 'reused'> | undefined> {
  const known = index
    .all(
      sql
        .selectFrom('runs')
        .select(['run', 'folder', 'record'])
        .where('request', '=', record.request)
        .where('increment', '=', request.increment.id)
        .orderBy('created', 'desc')
        .orderBy('run', 'desc'),
    )
    .map((row) => ({ ...row, state: indexRun(index, row.run, row.folder)?.judgement.state }))
  const live = known.find(({ state }) => state !== undefined && LIVE_STATES.includes(state))
  if (live) return { run: live.run, folder: live.folder }
  const succeeded = known.filter(({ state }) => state === 'succeeded')
  if (succeeded.length === 0) return undefined
  const { record: now } = await captureCode(workspace.root, scriptsOf(workspace.root, record))
  for (const { run, folder, record: text } of succeeded) {
    const { code: before, children } = JSON.parse(text) as RunRecord
    const sameText = before !== undefined && before.hash === now.hash
    if (children || (sameText && (await sameCode(workspace.root, before.git_sha, now.git_sha))))
      return { run, folder }
  }
  return undefined
}

/** The files that a command names, relative to the workspace's root. */
export function scriptsOf(root: string, record: Pick<RunRecord, 'command' | 'cwd'>): string[] {
  return record.command
    .slice(1)
    .filter((argument) => /\.(?:py|sh|r|jl|js|ts|ipynb)$/i.test(argument))
    .map((argument) => relative(root, resolve(root, record.cwd, argument)))
    .filter((path) => !path.startsWith('..') && existsSync(join(root, path)))
}
