// What this machine allows of the faults that need more than files and signals; else why they are skipped.
import { spawnSync } from 'node:child_process'
import { hasLab } from './arena.mjs'

const works = (command, ...args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0
const root = process.platform === 'linux' && process.getuid() === 0

/** @type {Record<string, string | undefined>} by what a fault needs: why it cannot be had, `undefined` where it can */
export const LACKING = {
  disk:
    root && works('unshare', '--mount', '/bin/sh', '-c', 'mount -t tmpfs none /mnt')
      ? undefined
      : 'needs root on Linux, for mounts',
  hostname:
    root && works('unshare', '--uts', '/bin/sh', '-c', 'hostname other')
      ? undefined
      : 'needs root on Linux, for a hostname of its own',
  git: works('git', '--version') ? undefined : 'git is not installed',
  lab: hasLab ? undefined : 'the environment of the lab is not installed',
}
