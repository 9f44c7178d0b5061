import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { CliCommand } from '../cli-command.ts'

export const setup: CliCommand = {
  name: 'setup',
  summary:
    "Makes the lab's own Python environment (once, a few minutes); --sdk: `import specweave` outside of launched runs",
  examples: ['specweave-ml setup', 'specweave-ml setup --sdk'],
  flags: ['--sdk  make `import specweave` work in the project interpreter too'],
  async run(argv, io) {
    const { values } = parseArgs({
      args: argv,
      options: { sdk: { type: 'boolean' }, workspace: { type: 'string' } },
      strict: true,
    })
    if (values.sdk) return installSdk(io)
    const { ensureLab } = await import('../../../adapters/lab/setup.ts')
    let last = ''
    const lab = await ensureLab({
      signal: io.signal,
      progress(message, fraction) {
        const line =
          fraction === undefined ? message : `${String(Math.round(fraction * 100)).padStart(3)} %  ${message}`
        if (line !== last) io.out(line)
        last = line
      },
    })
    io.out(`The lab is ready: Python ${lab.version} in ${lab.folder}`)
    return 0
  },
}

/** A path file in the interpreter's site-packages: nothing is built, and an update of this package is seen at once. */
async function installSdk(io: Parameters<CliCommand['run']>[1]): Promise<number> {
  const [{ execa }, { projectInterpreter }, { sdkPackage }, { asRefusal }] = await Promise.all([
    import('execa'),
    import('../../../adapters/python/interpreter.ts'),
    import('../../../adapters/lab/environment.ts'),
    import('../../../adapters/files.ts'),
  ])
  const workspace = await io.context().workspace()
  // The lab's environment is the lab's own: the SDK goes where people start their scripts.
  const configured = workspace.config.interpreter === 'lab' ? undefined : workspace.config.interpreter
  const { path, from } = projectInterpreter(workspace.root, configured)
  const { stdout } = await execa(path, ['-c', 'import sysconfig; print(sysconfig.get_path("purelib"))'])
  const folder = stdout.trim()
  const file = join(folder, 'specweave.pth')
  try {
    mkdirSync(folder, { recursive: true })
    writeFileSync(file, `${sdkPackage()}\n`)
  } catch (cause) {
    throw asRefusal(cause, file)
  }
  await execa(path, ['-c', 'import specweave'])
  io.out(`\`import specweave\` works in ${path} (${from}): ${file} names the SDK's folder.`)
  return 0
}
