import { approve } from './commands/approve.ts'
import { doctor } from './commands/doctor.ts'
import { rebuildIndexCommand } from './commands/rebuild-index.ts'
import { setup } from './commands/setup.ts'
import { verify } from './commands/verify.ts'
import type { CliIo } from './io.ts'

/** A command for people that is no tool: setup, doctor, approve and the like. */
export interface CliCommand {
  /** As it is typed: `rebuild-index`. */
  name: string
  /** One line of `--help`. */
  summary: string
  /** Complete command lines, beginning with `specweave-ml`; shown as this program was started. */
  examples: string[]
  /** The flags, one line each, for `<name> --help`; the first word is the flag. */
  flags?: string[]
  /**
   * @param argv what follows the name, without `--workspace`
   * @returns the exit code; a Refusal that is thrown is printed in words
   */
  run(argv: string[], io: CliIo): Promise<number>
}

/** The commands beside the tools; each loads what it needs inside `run`. */
export const commands: readonly CliCommand[] = [setup, doctor, rebuildIndexCommand, verify, approve]
