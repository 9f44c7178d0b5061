import { parseArgs } from 'node:util'
import type { CliCommand } from '../cli-command.ts'

export const rebuildIndexCommand: CliCommand = {
  name: 'rebuild-index',
  summary: 'Makes the index anew from the files; every tool answers the same afterwards',
  examples: ['specweave-ml rebuild-index'],
  async run(argv, io) {
    parseArgs({ args: argv, options: {} })
    const [{ openIndex }, { IndexDamaged }, { rebuildIndex }] = await Promise.all([
      import('../../../store/index-db.ts'),
      import('../../../store/index-trouble.ts'),
      import('../../../runs/refresh.ts'),
    ])
    const workspace = await io.context().workspace()
    const rebuild = async () => {
      const index = await openIndex(workspace.layout)
      return { file: index.file, runs: rebuildIndex(workspace, index).runs }
    }
    const { file, runs } = await rebuild().catch((cause: unknown) => {
      // A damaged index cannot even be emptied. It is gone now, and the next that is opened is new.
      if (!(cause instanceof IndexDamaged)) throw cause
      return rebuild()
    })
    io.out(`${file}: ${runs} run${runs === 1 ? '' : 's'} indexed from the files.`)
    return 0
  },
}
