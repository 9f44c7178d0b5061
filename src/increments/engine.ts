import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { readJson } from '../adapters/files.ts'
import { slugify } from '../core/ids.ts'
import type { Layout } from '../store/layout.ts'

/** `config.json` is the SpecWeave engine's; where it stands, the engine closes increments and has gates of its own. */
export function engineInUse(layout: Layout): boolean {
  return existsSync(join(layout.folder, 'config.json'))
}

interface EngineConfig {
  project?: { name?: unknown } | string
  workspace?: { name?: unknown }
}

/** The project that the engine asks every user story to name: its configured name, else the folder's. */
export function projectName(layout: Layout): string {
  const config = readJson<EngineConfig>(join(layout.folder, 'config.json'))
  const project = config?.project
  const candidates = [
    config?.workspace?.name,
    typeof project === 'string' ? project : project?.name,
    basename(layout.root),
  ]
  for (const name of candidates) {
    if (typeof name === 'string' && slugify(name) !== '') return slugify(name)
  }
  return 'ml'
}
