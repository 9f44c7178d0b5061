#!/usr/bin/env node
/** The one binary: decides which host is wanted and loads nothing else. */
const argv = process.argv.slice(2)

/** @returns a sentence for the person where this program cannot run here. */
function unsuitable(): string | undefined {
  if (process.platform === 'win32')
    return 'specweave-ml runs on Linux and macOS. On Windows, use WSL: https://learn.microsoft.com/windows/wsl/install'
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19))
    return `specweave-ml needs Node 20.19 or newer (24 is recommended); this is Node ${process.versions.node}.`
  return undefined
}

/** `--workspace DIR` may stand before the command. */
function commandName(): string | undefined {
  const first = argv[0]
  if (first === '--workspace') return argv[2]
  return first?.startsWith('--workspace=') ? argv[1] : first
}

async function host(): Promise<(argv: string[]) => Promise<number>> {
  const command = commandName()
  if (command === 'supervise') return (await import('./hosts/supervisor/main.ts')).main
  if (command === 'hook') return (await import('./hosts/hooks/main.ts')).main
  const serves = command === 'serve' || command === '--read-only'
  if ((serves && !argv.includes('--help') && !argv.includes('-h')) || (!command && !process.stdin.isTTY))
    return (await import('./hosts/mcp/main.ts')).main
  return (await import('./hosts/cli/main.ts')).main
}

const reason = unsuitable()
if (reason) {
  console.error(reason)
  process.exitCode = 1
} else {
  const main = await host()
  process.exit(await main(argv))
}
