import type { CliCommand } from '../cli-command.ts'

export const rebuildIndexCommand: CliCommand = {
  name: 'rebuild-index',
  summary: 'Makes the index anew from the files; every tool answers the same afterwards',
  examples: ['specweave-ml rebuild-index'],
  async run(_argv, io) {
    const [{ openIndex }, { rebuildIndex }] = await Promise.all([
      import('../../../store/index-db.ts'),
      import('../../../runs/refresh.ts'),
    ])
    const workspace = await io.context().workspace()
    const index = await openIndex(workspace.layout, workspace.config.id)
    const { runs } = rebuildIndex(workspace, index)
    io.out(`${index.file}: ${runs} run${runs === 1 ? '' : 's'} indexed from the files.`)
    return 0
  },
}
