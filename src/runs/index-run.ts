import { join } from 'node:path'
import { processesOfRun } from '../adapters/process/group.ts'
import { liveness } from '../adapters/process/identity.ts'
import { isEvidence } from '../core/evidence-shape.ts'
import type { Measurement } from '../core/measurement.ts'
import { isEnd, type RunState } from '../core/run-state.ts'
import type { Index } from '../store/index-db.ts'
import { sql } from '../store/schema.ts'
import { endingOf } from './end-state.ts'
import { writeAskedParams } from './event-rows.ts'
import { readFacts, rereadExit } from './facts.ts'
import { firstFailed, judgeGroup } from './group.ts'
import { forgetEvents, ingestRun, PORTION } from './ingest.ts'
import { type Judgement, judgeRun } from './judge.ts'
import type { RunFacts } from './record.ts'
import { readRecord } from './record-shapes.ts'

/** What one look at a run's folder found. */
export interface Look {
  facts: RunFacts
  judgement: Judgement
  /** Of a record that only gathers child runs: the first of them that ended without success. */
  failedChild?: string
}

/** Reads and judges a run's folder, in the order that never makes an ending look like a loss. */
export function lookAt(folder: string): Look | undefined {
  const first = readFacts(folder)
  if (!first) return undefined
  const { children } = first.record
  if (children) {
    const judged = children.map((name) => ({ name, judgement: lookAt(join(folder, name))?.judgement }))
    return { facts: first, judgement: judgeGroup(judged), failedChild: firstFailed(judged)?.name }
  }
  const wrapper =
    first.started && !first.end && first.record.made_by === 'lab' ? liveness(first.started) : undefined
  const facts = wrapper === 'dead' ? rereadExit(folder, first) : first
  const judgement = judgeRun(facts, liveness, () => processesOfRun(facts.started, folder).length > 0)
  return { facts, judgement }
}

/**
 * Brings the index up to what the run's folder says: its row, parameters, events and evidence.
 * @returns the look, or `undefined` where there is no run in the folder.
 */
export function indexRun(index: Index, id: string, folder: string): Look | undefined {
  let look = lookAt(folder)
  if (!look) return undefined
  const known = index.driver.get('SELECT state, reason, record, ended, folder FROM runs WHERE run = ?', [
    id,
  ]) as
    | { state: string; reason: string | null; record: string; ended: string | null; folder: string }
    | undefined
  const record = JSON.stringify(look.facts.record)
  if (
    known?.record !== record ||
    known.state !== look.judgement.state ||
    known.reason !== (look.judgement.reason ?? null) ||
    known.folder !== folder ||
    (look.facts.end && endedAt(look.facts) !== known.ended)
  ) {
    writeRow(index, id, folder, look, record, known === undefined)
  }
  // A call must answer soon; while a supervisor looks after the run, the next look or it takes up the rest.
  const { claim } = look.facts
  const supervisedElsewhere = look.judgement.owner === 'alive' && claim && claim.pid !== process.pid
  ingestRun(index, id, folder, supervisedElsewhere && known ? PORTION : undefined)
  if (look.facts.record.made_by !== 'lab' && !look.facts.end) {
    const status = index.driver.get('SELECT status FROM runs WHERE run = ?', [id])?.status
    if (typeof status === 'string') {
      const facts = { ...look.facts, status: JSON.parse(status) }
      look = { facts, judgement: judgeRun(facts, liveness) }
    }
    // When it ended follows from its events, which were taken up just now.
    if (typeof status === 'string' || isEnd(look.judgement.state))
      writeRow(index, id, folder, look, record, false)
  }
  indexEvidence(index, id, folder)
  return look
}

function writeRow(
  index: Index,
  id: string,
  folder: string,
  look: Look,
  recordText: string,
  isNew: boolean,
): void {
  const { facts, judgement } = look
  const { record, end } = facts
  const [increment = '', ...rest] = id.split('/')
  const script =
    record.made_by !== 'lab' && isEnd(judgement.state) ? scriptTimes(index, id, record.created) : undefined
  const row = {
    increment: rest.length > 0 ? increment : '',
    name: rest.join('/') || id,
    folder,
    state: judgement.state as string,
    reason: judgement.reason ?? null,
    exit_code: end?.exit_code ?? facts.exit?.exit_code ?? null,
    created: record.created,
    started: end?.started ?? null,
    ended: endedAt(facts) ?? script?.ended ?? null,
    duration_s: end?.duration_s ?? script?.durationS ?? null,
    dataset: record.dataset ?? null,
    baseline: record.baseline ?? null,
    seed: record.seed ?? null,
    made_by: record.made_by,
    request: record.request ?? '',
    record: recordText,
    warnings: JSON.stringify(end?.warnings ?? []),
    aside: record.reproduces ? 'reproduction' : record.control ? 'control' : null,
  }
  index.transaction(() => {
    if (isNew)
      index.run(
        sql
          .insertInto('runs')
          .values({ run: id, status: null, ...row })
          .onConflict((c) => c.column('run').doUpdateSet(row)),
      )
    else index.run(sql.updateTable('runs').set(row).where('run', '=', id))
    writeAskedParams(index, id, record.params ?? {})
  })
}

/** A run whose end is not wholly written down stays among those that are looked at again. */
function endedAt({ end, unfinished }: RunFacts): string | null {
  return end && !unfinished ? end.ended : null
}

/** When a script's run began and ended, by what it logged. */
export function scriptTimes(
  index: Index,
  id: string,
  created: string,
): { ended: string; durationS: number } | undefined {
  const t = index.driver.get(
    'SELECT max(t) AS t FROM (SELECT t FROM metrics WHERE run = ? UNION ALL SELECT t FROM notes WHERE run = ? UNION ALL SELECT t FROM tags WHERE run = ?)',
    [id, id, id],
  )?.t
  if (typeof t !== 'number' || t <= 0) return undefined
  return { ended: new Date(t * 1000).toISOString(), durationS: Math.max(0, t - Date.parse(created) / 1000) }
}

/** The part of evidence.json that the index holds. */
interface EvidenceFile {
  splits?: Record<
    string,
    {
      baseline?: boolean
      metrics?: { name: string; value: number; ci?: [number, number] | null }[]
      at?: string
    }
  >
  /** Of no split. */
  cost?: { metrics?: { name: string; value: number; ci?: [number, number] | null }[]; at?: string }
}

/** Measured numbers come from evidence.json alone; the events files hold what the script reported. */
function indexEvidence(index: Index, id: string, folder: string): void {
  const evidence = readRecord<EvidenceFile>(join(folder, 'evidence.json'), isEvidence)
  if (!evidence && !index.driver.get("SELECT 1 FROM metrics WHERE run = ? AND source = 'measured'", [id]))
    return
  index.transaction(() => {
    index.driver.run("DELETE FROM metrics WHERE run = ? AND source = 'measured'", [id])
    const parts: [string, NonNullable<EvidenceFile['splits']>[string]][] = Object.entries(
      evidence?.splits ?? {},
    )
    if (evidence?.cost) parts.push(['', evidence.cost])
    for (const [split, measured] of parts) {
      // A baseline's test values are shown only together with a candidate's (evidence/).
      if (measured.baseline) continue
      const grade: Measurement['grade'] | null = split === '' ? null : split === 'test' ? 'sealed' : 'open'
      for (const { name, value, ci } of measured.metrics ?? []) {
        index.driver.run(
          `INSERT OR REPLACE INTO metrics (run, name, split, source, grade, value, special, low, high, step, t, writer)
           VALUES (?, ?, ?, 'measured', ?, ?, NULL, ?, ?, NULL, ?, 'lab')`,
          [
            id,
            name,
            split,
            grade,
            value,
            ci?.[0] ?? null,
            ci?.[1] ?? null,
            Date.parse(measured.at ?? '') / 1000 || 0,
          ],
        )
      }
    }
  })
}

export function forgetRun(index: Index, id: string): void {
  forgetEvents(index, id)
  index.transaction(() => {
    for (const table of ['params', 'metrics', 'runs'] as const)
      index.run(sql.deleteFrom(table).where('run', '=', id))
  })
}

/** The ending that the files of a run without a live process speak for. */
export function endingFromFiles(index: Index, id: string, facts: RunFacts): ReturnType<typeof endingOf> {
  const status = index.driver.get('SELECT status FROM runs WHERE run = ?', [id])?.status
  return endingOf({ ...facts, status: typeof status === 'string' ? JSON.parse(status) : undefined })
}

/** The ending that a script gave to its run by the SDK. */
export function endingOfScript(index: Index, id: string): ReturnType<typeof endingOf> {
  const text = index.driver.get('SELECT status FROM runs WHERE run = ?', [id])?.status
  const status =
    typeof text === 'string' ? (JSON.parse(text) as { value: string; reason?: string }) : undefined
  return status?.value === 'succeeded'
    ? { state: 'succeeded', reason: null }
    : { state: 'failed', reason: status?.reason ?? null }
}

export const LIVE_STATES: readonly RunState[] = ['queued', 'starting', 'running', 'evaluating']
