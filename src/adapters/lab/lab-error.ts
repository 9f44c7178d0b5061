import { ERROR_CODES, type ErrorCode, type InvalidField, type NextStep, Refusal } from '../../core/errors.ts'

/** The `error` member of an answer, as the protocol has it. */
export interface LabErrorMessage {
  code?: string
  message?: string
  invalid?: InvalidField[]
  missing?: string[]
  /** `arguments` of the same tool are what to add to those of the call. */
  next?: NextStep[]
}

/** A refusal of the lab is the user's; anything else is a failure of the lab, shown with its last lines. */
export function labError(error: LabErrorMessage, stderr: readonly string[]): Refusal {
  const code = error.code ?? ''
  if (code !== 'LAB_FAILED' && Object.hasOwn(ERROR_CODES, code)) {
    return new Refusal(code as ErrorCode, error.message ?? code, {
      invalid: error.invalid ?? [],
      missing: error.missing ?? [],
      next: error.next ?? [],
    })
  }
  return labFailed(error.message ?? 'the lab answered with an error', stderr)
}

export function labFailed(what: string, stderr: readonly string[]): Refusal {
  const tail = stderr
    .filter((line) => line.trim() !== '')
    .slice(-8)
    .map((line) => `  ${line}`)
    .join('\n')
  return new Refusal('LAB_FAILED', `The lab failed: ${what}${tail && `\nIts last lines:\n${tail}`}`, {
    next: [{ person: 'specweave-ml doctor', why: "looks at the lab's environment" }],
  })
}
