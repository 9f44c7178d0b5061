// Nothing acknowledged is missing: points on disk and in get_run, lines in the log.
import { join } from 'node:path'
import { list, readText } from './arena.mjs'
import { FOREIGN } from './foreign-events.mjs'
import { shown } from './shown.mjs'

/** Between two tries of the SDK, and some for a busy machine, seconds. */
const SLACK_S = 0.5

export function checkPoints(one, totals) {
  const { folder, answer, lists, arena } = one
  const violations = []
  const onDisk = pointsOnDisk(folder)
  const killed = new Set(one.kills.map(({ pid }) => pid))
  const acknowledged = lists.flatMap((list) => promised(list, arena, killed))
  totals.points += acknowledged.length
  const stored = new Map(onDisk.map((point) => [`${point.n} ${point.s}`, point.v]))
  const missing = acknowledged.filter(({ name, step, value }) => stored.get(`${name} ${step}`) !== value)
  if (missing.length > 0)
    violations.push(
      `${missing.length} of ${acknowledged.length} acknowledged points are not on disk, such as ${JSON.stringify(missing[0])}`,
    )
  // A process that ended without a word may have written one more than it could note.
  const spare = lists.filter(({ whole }) => !whole).length
  const own = onDisk.filter(({ n }) => n !== FOREIGN)
  const said = new Set(lists.flatMap(({ points }) => points.map(({ name, step }) => `${name} ${step}`)))
  const extra = own.filter(({ n, s }) => !said.has(`${n} ${s}`)).length
  if (extra > spare)
    violations.push(`${extra} points are on disk that no script acknowledged, at most ${spare} could be`)
  if (stored.size !== onDisk.length)
    violations.push(`${onDisk.length - stored.size} points are on disk twice`)

  const names = new Set(onDisk.map(({ n }) => n))
  for (const name of names) {
    const points = onDisk.filter(({ n }) => n === name)
    const curve = answer.curves?.find((curve) => curve.name === name)
    if (curve?.points !== points.length)
      violations.push(`get_run gives ${curve?.points ?? 0} points of ${name}, ${points.length} are on disk`)
    const last = points.reduce((best, point) => (point.s >= best.s ? point : best))
    const metric = answer.metrics?.find((metric) => metric.name === name && metric.source === 'reported')
    if (metric?.value !== shown(last.v))
      violations.push(`get_run's last ${name} is ${metric?.value}, on disk it is ${last.v}`)
  }
  for (const { name } of answer.curves ?? [])
    if (!names.has(name)) violations.push(`get_run has a curve ${name} that is not on disk`)
  return [...violations, ...checkLines(one, totals)]
}

/** Where the workspace was moved away, a script that opened its file by the old path is on its own. */
function promised(list, { movedAt, root, withoutRoom }, killed) {
  const { folder } = list
  const points = list.orderly && !killed.has(list.pid) ? list.points : written(list.points, withoutRoom)
  const stranded = movedAt !== undefined && !folder.startsWith(`${root}/`)
  return !stranded || points[0]?.t < movedAt ? points : []
}

/**
 * What waits in memory for room is lost with a process that is killed, as the SDK says. So of one that did not end in good
 * order the points of a time without room are excused, unless it logged again when there was room: then all of them were
 * written. The second point after that time tells, for the first may have been begun before.
 */
function written(points, withoutRoom) {
  return points.filter(({ t }) => {
    const n = withoutRoom.findIndex(({ from, to }) => t > from - SLACK_S && t < to + SLACK_S)
    if (n === -1) return true
    const next = withoutRoom[n + 1]?.from ?? Number.POSITIVE_INFINITY
    return points.filter((later) => later.t > withoutRoom[n].to + SLACK_S && later.t < next).length > 1
  })
}

function checkLines({ folder, lists, record }, totals) {
  const expected = lists.flatMap(({ lines }) => lines)
  if (expected.length === 0 || record.made_by !== 'lab') return []
  totals.lines += expected.length
  const log = new Set((readText(join(folder, 'logs', 'stdout.log')) ?? '').split('\n'))
  const missing = expected.filter((line) => !log.has(line))
  return missing.length > 0
    ? [`${missing.length} of ${expected.length} acknowledged lines are not in its log, such as ${missing[0]}`]
    : []
}

/** Whole lines that are metric events, as the format of events says. */
function pointsOnDisk(folder) {
  return list(join(folder, 'events'))
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) =>
      (readText(join(folder, 'events', name)) ?? '')
        .split('\n')
        .slice(0, -1)
        .flatMap((line) => {
          if (line.length > 1_000_000 || !line.includes('"metric"')) return []
          try {
            const event = JSON.parse(line)
            return event.k === 'metric' && typeof event.v === 'number' ? [event] : []
          } catch {
            return []
          }
        }),
    )
}
