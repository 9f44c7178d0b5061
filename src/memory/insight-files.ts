import { createHash } from 'node:crypto'
import { lstatSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { parse } from 'yaml'
import { createExclusive, makeFolder, readText } from '../adapters/files.ts'
import type { Layout } from '../store/layout.ts'
import { INSIGHT_KINDS, type InsightKind, LONGEST_INSIGHT } from './entry.ts'

/** What somebody recorded on purpose. */
export interface Insight {
  /** `i-` and ten digits of the text's hash: the same words are the same insight, on every branch and in every clone. */
  insight: string
  kind: InsightKind
  at: string
  increment?: string
  runs: string[]
  tags: string[]
  text: string
}

/** A file of `.specweave/insights/`: written once, never changed by us. */
export interface InsightFile extends Insight {
  name: string
}

/** A text of 2,000 characters and its head take less, whatever the script. */
const LARGEST_BYTES = 16 * 1024
const MOST_FILES = 20_000

export function insightId(text: string): string {
  const words = text.normalize('NFC').trim().replace(/\s+/g, ' ')
  return `i-${createHash('sha256').update(words).digest('hex').slice(0, 10)}`
}

/** The files that there are, by name and so by time. A link is none, and nor is what is too large. */
export function insightNames({ insights }: Layout): { name: string; changedMs: number; bytes: number }[] {
  let names: string[]
  try {
    // Where a link leads is not the workspace's.
    if (!lstatSync(insights).isDirectory()) return []
    names = readdirSync(insights)
  } catch {
    return []
  }
  return names
    .filter((name) => name.endsWith('.md') && !name.startsWith('.'))
    .sort()
    .slice(-MOST_FILES)
    .flatMap((name) => {
      const stat = lstatSync(join(insights, name), { throwIfNoEntry: false })
      return stat?.isFile() && stat.size <= LARGEST_BYTES
        ? [{ name, changedMs: stat.mtimeMs, bytes: stat.size }]
        : []
    })
}

/** @returns `undefined` where the file has gone, or says nothing. */
export function readInsight({ insights }: Layout, name: string): InsightFile | undefined {
  const text = readText(join(insights, name))
  const insight = text === undefined ? undefined : parseInsight(text)
  return insight && { name, ...insight }
}

/** A file that a person wrote may lack its head, or have one that cannot be read: the text is what counts. */
function parseInsight(file: string): Insight | undefined {
  const [, head = '', body = file] = /^\uFEFF?---\r?\n(.*?)\r?\n---\r?\n(.*)$/s.exec(file) ?? []
  const text = body.trim().replaceAll('\r\n', '\n').slice(0, LONGEST_INSIGHT)
  if (text === '') return undefined
  const { kind, at, increment, runs, tags } = readHead(head)
  return {
    insight: insightId(text),
    kind: INSIGHT_KINDS.find((known) => known === kind) ?? 'lesson',
    at: typeof at === 'string' && !Number.isNaN(Date.parse(at)) ? new Date(at).toISOString() : '',
    ...(typeof increment === 'string' && /^\d{4,}$/.test(increment) ? { increment } : {}),
    runs: textsOf(runs),
    tags: textsOf(tags),
    text,
  }
}

function readHead(head: string): Record<string, unknown> {
  try {
    // No aliases: a few lines of them would fill the memory.
    const read: unknown = parse(head, { maxAliasCount: 0, schema: 'failsafe', logLevel: 'silent' })
    return typeof read === 'object' && read !== null ? (read as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

function textsOf(value: unknown): string[] {
  const texts = Array.isArray(value) ? value : [value]
  return texts.filter((one): one is string => typeof one === 'string' && one !== '').slice(0, 20)
}

/**
 * Writes an insight into a file of its own. Names begin with the time, so that two branches, or two clones, never give
 * one name to different words, and Git has nothing to merge.
 * @returns the file, from the workspace's root.
 */
export function writeInsight({ root, insights }: Layout, insight: Insight): string {
  makeFolder(insights)
  const name = `${insight.at.slice(0, 19).replace(/[-:]/g, '').replace('T', '-')}-${insight.insight}`
  const text = insightText(insight)
  for (let n = 1; ; n++) {
    const path = join(insights, `${name}${n === 1 ? '' : `-${n}`}.md`)
    // Where it is there, the same words were recorded in the same second: all the same, or with other tags.
    if (createExclusive(path, text) || readText(path) === text) return relative(root, path)
  }
}

function insightText({ insight, kind, at, increment, runs, tags, text }: Insight): string {
  const head = [
    `insight: ${insight}`,
    `kind: ${kind}`,
    `at: ${at}`,
    ...(increment ? [`increment: "${increment}"`] : []),
    ...(runs.length > 0 ? [`runs: ${JSON.stringify(runs)}`] : []),
    ...(tags.length > 0 ? [`tags: ${JSON.stringify(tags)}`] : []),
  ]
  return `---\n${head.join('\n')}\n---\n${text}\n`
}
