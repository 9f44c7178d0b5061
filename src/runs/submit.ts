import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { isAbsolute, join, relative, resolve } from 'node:path'
import { confine } from '../adapters/files.ts'
import { machineCapacity } from '../adapters/machine.ts'
import {
  findOnPath,
  isExecutable,
  labInterpreter,
  projectInterpreter,
} from '../adapters/python/interpreter.ts'
import { Refusal } from '../core/errors.ts'
import { maskCommand, maskEnvironment, secretValues } from '../core/secrets.ts'
import type { Index } from '../store/index-db.ts'
import { sql } from '../store/schema.ts'
import type { Workspace } from '../store/workspace.ts'
import { captureCode } from './capture-code.ts'
import { readFacts } from './facts.ts'
import { indexRun } from './index-run.ts'
import { checkedName, createRunFolder } from './naming.ts'
import { keepPrivate } from './private-request.ts'
import type { RunRecord } from './record.ts'
import { requestHash } from './request.ts'

/** One command to be run, as the tools ask for it. */
export interface RunRequest {
  increment: { id: string; folder: string }
  name: string
  command: string[]
  cwd?: string
  params?: Record<string, unknown>
  dataset?: { id: string; hash: string }
  env?: Record<string, string>
  timeout_s?: number
  resources?: { cpus?: number; gpus?: number; memory_gb?: number }
  metrics_from?: { path: string; step?: string }[]
  seed?: number
  /** Set for baselines made by the lab. */
  baseline?: string
  /** `lab`, or what ml.yaml says. */
  interpreter?: string
  again?: boolean
  /** Names of the child runs, where this request only gathers them. */
  children?: string[]
}

export interface Submitted {
  run: string
  folder: string
  /** The run was there already and answers this request. */
  reused: boolean
}

/** Checks everything that can be checked before a folder is made: a refusal leaves nothing on disk. */
export function checkRequest(workspace: Workspace, request: RunRequest): RunRecord {
  const { root, config } = workspace
  const [program] = request.command
  if (!program || program.trim() === '') {
    throw new Refusal('COMMAND_INVALID', 'The command is empty.', {
      invalid: [
        { field: 'command', problem: 'needs a program and its arguments, such as ["python", "train.py"]' },
      ],
    })
  }
  if (request.command.some((argument) => argument.includes('\0'))) {
    throw new Refusal('COMMAND_INVALID', 'An argument of the command holds a NUL character.', {
      invalid: [{ field: 'command', problem: 'must not contain NUL characters' }],
    })
  }
  const cwd = confine(root, request.cwd ?? '.')
  if (!existsSync(cwd) || !statSync(cwd).isDirectory()) {
    throw new Refusal('COMMAND_INVALID', `The working folder ${request.cwd} does not exist.`, {
      invalid: [{ field: 'cwd', problem: 'must be a folder in the workspace' }],
    })
  }
  const interpreter = request.interpreter ?? config.interpreter
  checkProgram(root, cwd, program, interpreter)
  for (const { path } of request.metrics_from ?? []) confine(root, resolve(cwd, inRunFolder(root, path)))
  const secrets = secretValues(request.env ?? {})
  const command = maskCommand(request.command, secrets)
  const params = request.params ?? {}
  const maskedParams = maskParams(params)
  const env = maskEnvironment(request.env ?? {})
  const changed =
    JSON.stringify([command, env, maskedParams]) !==
    JSON.stringify([request.command, request.env ?? {}, params])
  return {
    format: 1,
    run: '',
    created: new Date().toISOString(),
    made_by: 'lab',
    command,
    cwd: relative(root, cwd) || '.',
    params: maskedParams,
    dataset: request.dataset?.id ?? null,
    seed: request.seed ?? null,
    parent: null,
    previous: null,
    baseline: request.baseline ?? null,
    timeout_s: request.timeout_s ?? config.limits.timeout_s ?? null,
    resources: checkedResources(workspace, request.resources ?? {}),
    metrics_from: request.metrics_from ?? [],
    env,
    request: requestHash(root, {
      command: request.command,
      cwd: relative(root, cwd) || '.',
      params,
      dataset: request.dataset?.id ?? null,
      datasetHash: request.dataset?.hash ?? null,
      seed: request.seed ?? null,
      env: request.env ?? {},
      metrics_from: request.metrics_from ?? [],
      baseline: request.baseline ?? null,
      children: request.children ?? [],
      interpreter: interpreter ?? '',
    }),
    ...(interpreter ? { interpreter } : {}),
    ...(request.children ? { children: request.children } : {}),
    ...(changed ? { masked: true as const } : {}),
  }
}

/** Where a path with placeholders leads, with a folder of the usual depth for the run's own. */
function inRunFolder(root: string, path: string): string {
  return path.replaceAll(
    '{run_dir}',
    join(root, '.specweave', 'increments', 'increment', 'experiments', 'run'),
  )
}

function maskParams(params: Record<string, unknown>): Record<string, unknown> {
  const strings = Object.fromEntries(Object.entries(params).map(([name, value]) => [name, String(value)]))
  const masked = maskEnvironment(strings)
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [
      name,
      masked[name] === strings[name] ? value : masked[name],
    ]),
  )
}

function checkProgram(root: string, cwd: string, program: string, interpreter: string | undefined): void {
  if (program === 'python' || program === 'python3') {
    if (interpreter === 'lab') labInterpreter()
    else projectInterpreter(root, interpreter)
    return
  }
  if (program.includes('{')) return
  const found = program.includes('/')
    ? isExecutable(isAbsolute(program) ? program : join(cwd, program))
    : findOnPath(program)
  if (found) return
  throw new Refusal(
    'COMMAND_INVALID',
    `${program} cannot be run: ${program.includes('/') ? 'there is no such executable file' : 'it is not on PATH'}.`,
    {
      invalid: [{ field: 'command', problem: `the program ${program} was not found` }],
    },
  )
}

function checkedResources(
  workspace: Workspace,
  asked: NonNullable<RunRequest['resources']>,
): RunRecord['resources'] {
  const capacity = machineCapacity(workspace.config.limits)
  const resources = { cpus: asked.cpus ?? 1, gpus: asked.gpus ?? 0, memory_gb: asked.memory_gb ?? null }
  const invalid = [
    { field: 'resources.cpus', asked: resources.cpus, has: capacity.cpus, unit: 'CPUs' },
    { field: 'resources.gpus', asked: resources.gpus, has: capacity.gpus, unit: 'GPUs' },
    {
      field: 'resources.memory_gb',
      asked: resources.memory_gb ?? 0,
      has: Math.floor(capacity.memoryBytes / 1024 ** 3),
      unit: 'GB of memory',
    },
  ]
    .filter(({ asked, has }) => asked > has)
    .map(({ field, asked, has, unit }) => ({
      field,
      problem: `${asked} asked for, and this machine can give ${has} ${unit}`,
    }))
  if (invalid.length > 0) {
    throw new Refusal('RESOURCES_UNAVAILABLE', 'The machine does not have what was asked for.', { invalid })
  }
  return resources
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

export function previousOf(increment: string, base: string, attempt: number): string {
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
  return before && before.hash === now.hash && before.git_sha === now.git_sha ? repeat : undefined
}

/** The files that a command names, relative to the workspace's root. */
export function scriptsOf(root: string, record: Pick<RunRecord, 'command' | 'cwd'>): string[] {
  return record.command
    .slice(1)
    .filter((argument) => /\.(?:py|sh|r|jl|js|ts|ipynb)$/i.test(argument))
    .map((argument) => relative(root, resolve(root, record.cwd, argument)))
    .filter((path) => !path.startsWith('..') && existsSync(join(root, path)))
}
