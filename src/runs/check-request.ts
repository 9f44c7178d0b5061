import { existsSync, statSync } from 'node:fs'
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
import { maskCommand, maskEnvironment, maskValues, secretValues } from '../core/secrets.ts'
import type { Workspace } from '../store/workspace.ts'
import { requireScript } from './command-script.ts'
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
  /** Whether everything that can end it in its last second is looked at before its start. */
  preflight?: boolean
  /** Of a control: the same command on shuffled labels. */
  control?: RunRecord['control']
  /** One child run for each, gathered by a record that runs nothing itself. */
  seeds?: readonly number[]
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
  requireScript(root, cwd, request, command)
  const params = request.params ?? {}
  const maskedParams = maskValues(params, secrets)
  const env = maskEnvironment(request.env ?? {})
  const changed =
    JSON.stringify([command, env, maskedParams]) !==
    JSON.stringify([request.command, request.env ?? {}, params])
  const children = request.seeds?.map(childName)
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
      children: children ?? [],
      interpreter: interpreter ?? '',
      ...(request.control ? { control: request.control } : {}),
    }),
    ...(request.control ? { control: request.control } : {}),
    ...(interpreter ? { interpreter } : {}),
    ...(request.preflight && !request.seeds ? { preflight: true as const } : {}),
    ...(children ? { children } : {}),
    ...(changed ? { masked: true as const } : {}),
  }
}

/** The folder of the child run of a seed, under its parent's. */
export function childName(seed: number): string {
  return `s${seed}`
}

/** Where a path with placeholders leads, with a folder of the usual depth for the run's own. */
function inRunFolder(root: string, path: string): string {
  return path.replaceAll(
    '{run_dir}',
    join(root, '.specweave', 'increments', 'increment', 'experiments', 'run'),
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

/** @throws Refusal RESOURCES_UNAVAILABLE */
export function checkedResources(
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
      problem: `${asked} ${unit} asked for, ${has} can be given`,
    }))
  if (invalid.length > 0) {
    throw new Refusal(
      'RESOURCES_UNAVAILABLE',
      `This machine does not have what was asked for: ${invalid.map(({ problem }) => problem).join('; ')}.`,
      {
        invalid,
        next: [
          {
            person: 'specweave-ml doctor',
            why: 'shows what this machine and .specweave/ml.yaml give to runs',
          },
        ],
      },
    )
  }
  return resources
}
