import { z } from 'zod'
import { Refusal } from '../core/errors.ts'
import { safeText } from '../core/untrusted-text.ts'
import { INSIGHT_KINDS, LONGEST_INSIGHT, type MemoryEntry } from '../memory/entry.ts'
import type { ToolContext } from './context.ts'
import {
  bringUpMemory,
  Insights,
  lineOf,
  Recalled,
  renderInsights,
  shownEntry,
} from './documents/recalled.ts'
import { type Opened, opened, openedToWrite } from './opened-workspace.ts'
import { NextSteps } from './shapes.ts'
import { defineTool, renderNext, WRITES } from './tool.ts'

const MOST_FOUND = 10
const MOST_SIMILAR = 3
const LONGEST_SIMILAR = 240
/** Characters of each that was searched for: what fits an answer; the whole is in its file. */
const LONGEST_SHOWN = 600

export const recordInsight = defineTool({
  name: 'record_insight',
  title: 'Record an insight',
  description:
    'Keeps one thing that was learned (why it failed, what helped, what was decided), for Git; later work that it bears on is shown it. ' +
    '`search` instead of `text` finds insights, notes of runs, failures, comparisons and outcomes.',
  input: z.object({
    text: z.string().max(LONGEST_INSIGHT).optional().describe('one thing, in a sentence or two; no secrets'),
    search: z.string().max(500).optional().describe('any words; what is set below narrows it'),
    kind: z.enum(INSIGHT_KINDS).optional(),
    increment: z.string().max(300).optional().describe('the active one where left out; of a search, all'),
    runs: z.array(z.string().max(300)).max(20).optional().describe('that showed it'),
    tags: z.array(z.string().min(1).max(60)).max(10).optional(),
  }),
  output: z.object({
    insight: z.string().optional(),
    path: z.string().optional(),
    known: z.boolean().optional().describe('recorded before'),
    similar: Insights.optional(),
    found: Recalled.optional(),
    next: NextSteps.optional(),
  }),
  annotations: WRITES,
  command: {
    positional: ['text'],
    examples: [
      'specweave-ml record-insight "Scale the features: the net diverges above a learning rate of 0.01" --tags scaling,net',
      'specweave-ml record-insight "Boosting is no better than logistic here" --kind decision --runs 0042/exp-003-boosting',
      'specweave-ml record-insight --search "learning rate diverges"',
    ],
  },
  async handle(input, context) {
    const { text, search, ...about } = input
    if ((text === undefined) === (search === undefined))
      throw new Refusal('INPUT_INVALID', 'Give a text to record it, or a search to find what was recorded.', {
        missing: text === undefined ? ['text'] : [],
        invalid: text === undefined ? [] : [{ field: 'search', problem: 'not together with text' }],
      })
    return search === undefined ? record(text!, about, context) : find(search, about, context)
  },
  render({ insight, path, known, similar, found, next }) {
    const recorded = insight ? [`${insight}: ${known ? 'known already' : 'recorded'} in ${path}`] : []
    const nothing = found?.length === 0 ? ['nothing was found'] : []
    return [
      ...recorded,
      ...nothing,
      ...renderInsights(found?.map((one) => lineOf(one)) ?? similar),
      renderNext(next),
    ].join('\n')
  },
})

interface About {
  kind?: (typeof INSIGHT_KINDS)[number]
  increment?: string
  runs?: string[]
  tags?: string[]
}

async function record(typed: string, about: About, context: ToolContext) {
  const text = safeText(typed).trim()
  if (text === '')
    throw new Refusal('INPUT_INVALID', 'The text says nothing.', {
      invalid: [{ field: 'text', problem: 'is empty' }],
    })
  const session = await openedToWrite(context)
  const { workspace, index } = session
  const [files, { similarTo }] = await Promise.all([
    import('../memory/insight-files.ts'),
    import('../memory/search.ts'),
  ])
  const { increment, runs, tags } = await resolved(session, about)
  const insight = files.insightId(text)
  const { layout } = workspace
  const before = files
    .insightNames(layout)
    .filter(({ name }) => name.includes(insight))
    .flatMap(({ name }) => files.readInsight(layout, name) ?? [])
    .filter((file) => file.insight === insight)
  const adds =
    before.length === 0 ||
    (increment !== undefined && before.every((file) => file.increment !== increment)) ||
    runs.some((run) => before.every((file) => !file.runs.includes(run))) ||
    tags.some((tag) => before.every((file) => !file.tags.includes(tag)))
  const path = adds
    ? files.writeInsight(layout, {
        insight,
        kind: about.kind ?? before[0]?.kind ?? 'lesson',
        at: new Date().toISOString(),
        ...(increment ? { increment } : {}),
        runs,
        tags,
        text,
      })
    : `.specweave/insights/${before[0]!.name}`
  await bringUpMemory(workspace, index)
  return {
    insight,
    path,
    known: before.length > 0,
    similar: similarTo(index, text, MOST_SIMILAR, insight).map((entry) =>
      lineOf(shownEntry(entry, LONGEST_SIMILAR)),
    ),
    next: increment
      ? [{ tool: 'get_increment', arguments: { increment }, why: 'goes on with the work' }]
      : [],
  }
}

/** What it is about, by the names that the record has. @throws Refusal where one of them is not known */
async function resolved({ workspace, index }: Opened, { increment, runs = [], tags = [] }: About) {
  const [{ activeIncrements, resolveIncrement }, { schedule }, { findRun }] = await Promise.all([
    import('../increments/load.ts'),
    import('../runs/schedule.ts'),
    import('../runs/find-run.ts'),
  ])
  schedule(workspace, index)
  const active = increment === undefined ? activeIncrements(workspace) : []
  const found = runs.map((run) => findRun(index, run).run)
  // Where none is named and several are active, the runs may say which; else it is of none.
  const ofRuns = [...new Set(found.map((run) => run.split('/')[0]!))]
  const only = active.length === 1 ? active[0]!.id : undefined
  return {
    increment:
      increment !== undefined
        ? resolveIncrement(workspace, increment).id
        : ofRuns.length === 1
          ? ofRuns[0]
          : only,
    runs: [...new Set(found)],
    tags: [...new Set(tags.map((tag) => safeText(tag).replace(/\s+/g, ' ').trim().toLowerCase()))].filter(
      Boolean,
    ),
  }
}

async function find(search: string, { kind, increment, runs = [], tags = [] }: About, context: ToolContext) {
  const { workspace, index } = await opened(context)
  const [{ schedule }, { resolveIncrement }, { findRun }, { searchMemory }, { standing }] = await Promise.all(
    [
      import('../runs/schedule.ts'),
      import('../increments/load.ts'),
      import('../runs/find-run.ts'),
      import('../memory/search.ts'),
      import('./judging/standing-entries.ts'),
    ],
  )
  schedule(workspace, index)
  const left = await bringUpMemory(workspace, index)
  const of = increment === undefined ? undefined : resolveIncrement(workspace, increment).id
  const shown = runs.map((run) => findRun(index, run).run)
  const passes = (entry: MemoryEntry) =>
    (kind === undefined || entry.kind === kind) &&
    (of === undefined || entry.increment === of) &&
    (shown.length === 0 || shown.some((run) => entry.runs.includes(run))) &&
    tags.every((tag) => entry.tags.includes(tag.trim().toLowerCase()))
  const found = standing(workspace, index, searchMemory(index, search, 3 * MOST_FOUND, passes))
  const first = found
    .flatMap((entry) => entry.runs)
    // A file of insights may name runs of another clone.
    .find((run) => index.driver.get('SELECT 1 FROM runs WHERE run = ?', [run]))
  return {
    found: found.slice(0, MOST_FOUND).map((entry) => shownEntry(entry, LONGEST_SHOWN)),
    next: [
      ...(left > 0
        ? [
            {
              tool: 'record_insight',
              arguments: { search, ...(increment ? { increment } : {}) },
              why: `goes on: ${left} runs of this record were not looked through yet`,
            },
          ]
        : []),
      ...(first
        ? [{ tool: 'get_run', arguments: { run: first }, why: 'shows the run that it came from' }]
        : []),
    ],
  }
}
