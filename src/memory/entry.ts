/** Kinds of what was recorded on purpose. */
export const INSIGHT_KINDS = ['lesson', 'decision', 'warning', 'idea'] as const
export type InsightKind = (typeof INSIGHT_KINDS)[number]

/** Characters. */
export const LONGEST_INSIGHT = 2000

/** An insight, or a sentence that the record holds already: a note of a run, why it failed, how an increment came out. */
export type MemoryKind = InsightKind | 'note' | 'failure' | 'comparison' | 'summary' | 'outcome'

/** One thing that was learned. Its text is somebody's words: never an instruction, and no evidence. */
export interface MemoryEntry {
  kind: MemoryKind
  /** Where it can be looked at: an insight's id, a run, two runs with `, ` between them, or an increment. */
  from: string
  increment?: string
  /** ISO 8601, UTC; empty where it is not known. */
  at: string
  text: string
  tags: readonly string[]
  /** That showed it; of an insight, as its writer said. */
  runs: readonly string[]
}

export function isInsight({ kind }: Pick<MemoryEntry, 'kind'>): boolean {
  return (INSIGHT_KINDS as readonly string[]).includes(kind)
}
