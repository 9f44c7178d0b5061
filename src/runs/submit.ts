import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { sameCode } from '../adapters/git/working-tree.ts'
import type { Index } from '../store/index-db.ts'
import { sql } from '../store/schema.ts'
import type { Workspace } from '../store/workspace.ts'
import { captureCode } from './capture-code.ts'
import { checkRequest, type RunRequest } from './check-request.ts'
import { readFacts } from './facts.ts'
import { indexRun } from './index-run.ts'
import { checkedName, createRunFolder } from './naming.ts'
import { keepPrivate } from './private-request.ts'
import type { RunRecord } from './record.ts'

export interface Submitted {
  run: string
  folder: string
  /** The run was there already and answers this request. */
  reused: boolean
}

/**
 * Queues a command: one new folder with its run.json, or the run that answers the same request already.
 * Scheduling is the caller's next step.
 */
export async function submitRun(workspace: Workspace, index: Index, request: RunRequest): Promise<Submitted> {
  const record = checkRequest(workspace, request)
  const name = checkedName(request.name)
  if (!request.again) {
    const repeat = await findRepeat(workspace, index, request, record)
    if (repeat) return { ...repeat, reused: true }
  }
  const experiments = join(workspace.layout.increments, request.increment.folder, 'experiments')
  const folderName = createRunFolder(
    workspace.layout,
    experiments,
    request.increment.id,
    name,
    (folder, final) => {
      const previous = /^(.*?)(?:-r(\d+))$/.exec(final)
      record.run = `${request.increment.id}/${final}`
      record.previous = previous ? previousOf(request.increment.id, previous[1]!, Number(previous[2])) : null
      writeRunFiles(folder, join(experiments, final), record, request)
    },
  )
  const run = `${request.increment.id}/${folderName}`
  const folder = join(experiments, folderName)
  indexRun(index, run, folder)
  return { run, folder, reused: false }
}

/**
 * Queues the same command once for each seed: child runs `s7` in the folders of a record that gathers them. A repeated
 * request makes the children that are missing.
 */
export async function submitSeeds(
  workspace: Workspace,
  index: Index,
  request: RunRequest,
  seeds: readonly number[],
): Promise<Submitted & { children: Submitted[] }> {
  const names = seeds.map((seed) => `s${seed}`)
  const parent = await submitRun(workspace, index, { ...request, children: names })
  const record = readFacts(parent.folder)?.record
  const children = seeds.map((seed, i): Submitted => {
    const [run, folder] = [`${parent.run}/${names[i]}`, join(parent.folder, names[i]!)]
    if (existsSync(join(folder, 'run.json'))) return { run, folder, reused: true }
    rmSync(folder, { recursive: true, force: true })
    const child = checkRequest(workspace, { ...request, seed, children: undefined })
    mkdirSync(folder)
    writeRunFiles(
      folder,
      folder,
      { ...child, created: record?.created ?? child.created, run, parent: parent.run },
      { ...request, seed },
    )
    indexRun(index, run, folder)
    return { run, folder, reused: false }
  })
  indexRun(index, parent.run, parent.folder)
  return { ...parent, children }
}

function previousOf(increment: string, base: string, attempt: number): string {
  return `${increment}/${attempt > 2 ? `${base}-r${attempt - 1}` : base}`
}

function writeRunFiles(folder: string, final: string, record: RunRecord, request: RunRequest): void {
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

async function findRepeat(
  workspace: Workspace,
  index: Index,
  request: RunRequest,
  record: RunRecord,
): Promise<Omit<Submitted, 'reused'> | undefined> {
  const [row] = index.all(
    sql
      .selectFrom('runs')
      .select(['run', 'folder', 'state', 'record'])
      .where('request', '=', record.request)
      .where('increment', '=', request.increment.id)
      .orderBy('created', 'desc')
      .orderBy('run', 'desc')
      .limit(1),
  )
  if (!row) return undefined
  const repeat = { run: row.run, folder: row.folder }
  if (['queued', 'starting', 'running', 'evaluating'].includes(row.state)) return repeat
  if (row.state !== 'succeeded') return undefined
  if (record.children) return repeat
  const before = (JSON.parse(row.record) as RunRecord).code
  const { record: now } = await captureCode(workspace.root, scriptsOf(workspace.root, record))
  return before && before.hash === now.hash && (await sameCode(workspace.root, before.git_sha, now.git_sha))
    ? repeat
    : undefined
}

/** The files that a command names, relative to the workspace's root. */
export function scriptsOf(root: string, record: Pick<RunRecord, 'command' | 'cwd'>): string[] {
  return record.command
    .slice(1)
    .filter((argument) => /\.(?:py|sh|r|jl|js|ts|ipynb)$/i.test(argument))
    .map((argument) => relative(root, resolve(root, record.cwd, argument)))
    .filter((path) => !path.startsWith('..') && existsSync(join(root, path)))
}
