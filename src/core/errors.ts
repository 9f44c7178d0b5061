/**
 * Every refusal that a user can meet, in one table. A code is stable; its summary is what the reference page shows.
 * Anything thrown that is not a {@link Refusal} is a defect of ours and is reported as one.
 */
export const ERROR_CODES = {
  INPUT_INVALID: 'An argument is missing, of the wrong type or out of range.',
  INPUT_TOO_LARGE: 'An argument is larger than the server accepts.',
  WORKSPACE_MISSING: 'No .specweave folder was found upward from the working folder.',
  WORKSPACE_UNSUITABLE: 'The folder cannot hold a workspace: it is the file system root or a home folder.',
  WORKSPACE_NEWER: 'The workspace was written by a newer version of specweave-ml.',
  WORKSPACE_READ_ONLY: 'The workspace cannot be written to.',
  WORKSPACE_CONFIG_INVALID: '.specweave/ml.yaml cannot be read or holds an unknown or wrong value.',
  PATH_OUTSIDE_WORKSPACE: 'A path leads outside the workspace.',
  FILE_MISSING: 'A file that was named does not exist.',
  INCREMENT_UNKNOWN: 'No increment has this id.',
  INCREMENT_EXISTS: 'An increment with this id exists already.',
  INCREMENT_CLOSED: 'The increment is completed or abandoned.',
  INCREMENT_AMBIGUOUS: 'Several increments are active and none was named.',
  SPEC_INVALID: 'The front matter of spec.md cannot be read.',
  CRITERION_INVALID: 'A success criterion or constraint cannot be understood.',
  RUN_UNKNOWN: 'No run has this id.',
  RUN_NOT_FINISHED: 'The run has not ended yet.',
  REPRODUCTION_IMPOSSIBLE: 'The run cannot be repeated from its record.',
  RUN_NAME_INVALID: 'A run name cannot be used as a folder name.',
  COMMAND_INVALID: 'The command is empty or cannot be run.',
  PREFLIGHT_FAILED: 'A preflight found what would have ended the run: it was not started.',
  INTERPRETER_MISSING: 'No usable Python interpreter was found.',
  RESOURCES_UNAVAILABLE: 'The machine does not have the resources that were asked for.',
  DATASET_UNKNOWN: 'No registered dataset has this name and version.',
  DATASET_INVALID: 'The data cannot be registered as described.',
  PREDICTIONS_MISSING: 'The run has no predictions for the split and no model to make them with.',
  PREDICTIONS_INVALID: 'The predictions handed in do not fit the split.',
  MODEL_MISSING: 'The run has no saved model here.',
  SIGN_OFF_MISSING: 'A person has to approve the criteria before the increment is trained.',
  THRESHOLD_FROZEN: 'The run was looked at on test: its threshold cannot be chosen any more.',
  RUN_NOT_JUDGEABLE: 'No verdict could rest on the run, so that no look is spent on it.',
  LOOKS_SPENT: 'The budget of looks at the sealed test set is used up.',
  VAULT_MISSING: 'The sealed labels are not on this machine.',
  VALIDATION_NOT_PASSED: 'The increment has no passing validation.',
  ARTIFACT_CHANGED: 'An artifact is no longer the file that the run recorded.',
  LAB_UNAVAILABLE: "The lab's Python environment is missing or cannot be made.",
  LAB_FAILED: 'The lab process ended or answered with an error.',
  LAB_CHANGED:
    "The lab's own code is not the one that the program was built with: nothing is measured by it.",
  GITHUB_UNREACHABLE: 'GitHub did not answer, or not as it should.',
  GITHUB_REFUSED: 'GitHub refused to make an issue or a comment.',
  INDEX_LOCKED: 'Another program keeps the index locked.',
  INDEX_UNWRITABLE:
    'The index cannot be read or written: no room, a folder that is read-only, or damage that comes again.',
  SQLITE_UNAVAILABLE: 'Neither better-sqlite3 nor node:sqlite can be loaded.',
  LEDGER_BROKEN: 'The ledger does not verify.',
  TERMINAL_REQUIRED: 'This is for a person on a terminal.',
  PLATFORM_UNSUPPORTED: 'This platform is not supported.',
  READ_ONLY_SERVER: 'The server was started with --read-only.',
  TOOL_UNKNOWN: 'No tool has this name.',
  RESOURCE_UNKNOWN: 'No resource has this address.',
  INTERNAL_DEFECT: 'A defect of specweave-ml.',
} as const

export type ErrorCode = keyof typeof ERROR_CODES

/** A call or a command that would work, with the reason to make it. */
export type NextStep =
  | { tool: string; arguments: Record<string, unknown>; why: string }
  | { person: string; why: string }

export interface InvalidField {
  field: string
  problem: string
}

export interface RefusalDetails {
  missing?: string[]
  invalid?: InvalidField[]
  next?: NextStep[]
  cause?: unknown
}

/** Something the user asked for that cannot be done: what was wrong, where, and what to do next. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code: ErrorCode
  readonly missing: string[]
  readonly invalid: InvalidField[]
  readonly next: NextStep[]

  constructor(code: ErrorCode, message: string, details: RefusalDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.missing = details.missing ?? []
    this.invalid = details.invalid ?? []
    this.next = details.next ?? []
  }

  toJSON(): {
    code: ErrorCode
    message: string
    missing: string[]
    invalid: InvalidField[]
    next: NextStep[]
  } {
    return {
      code: this.code,
      message: this.message,
      missing: this.missing,
      invalid: this.invalid,
      next: this.next,
    }
  }
}
