import { readJson } from '../adapters/files.ts'
import { CHILD_FOLDER } from '../core/ids.ts'
import {
  isCount,
  isFlag,
  isNumber,
  isOneOf,
  isText,
  isTime,
  listOf,
  mapOf,
  maybe,
  type Shape,
  withMembers,
} from '../core/shape.ts'

const anything: Shape = () => true
const isPid: Shape = (value) => isCount(value) && (value as number) > 1
const process = { pid: isPid, start_time: isText, boot_id: isText, pid_ns: isText, machine_id: isText }
const inode = withMembers({ dev: isNumber, ino: isNumber })
const isChild: Shape = (value) => typeof value === 'string' && CHILD_FOLDER.test(value)

const isResources = withMembers({ cpus: isNumber, gpus: isCount, memory_gb: maybe(isNumber) })
const areSources = listOf(withMembers({ path: isText, step: maybe(isText) }))

const isKnownRun = withMembers({
  created: isTime,
  made_by: isOneOf('lab', 'sdk', 'baseline'),
  command: listOf(isText),
  cwd: maybe(isText),
  params: maybe(mapOf(anything)),
  dataset: maybe(isText),
  seed: maybe(isNumber),
  parent: maybe(isText),
  previous: maybe(isText),
  baseline: maybe(isText),
  timeout_s: maybe(isNumber),
  resources: maybe(isResources),
  metrics_from: maybe(areSources),
  env: maybe(mapOf(isText)),
  request: maybe(isText),
  children: maybe(listOf(isChild)),
  interpreter: maybe(isText),
  code: maybe(withMembers({ git_sha: maybe(isText), hash: maybe(isText), dirty: maybe(isFlag) })),
  environment: maybe(
    withMembers({ interpreter: maybe(isText), python: maybe(isText), packages: maybe(mapOf(isText)) }),
  ),
  git_sha: maybe(isText),
  reproduces: maybe(isText),
  control: maybe(withMembers({ kind: isOneOf('shuffled_labels'), of: isText })),
  preflight: maybe(isFlag),
  subfolder: maybe(isText),
})

/** What a supervisor needs beyond what a script's own record has to say. */
const isStartable = withMembers({
  cwd: isText,
  params: mapOf(anything),
  resources: isResources,
  metrics_from: areSources,
  env: mapOf(isText),
})

const isRun: Shape = (value) =>
  isKnownRun(value) && ((value as { made_by: string }).made_by !== 'lab' || isStartable(value))

const isStarted = withMembers({ ...process, stdout: maybe(inode), events: maybe(inode) })
const isNever = withMembers({
  ...process,
  pid: isOneOf(-1),
  never: withMembers({ state: isOneOf('failed', 'stopped', 'timed_out', 'lost'), reason: isText }),
})

/** The members of a run's records that the program relies on, by the file's name. */
export const SHAPES = {
  run: isRun,
  claim: withMembers({ ...process, at: isText, gpus: listOf(isCount) }),
  started: (value: unknown) => isNever(value) || isStarted(value),
  stop: withMembers({ kind: isOneOf('stop', 'timeout', 'log_limit'), reason: isText }),
  exit: withMembers({ exit_code: isCount, uptime_s: maybe(isNumber) }),
  end: withMembers({
    state: isOneOf('succeeded', 'failed', 'stopped', 'timed_out', 'lost'),
    reason: maybe(isText),
    exit_code: maybe(isNumber),
    signal: maybe(isText),
    started: maybe(isTime),
    ended: isTime,
    duration_s: maybe(isNumber),
    asleep_s: maybe(isNumber),
    warnings: listOf(isText),
    resources: maybe(mapOf(isNumber)),
  }),
} as const

/** @returns `undefined` where the file is missing, is not (yet) whole, or is no such record. */
export function readRecord<T>(path: string, shape: Shape): T | undefined {
  const record = readJson<T>(path)
  return record !== undefined && shape(record) ? record : undefined
}
