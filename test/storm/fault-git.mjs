// What people do with Git while runs are under way: commit, check out another branch and come back, clean up, put aside.
import { execFileSync } from 'node:child_process'
import { appendFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { processesOf, signal } from './processes.mjs'

const START = 'the-start'

function git({ arena }, ...args) {
  const person = ['-c', 'user.name=storm', '-c', 'user.email=storm@example.org', '-c', 'gc.auto=0']
  return execFileSync('git', ['-C', arena.root, ...person, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** The workspace as `init` leaves it, and a branch that knows no run. */
export function beginGit(storm) {
  const { arena } = storm
  execFileSync(process.execPath, [arena.program, 'init'], { cwd: arena.root, env: arena.env(), stdio: 'ignore' })
  git(storm, 'init', '-q', '-b', 'main')
  git(storm, 'add', '-A')
  git(storm, 'commit', '-q', '-m', 'The start')
  git(storm, 'branch', START)
}

/**
 * Nobody asks for a run meanwhile: who works on two branches at once has two histories, which no tool can make one.
 * Live runs go on and end.
 */
const aside = (storm, work) =>
  storm.withoutRequests(async () => {
    try {
      await work()
    } catch (cause) {
      throw new Error(`git: ${cause.stderr ?? cause.message}`, { cause })
    }
  })

/** What has ended is committed before it is put at risk; the times of its files are noted, for Git writes them anew. */
function commit(storm) {
  for (const [run, folder] of storm.arena.runFolders()) noteTimes(storm.arena, run, folder)
  git(storm, 'add', '-A')
  git(storm, 'commit', '-q', '--allow-empty', '-m', 'So far')
}

function noteTimes(arena, run, folder) {
  const end = statSync(join(folder, 'end.json'), { throwIfNoEntry: false })
  if (end && !arena.ends.has(run)) arena.ends.set(run, end.mtimeMs)
}

export function checkout(storm) {
  return aside(storm, async () => {
    commit(storm)
    git(storm, 'checkout', '-q', START)
    await storm.lookAround()
    await sleep(storm.random.between(200, 1500))
    // What our programs wrote into documents meanwhile is theirs to write again.
    git(storm, 'checkout', '-q', '-f', 'main')
  })
}

/** What is no longer held by a live run must be committed by then: who is about to end a run is stopped meanwhile. */
export function clean(storm) {
  return aside(storm, () => {
    const held = processesOf(storm.arena).filter(
      ({ kind, runFolder, state }) => kind !== 'wrapper' && !runFolder && state !== 'T' && kind !== 'other',
    )
    for (const { pid } of held) signal(pid, 'SIGSTOP')
    try {
      commit(storm)
      // A folder that the SDK is just making is nobody's yet.
      git(storm, 'clean', '-fdq', '-e', '.new-*')
    } finally {
      for (const { pid } of held) signal(pid, 'SIGCONT')
    }
  })
}

export function stash(storm) {
  return aside(storm, async () => {
    commit(storm)
    appendFileSync(join(storm.arena.root, 'notes.txt'), 'a thought\n')
    // A change of a file that Git knows, and files that it does not.
    git(storm, 'stash', 'push', '-q', '-u')
    await storm.lookAround()
    await sleep(storm.random.between(200, 1000))
    try {
      git(storm, 'stash', 'pop', '-q')
    } catch {
      // A document was written anew meanwhile: what was put aside is taken, as a person would, and the rest by our programs.
      for (const part of ['stash@{0}', 'stash@{0}^3']) git(storm, 'checkout', part, '--', '.')
      git(storm, 'stash', 'drop', '-q')
    }
  })
}
