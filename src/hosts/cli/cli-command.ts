import type { CliIo } from './io.ts'

/** A command for people that is no tool: setup, doctor, approve and the like. */
export interface CliCommand {
  /** As it is typed: `rebuild-index`. */
  name: string
  /** One line of `--help`. */
  summary: string
  /** Complete command lines, beginning with `specweave-ml`; shown as this program was started. */
  examples: string[]
  /** When it exits 1 though nothing was refused, for the reference: `something is not proven`. */
  no?: string
  /** The flags, one line each, for `<name> --help`; the first word is the flag. */
  flags?: string[]
  /**
   * @param argv what follows the name, without `--workspace`
   * @returns the exit code; a Refusal that is thrown is printed in words
   */
  run(argv: string[], io: CliIo): Promise<number>
}
