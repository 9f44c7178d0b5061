import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { readText } from '../../adapters/files.ts'
import { INCREMENT_FOLDER } from '../../core/ids.ts'
import { parseSpec } from '../../increments/front-matter.ts'
import { readMetadata } from '../../increments/metadata.ts'
import type { MemoryEntry } from '../../memory/entry.ts'
import { type AboutIncrement, type IncrementSource, stampOf } from '../../memory/take-up.ts'
import { nameOf } from '../../memory/tries.ts'
import { differenceSentence } from '../../reports/differences.ts'
import { seedDifferenceSentence } from '../../reports/seed-differences.ts'
import type { Workspace } from '../../store/workspace.ts'
import { readKept } from '../comparison/kept-differences.ts'

const FILES = ['spec.md', 'metadata.json', 'COMPLETION-SUMMARY.md', 'experiments/differences.json']

/** What the documents of each increment teach: what it is about, how it ended, and which differences were shown. */
export function incrementSources({ layout }: Workspace): IncrementSource[] {
  let folders: string[]
  try {
    folders = readdirSync(layout.increments, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
  } catch {
    return []
  }
  return folders.flatMap((folder): IncrementSource[] => {
    const increment = INCREMENT_FOLDER.exec(folder)?.[1]
    if (!increment) return []
    const path = join(layout.increments, folder)
    const stats = FILES.map((name) => statSync(join(path, name), { throwIfNoEntry: false })).map(
      (stat) => stat && { changedMs: stat.mtimeMs, bytes: stat.size },
    )
    return [{ increment, stamp: stampOf(stats), read: () => taught(increment, path) }]
  })
}

function taught(increment: string, path: string): { about?: AboutIncrement; entries: MemoryEntry[] } {
  const about = aboutOf(path)
  // Others of the SpecWeave engine are not ours to read.
  if (!about) return { entries: [] }
  const metadata = readMetadata(path)
  const at = String(metadata?.completedAt ?? metadata?.abandonedAt ?? metadata?.lastActivity ?? '')
  const entry = (kind: MemoryEntry['kind'], text: string, runs: string[] = []): MemoryEntry => ({
    kind,
    from: runs.length > 0 ? runs.join(', ') : increment,
    increment,
    at,
    text,
    tags: [],
    runs,
  })
  const summary = readText(join(path, 'COMPLETION-SUMMARY.md'))
  if (summary !== undefined)
    return {
      about,
      entries: [
        ...outcomeOf(summary).map((text) => entry('outcome', text)),
        ...lessonsOf(summary).map((text) => entry('summary', text)),
      ],
    }
  const { metric, differences, overSeeds } = readKept(path)
  return {
    about,
    entries: [
      ...differences.map((one) =>
        entry('comparison', plain(differenceSentence(one, metric)), [one.a, one.b]),
      ),
      ...overSeeds.map((one) =>
        entry('comparison', plain(seedDifferenceSentence(one, (run) => run)), [one.a, one.b]),
      ),
    ],
  }
}

function aboutOf(path: string): AboutIncrement | undefined {
  try {
    const { front } = parseSpec(readText(join(path, 'spec.md')) ?? '', 'spec.md')
    const { dataset, problem } = front.ml
    return {
      title: front.title,
      ...(dataset ? { dataset: nameOf(dataset) } : {}),
      problemType: problem.type,
    }
  } catch {
    // What is wrong with a spec.md is said where that is asked for.
    return undefined
  }
}

/** The heading and the verdict, as one text. */
function outcomeOf(summary: string): string[] {
  const heading = /^# (.+)$/m.exec(summary)?.[1]
  const verdict = /^\*\*Verdict: .+$/m.exec(summary)?.[0]
  return heading ? [plain([heading, verdict].filter(Boolean).join('. '))] : []
}

function lessonsOf(summary: string): string[] {
  const section =
    /^## What was learned\n(.*?)(?=^## |^<!-- specweave:end|(?![\s\S]))/ms.exec(summary)?.[1] ?? ''
  return [...section.matchAll(/^- (.+)$/gm)]
    .map(([, text = '']) => plain(text))
    .filter((text) => !text.startsWith('Of these comparisons:'))
}

/** Without the marks of Markdown, which are no part of what was said. */
function plain(text: string): string {
  return text
    .replace(/(?<!\\)[`*]+/g, '')
    .replace(/\\(?=[\\`*[\]~_\-+>=#|:.)])/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&amp;', '&')
}
