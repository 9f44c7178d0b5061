import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Layout } from '../../store/layout.ts'
import { incrementFolder, incrementFolders } from '../calls/workspace-files.ts'
import { type Address, readAddress } from './resource-addresses.ts'
import { folderOfRun } from './resources.ts'

/** A change is told this long after it at the latest. */
const INTERVAL_MS = 1000

/** Text that changes whenever the files behind an address do; empty while there are none. */
export function stampOf(layout: Layout, uri: string): string {
  try {
    return pathsOf(layout, readAddress(uri)).map(fileStamp).join('|')
  } catch {
    return ''
  }
}

/** Text that changes whenever resources come or go. */
export function listStamp(layout: Layout | undefined): string {
  if (!layout) return ''
  const experiments = incrementFolders(layout).flatMap(({ path }) => [path, join(path, 'experiments')])
  const datasets = subfolders(layout.datasets)
  return [layout.increments, ...experiments, layout.datasets, ...datasets, layout.docs]
    .map(fileStamp)
    .join('|')
}

function pathsOf(layout: Layout, address: Address): string[] {
  switch (address.kind) {
    case 'increment': {
      const { path } = incrementFolder(layout, address.id)
      return [path, join(path, 'metadata.json'), join(path, 'experiments')]
    }
    case 'document': {
      const { path } = incrementFolder(layout, address.id)
      const name = address.document === 'comparison.md' ? 'experiments/comparison.md' : address.document
      return [join(path, name)]
    }
    case 'run': {
      const folder = folderOfRun(layout, address.run)
      const files = ['started', 'stop', 'exit', 'end', 'metrics', 'params', 'evidence']
      const events = subfolders(join(folder, 'events'))
      return [folder, ...files.map((name) => join(folder, `${name}.json`)), ...events]
    }
    case 'log':
      return [join(folderOfRun(layout, address.run), 'logs', `${address.stream}.log`)]
    case 'dataset':
      return [join(layout.dataset(`${address.name}@${address.version}`), 'dataset.json')]
    case 'docs':
      return [join(layout.docs, address.path)]
    case 'guide':
    case 'skill':
      return []
  }
}

function subfolders(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name))
  } catch {
    return []
  }
}

function fileStamp(path: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(path)
    return `${mtimeMs}:${size}:${ino}`
  } catch {
    return '-'
  }
}

/**
 * Looks at files at an interval, and only while somebody wants to know: file system notices are lost on network
 * drives and in containers. The timer never keeps the process alive.
 */
export class ResourceWatch {
  private readonly stamps = new Map<string, () => Promise<string>>()
  private readonly last = new Map<string, string>()
  private timer: NodeJS.Timeout | undefined
  private readonly changed: (key: string) => void

  constructor(changed: (key: string) => void) {
    this.changed = changed
  }

  async add(key: string, stamp: () => Promise<string>): Promise<void> {
    this.last.set(key, await stamp())
    this.stamps.set(key, stamp)
    this.timer ??= setInterval(() => void this.look(), INTERVAL_MS).unref()
  }

  remove(key: string): void {
    this.stamps.delete(key)
    this.last.delete(key)
    if (this.stamps.size > 0 || !this.timer) return
    clearInterval(this.timer)
    this.timer = undefined
  }

  private async look(): Promise<void> {
    for (const [key, stamp] of this.stamps) {
      const now = await stamp().catch(() => '')
      if (this.last.get(key) === now || !this.stamps.has(key)) continue
      this.last.set(key, now)
      this.changed(key)
    }
  }
}
