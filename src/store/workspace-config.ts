import { join } from 'node:path'
import { parseDocument } from 'yaml'
import { z } from 'zod'
import { readText } from '../adapters/files.ts'
import { Refusal } from '../core/errors.ts'

/** `.specweave/ml.yaml`. Every key has a default, so that an empty file is a valid one. */
export const WorkspaceConfig = z.strictObject({
  format: z.number().int().default(1),
  id: z.string().default(''),
  interpreter: z.string().optional(),
  limits: z
    .strictObject({
      cpus: z.number().positive().optional(),
      memory_gb: z.number().positive().optional(),
      gpus: z.number().int().nonnegative().optional(),
      log_bytes: z
        .number()
        .int()
        .positive()
        .default(1024 ** 3),
      timeout_s: z.number().positive().optional(),
    })
    .prefault({}),
  /** Whether a person has to approve an increment's criteria before it is trained. */
  sign_off: z.boolean().default(false),
  stall_after_s: z.number().positive().default(600),
})
export type WorkspaceConfig = z.output<typeof WorkspaceConfig>

/** The newest layout of `.specweave/` that this version reads and writes. */
export const WORKSPACE_FORMAT = 1

export function readWorkspaceConfig(folder: string): WorkspaceConfig {
  const file = join(folder, 'ml.yaml')
  const raw = read(file) ?? {}
  const format = (raw as { format?: unknown }).format
  if (typeof format === 'number' && format > WORKSPACE_FORMAT) {
    throw new Refusal(
      'WORKSPACE_NEWER',
      `${file} has format ${format}; this version of specweave-ml knows ${WORKSPACE_FORMAT}. Update specweave-ml; nothing was changed.`,
    )
  }
  const parsed = WorkspaceConfig.safeParse(raw)
  if (!parsed.success) {
    throw new Refusal('WORKSPACE_CONFIG_INVALID', `${file} cannot be used.`, {
      invalid: parsed.error.issues.map((issue) => ({
        field: issue.path.join('.') || 'ml.yaml',
        problem: issue.message,
      })),
    })
  }
  return parsed.data
}

function read(file: string): unknown {
  let problem: { message: string; linePos?: [{ line: number; col: number }, ...unknown[]] } | undefined
  try {
    const document = parseDocument(readText(file) ?? '')
    if (document.errors.length === 0) return document.toJS()
    problem = document.errors[0]
  } catch (cause) {
    // Aliases that would fill the memory, or lists without end within lists.
    problem = { message: cause instanceof ReferenceError ? cause.message : 'it is nested too deeply' }
  }
  const at = problem?.linePos?.[0]
  throw new Refusal(
    'WORKSPACE_CONFIG_INVALID',
    `${file}:${at?.line ?? 1}:${at?.col ?? 1}: ${problem?.message.split('\n')[0]}`,
  )
}
