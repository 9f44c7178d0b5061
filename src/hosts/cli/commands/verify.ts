import { parseArgs } from 'node:util'
import type { CliCommand } from '../cli-command.ts'
import { EXIT } from '../exit-codes.ts'

export const verify: CliCommand = {
  name: 'verify',
  summary: 'Proves the ledger: every chain, hash and signature; says what is wrong and where',
  examples: ['specweave-ml verify'],
  async run(argv, io) {
    parseArgs({ args: argv, options: {} })
    const { readLedger } = await import('../../../evidence/ledger.ts')
    const workspace = await io.context().workspace()
    const { chains, problems } = readLedger(workspace)
    for (const { key, own, lines } of chains) {
      io.out(
        `ledger/${key}.jsonl${own ? ' (this clone)' : ''}: ${lines.length} line${lines.length === 1 ? '' : 's'}`,
      )
    }
    for (const { file, line, what } of problems) io.err(`${file}${line ? `:${line}` : ''}: ${what}`)
    if (problems.length > 0) return EXIT.refused
    io.out(chains.length === 0 ? 'There is no ledger yet.' : 'The ledger verifies.')
    return EXIT.done
  },
}
