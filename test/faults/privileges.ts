import { spawnSync } from 'node:child_process'

function works(command: string, ...args: string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0
}

const root = process.getuid?.() === 0 && process.platform === 'linux'

/** Why what needs mounts or another hostname is skipped; `undefined` where it can be done. */
export const NO_ROOT =
  root && works('unshare', '--mount', '--uts', '/bin/sh', '-c', 'mount -t tmpfs none /mnt && hostname other')
    ? undefined
    : 'needs root on Linux, for mounts and a hostname of its own'

/** Why what needs a PID namespace is skipped. */
export const NO_NAMESPACES =
  root && works('unshare', '--pid', '--fork', '--mount-proc', 'true')
    ? undefined
    : 'needs root on Linux, for PID namespaces'
