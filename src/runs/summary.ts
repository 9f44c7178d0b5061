import type { Measurement } from '../core/measurement.ts'
import { sortMeasurements } from '../core/measurement.ts'
import type { RunState } from '../core/run-state.ts'
import type { RunSummary } from '../core/run-summary.ts'
import type { Index } from '../store/index-db.ts'
import { type MetricRow, type RunRow, sql } from '../store/schema.ts'
import type { RunRecord } from './record.ts'

/** The summary of one run, from the index. */
export function summarizeRun(index: Index, run: string): RunSummary | undefined {
  const row = index.first<RunRow>(sql.selectFrom('runs').selectAll().where('run', '=', run) as never)
  return row ? summarize(index, row) : undefined
}

/**
 * The runs of an increment that are judged by themselves, in the order of their creation. Jobs are never among them, and
 * no repetitions of runs that are there already.
 */
export function summarizeIncrement(index: Index, increment: string): RunSummary[] {
  const rows = index.all<RunRow>(
    sql
      .selectFrom('runs')
      .selectAll()
      .where('increment', '=', increment)
      .where('aside', 'is', null)
      .orderBy('created')
      .orderBy('run') as never,
  )
  return rows.map((row) => summarize(index, row))
}

export function summarize(index: Index, row: RunRow): RunSummary {
  const record = JSON.parse(row.record) as RunRecord
  const { run } = row
  const params = index.all(
    sql.selectFrom('params').select(['name', 'json']).where('run', '=', run).orderBy('name'),
  )
  const notes = index.all(
    sql
      .selectFrom('notes')
      .select('text')
      .where('run', '=', run)
      .orderBy('t')
      .orderBy('writer')
      .orderBy('line'),
  )
  const tags = index.all(
    sql.selectFrom('tags').select(['name', 'value']).where('run', '=', run).orderBy('name'),
  )
  const artifacts = index.all(
    sql
      .selectFrom('artifacts')
      .select(['path', 'kind', 'bytes', 'sha256'])
      .where('run', '=', run)
      .orderBy('path'),
  )
  return {
    run,
    increment: row.increment,
    name: row.name,
    state: row.state as RunState,
    reason: row.reason ?? undefined,
    exitCode: row.exit_code ?? undefined,
    created: row.created,
    started: row.started ?? undefined,
    ended: row.ended ?? undefined,
    durationS: row.duration_s ?? undefined,
    command: record.command,
    params: Object.fromEntries(params.map(({ name, json }) => [name, JSON.parse(json) as unknown])),
    metrics: metricsOf(index, run),
    notes: notes.map(({ text }) => text),
    tags: Object.fromEntries(tags.map(({ name, value }) => [name, value])),
    dataset: row.dataset ?? undefined,
    baseline: row.baseline ?? undefined,
    seed: row.seed ?? undefined,
    gitSha: record.code?.git_sha ?? record.git_sha ?? undefined,
    gitDirty: record.code?.dirty,
    previous: record.previous ?? undefined,
    ...(record.reproduces ? { reproduces: record.reproduces } : {}),
    ...(record.control ? { controls: record.control.of } : {}),
    artifacts: artifacts.map(({ path, kind, bytes, sha256 }) => ({
      path,
      bytes,
      sha256: sha256 ?? undefined,
      kind: kind as 'model' | 'report' | 'file',
    })),
    warnings: JSON.parse(row.warnings) as string[],
  }
}

export function metricsOf(index: Index, run: string): Measurement[] {
  const rows = index.all<MetricRow>(sql.selectFrom('metrics').selectAll().where('run', '=', run) as never)
  return sortMeasurements(rows.map(toMeasurement))
}

export function toMeasurement(row: MetricRow): Measurement {
  const measurement: Measurement = {
    name: row.name,
    source: row.source as Measurement['source'],
    value: row.value ?? ((row.special ?? 'NaN') as Measurement['value']),
  }
  if (row.split) measurement.split = row.split as Measurement['split']
  if (row.grade) measurement.grade = row.grade as Measurement['grade']
  if (row.low !== null && row.high !== null) measurement.ci = [row.low, row.high]
  if (row.step !== null) measurement.step = row.step
  return measurement
}
