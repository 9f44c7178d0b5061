// Start, exit and state of one run, against what its script wrote down and who was killed.
import { existsSync, statSync } from 'node:fs'
import { list, readJson } from './arena.mjs'

const ENDS = ['succeeded', 'failed', 'stopped', 'timed_out', 'lost']

/** @returns {string[]} */
export function checkEnding(one) {
  if (!ENDS.includes(one.answer.state)) return [`its state is ${one.answer.state}`]
  if (one.record.children) return checkGroup(one)
  return one.record.made_by === 'lab' ? checkLaunched(one) : checkAlone(one)
}

function checkGroup({ folder, answer, record }) {
  const states = record.children.map((child) => readJson(`${folder}/${child}/end.json`)?.state)
  const wanted = states.every((state) => state === 'succeeded')
  if (states.every(Boolean) && existsSync(`${folder}/.gitignore`))
    return ['its children have ended and its .gitignore is still there']
  return wanted === (answer.state === 'succeeded')
    ? []
    : [`it is ${answer.state}, its children are ${states}`]
}

function checkLaunched({ arena, run, folder, answer, lists, kills, record }) {
  const violations = []
  const end = readJson(`${folder}/end.json`)
  if (!end) return ['it has no end.json']
  const started = readJson(`${folder}/started.json`)
  const stop = readJson(`${folder}/stop.json`)
  const main = lists.find((one) => one.main)
  const script = lists[0]
  const ofThisRun = kills.filter(({ target }) => target && arena.runOf(target) === run)
  // The death of a forked child is not the script's own.
  const children = lists.filter((one) => !one.main).map(({ pid }) => pid)
  const scriptKilled = ofThisRun.some(({ kind, pid }) => kind === 'script' && !children.includes(pid))
  const wrapperKilled = ofThisRun.some(({ kind, pid }) => kind === 'wrapper' || pid === started?.pid)
  const { state, exit_code: code } = end
  if (existsSync(`${folder}/.gitignore`)) violations.push('it has ended and its .gitignore is still there')
  if (answer.state !== state) violations.push(`end.json says ${state}, get_run says ${answer.state}`)
  if ((answer.exit_code ?? null) !== code)
    violations.push(`end.json says exit code ${code}, get_run says ${answer.exit_code}`)
  // The same where it could not even find its script any more.
  const aside =
    Math.abs(modified(`${folder}/started.json`) / 1000 - arena.movedAt) < 5 && [1, 2].includes(code)
  if (!main && !stop && !wrapperKilled && !scriptKilled && !aside)
    violations.push(`it is ${state} and was never started: ${list(folder)}`)
  const written = readJson(`${folder}/exit.json`)?.exit_code
  if (written !== undefined && written !== code)
    violations.push(`exit.json says ${written}, end.json says ${code}: ${state}`)
  const late = modified(`${folder}/started.json`) - (arena.ends.get(run) ?? modified(`${folder}/end.json`))
  if (late > 0) violations.push(`it was started ${late} ms after its end was written (${state})`)
  if (state === 'lost' && !wrapperKilled)
    violations.push(`it is lost, and nobody killed its wrapper (${started?.pid}): ${JSON.stringify(end)}`)
  if (code !== null && main) {
    const intended = main.exit
    const signalled = [137, ...(stop ? [143] : [])]
    // A script that was given the old place of a workspace that is moved now is on its own.
    const stranded =
      arena.formerRoot && main.folder.startsWith(`${arena.formerRoot}/`) && intended === undefined
    const allowed = [
      ...(intended === undefined ? [] : [intended]),
      ...(scriptKilled || stop ? signalled : []),
      ...(stranded ? [1, 2] : []),
    ]
    if (!allowed.includes(code))
      violations.push(
        `its exit code is ${code}, meant was ${intended}, allowed are ${allowed.join(', ') || 'none'}`,
      )
  }
  if (code === null && main && !wrapperKilled && state !== 'lost')
    violations.push(`it is ${state} without an exit code, and nobody killed its wrapper`)
  if (state === 'succeeded' && (code !== 0 || (main && main.exit !== 0)))
    violations.push(`it succeeded with exit code ${code}, meant was ${main?.exit}`)
  if (code === 0 && state !== 'succeeded') violations.push(`it is ${state} with exit code 0: ${end.reason}`)
  if (code !== null && code !== 0 && !stop && state !== 'failed')
    violations.push(`it is ${state} with exit code ${code}, and nobody stopped it`)
  if (
    code !== null &&
    code !== 0 &&
    stop &&
    state !== (stop.kind === 'timeout' ? 'timed_out' : 'stopped') &&
    !(main?.exit === code) &&
    // Asked for after the script had ended, and perhaps after who ends the run had looked: both answers are true.
    !(state === 'failed' && modified(`${folder}/exit.json`) < Date.parse(stop.at))
  )
    violations.push(`it is ${state} with exit code ${code} after a stop by ${stop.kind}`)
  if (script?.kind === 'flood' && main && !scriptKilled && !wrapperKilled && stop?.kind !== 'log_limit')
    violations.push(`it wrote beyond the log's limit and is ${state}`)
  const rebooted = arena.rebooted.get(run)
  if (rebooted && !rebooted.exit && !['lost', 'stopped', 'timed_out'].includes(state))
    violations.push(`the machine was started anew under it, and it is ${state}`)
  if (!rebooted) violations.push(...checkDuration({ arena, run, folder, record }, end, main))
  if (stop?.kind === 'timeout' && record.timeout_s === null)
    violations.push('it timed out and has no timeout')
  return violations
}

/** By clocks that nobody set: the script's own, and the times that the system gave to files. */
function checkDuration({ arena, run, folder, record }, end, main) {
  const { duration_s: seconds, asleep_s: asleep, state } = end
  if (seconds === null) return main ? [`it was started and has no duration (${state})`] : []
  const whole =
    ((arena.ends.get(run) ?? modified(`${folder}/end.json`)) - statSync(folder).birthtimeMs) / 1000
  // Of a run whose exit is not known it is the time until the last look.
  const least = main?.lastT && end.exit_code !== null ? main.lastT - main.t : 0
  return [
    ...(seconds < least - 0.5 || seconds > whole + 0.5
      ? [`its duration is ${seconds} s: it was between ${least} and ${whole} (${state})`]
      : []),
    ...(state === 'timed_out' && seconds < record.timeout_s - 0.1
      ? [`it timed out after ${seconds} s and had ${record.timeout_s}`]
      : []),
    ...(asleep > 1 ? [`it is told to have slept for ${asleep} s`] : []),
  ]
}

/** @returns NaN where there is no such file: it compares as neither */
function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Number.NaN
}

function checkAlone({ answer, lists, kills }) {
  const main = lists.find((one) => one.main)
  if (!main) return []
  const wasKilled = kills.some(({ pid }) => pid === main.pid)
  const { state } = answer
  const wanted = main.exit === undefined ? [] : [main.exit === 0 ? 'succeeded' : 'failed']
  const allowed = wasKilled ? ['lost', 'failed', 'succeeded'] : wanted
  return allowed.includes(state)
    ? []
    : [`made by its script alone, it is ${state}: meant was ${main.exit}, killed: ${wasKilled}`]
}
