import type { CliCommand } from './cli-command.ts'
import { approve } from './commands/approve.ts'
import { doctor } from './commands/doctor.ts'
import { rebuildIndexCommand } from './commands/rebuild-index.ts'
import { setup } from './commands/setup.ts'
import { verify } from './commands/verify.ts'

/** The commands beside the tools; each loads what it needs inside `run`. */
export const commands: readonly CliCommand[] = [setup, doctor, rebuildIndexCommand, verify, approve]
