// The judge of a round: reads files, and asks over the public protocol. It knows nothing of the program's inside.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import { readJson, readLines, readText } from './arena.mjs'
import { Client } from './client.mjs'
import { kills } from './kill-log.mjs'
import { checkAnswer, checkDerived, checkScore } from './oracle-answers.mjs'
import { checkClaims } from './oracle-claims.mjs'
import { checkEnding } from './oracle-ending.mjs'
import { checkPoints } from './oracle-points.mjs'
import { checkRequests } from './oracle-requests.mjs'
import { ownLists } from './own.mjs'

/** @returns {Promise<string[]>} each violation in plain words */
export async function check(storm) {
  const { arena } = storm
  const lists = ownLists(arena)
  const facts = { arena, lists, kills: kills(arena), stops: storm.stops, acknowledged: storm.acknowledged }
  const answers = await ask(arena)
  const violations = [...checkRequests(facts, answers), ...checkClaims(facts), ...checkStarts(lists)]
  for (const [run, folder] of arena.runFolders()) {
    const answer = answers.runs.get(run)
    const record = readJson(`${folder}/run.json`)
    const one = { ...facts, run, folder, answer, record, lists: lists.filter((list) => list.run === run) }
    if (!answer || !record) {
      violations.push(
        `${run}: ${answer ? 'it has no run.json' : 'it is on disk, but list_runs does not know it'}`,
      )
      continue
    }
    storm.totals.runs++
    storm.totals.states[answer.state] = (storm.totals.states[answer.state] ?? 0) + 1
    const found = [
      ...checkEnding(one),
      ...checkPoints(one, storm.totals),
      ...checkAnswer(one),
      ...checkDerived(one),
      ...checkScore(one),
    ]
    violations.push(
      ...found.map(
        (text) => `${run} (${one.lists[0]?.key ?? record.command?.[2]}, ${one.lists[0]?.kind}): ${text}`,
      ),
    )
  }
  violations.push(...checkDefects(storm), ...checkOldPlace(arena))
  if (violations.length === 0) violations.push(...(await checkCommands(arena, answers)))
  return violations
}

function checkStarts(lists) {
  const starts = new Map()
  for (const { main, folder, key, pid } of lists)
    if (main && folder) starts.set(`${folder} (${key})`, [...(starts.get(`${folder} (${key})`) ?? []), pid])
  return [...starts]
    .filter(([, pids]) => pids.length > 1)
    .map(([folder, pids]) => `started ${pids.length} times: ${folder}, processes ${pids}`)
}

/** What no fault excuses: a defect told to the client, or written down by a process that nobody listens to. */
function checkDefects({ arena }) {
  const told = readLines(arena.path('storm.jsonl'))
    .filter(({ refused, code }) => refused && code === 'INTERNAL_DEFECT')
    .map(({ refused, content }) => `${refused} answered with a defect: ${content.message}`)
  const log = readText(arena.path('state', 'logs', 'defects.log')) ?? ''
  // Who worked in a workspace that was moved away under it has nothing left to work on.
  const noted = arena.formerRoot ? [] : log.split('\n\n').filter((entry) => entry.trim() !== '')
  return [...told, ...noted.map((entry) => `a process wrote down a defect: ${entry.slice(0, 600)}`)]
}

/** Where a workspace was moved away, its processes must not make another, in which its runs would begin anew. */
function checkOldPlace({ formerRoot }) {
  return formerRoot && existsSync(formerRoot) ? [`made again after it was moved: ${formerRoot}`] : []
}

/** Every run as the tools show it. */
async function ask(arena) {
  const client = await new Client(arena.program, arena.root, arena.env()).open()
  try {
    const runs = new Map()
    for (const { run } of (await client.call('list_runs', { limit: 200 })).content.runs) {
      const { content } = await client.call('get_run', { run, curves: ['*'], log_lines: 5 })
      runs.set(run, content)
    }
    // Asked again: what another writer added after a run's end is taken up by a look at that run.
    return { listed: (await client.call('list_runs', { limit: 200 })).content, runs }
  } finally {
    await client.close()
  }
}

/** rebuild-index changes no answer; doctor and verify find nothing wrong. */
async function checkCommands(arena, before) {
  const violations = []
  for (const command of ['rebuild-index', 'doctor', 'verify']) {
    const run = promisify(execFile)(process.execPath, [arena.program, command], {
      cwd: arena.root,
      env: arena.env(),
    })
    const text = await run.then(
      () => undefined,
      (cause) => `${command} ended with ${cause.code}: ${cause.stdout} ${cause.stderr}`,
    )
    if (text) violations.push(text.slice(0, 1000))
  }
  const after = await ask(arena)
  if (JSON.stringify(before.listed) !== JSON.stringify(after.listed))
    violations.push(
      `list_runs answers otherwise after rebuild-index: ${difference(before.listed.runs, after.listed.runs)}`,
    )
  for (const [run, answer] of before.runs) {
    if (JSON.stringify(answer) !== JSON.stringify(after.runs.get(run)))
      violations.push(
        `${run}: get_run answers otherwise after rebuild-index: ${difference(answer, after.runs.get(run))}`,
      )
  }
  return violations
}

function difference(before, after) {
  const keys = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])
  return [...keys]
    .filter((key) => JSON.stringify(before?.[key]) !== JSON.stringify(after?.[key]))
    .map(
      (key) =>
        `${key}: ${JSON.stringify(before?.[key])?.slice(0, 300)} became ${JSON.stringify(after?.[key])?.slice(0, 300)}`,
    )
    .join('; ')
}
