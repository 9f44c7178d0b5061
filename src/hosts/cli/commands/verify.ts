import { parseArgs } from 'node:util'
import type { Ledger } from '../../../evidence/ledger.ts'
import type { Workspace } from '../../../store/workspace.ts'
import type { CliCommand } from '../cli-command.ts'
import { EXIT } from '../exit-codes.ts'

export const verify: CliCommand = {
  name: 'verify',
  summary:
    'Proves the ledger (every chain, hash and signature) and the measured numbers against it; says what is wrong and where',
  examples: ['specweave-ml verify'],
  async run(argv, io) {
    parseArgs({ args: argv, options: {} })
    const { readLedger } = await import('../../../evidence/ledger.ts')
    const workspace = await io.context().workspace()
    const ledger = readLedger(workspace)
    const { chains, problems } = ledger
    const changed = await changedEvidence(workspace, ledger)
    for (const { key, own, lines } of chains) {
      io.out(
        `ledger/${key}.jsonl${own ? ' (this clone)' : ''}: ${lines.length} line${lines.length === 1 ? '' : 's'}`,
      )
    }
    for (const { file, line, what } of problems) io.err(`${file}${line ? `:${line}` : ''}: ${what}`)
    for (const file of changed) io.err(`${file}: its numbers are not those that the ledger holds`)
    if (problems.length + changed.length > 0) return EXIT.refused
    io.out(chains.length === 0 ? 'There is no ledger yet.' : 'The ledger verifies.')
    return EXIT.done
  },
}

/** The evidence.json files whose numbers are not those that the ledger holds. */
async function changedEvidence(workspace: Workspace, ledger: Ledger): Promise<string[]> {
  const [{ openIndex }, { refreshIndex }, { changedSplits }, { relative, join }] = await Promise.all([
    import('../../../store/index-db.ts'),
    import('../../../runs/refresh.ts'),
    import('../../../tools/recorded-evidence.ts'),
    import('node:path'),
  ])
  const index = await openIndex(workspace.layout)
  refreshIndex(workspace, index)
  return index.driver
    .all("SELECT folder FROM runs WHERE increment <> '' ORDER BY run")
    .map(({ folder }) => String(folder))
    .filter((folder) => changedSplits(folder, ledger).length > 0)
    .map((folder) => relative(workspace.root, join(folder, 'evidence.json')))
}
