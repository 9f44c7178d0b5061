import { execFileSync } from 'node:child_process'

const AUTHOR = ['-c', 'user.name=t', '-c', 'user.email=t@example.org']

export function git(folder: string, ...args: string[]): string {
  return execFileSync('git', ['-C', folder, ...AUTHOR, ...args], { encoding: 'utf8' })
}
