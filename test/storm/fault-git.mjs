// What people do with Git while runs are under way: commit, check out another branch and come back, clean up, put aside.
import { execFileSync } from 'node:child_process'
import { appendFileSync, copyFileSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from './client.mjs'
import { processesOf, signal } from './processes.mjs'

const START = 'the-start'
const PAUSE = new Int32Array(new SharedArrayBuffer(4))

function git({ arena }, ...args) {
  const person = ['-c', 'user.name=storm', '-c', 'user.email=storm@example.org', '-c', 'gc.auto=0']
  for (let attempt = 0; ; attempt++) {
    try {
      return execFileSync('git', ['-C', arena.root, ...person, ...args], {
        stdio: ['ignore', 'pipe', 'pipe'],
      })
    } catch (cause) {
      // Another git is at work at this moment: a person would call again.
      if (attempt > 50 || !String(cause.stderr).includes('index.lock')) throw cause
      Atomics.wait(PAUSE, 0, 0, 50)
    }
  }
}

/** With the rules for Git that the program writes into a workspace that it makes, and a branch that knows no run. */
export async function beginGit(storm) {
  const { arena } = storm
  const fresh = arena.path('fresh')
  mkdirSync(fresh)
  const client = await new Client(arena.program, fresh, arena.env()).open()
  const { refused, content } = await client.call('create_increment', {
    title: 'x',
    problem_type: 'classification',
  })
  await client.close()
  if (refused) throw new Error(`no fresh workspace: ${JSON.stringify(content)}`)
  for (const name of ['.gitignore', '.gitattributes'])
    copyFileSync(join(fresh, '.specweave', name), join(arena.root, '.specweave', name))
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
  noteAllTimes(storm.arena)
  git(storm, 'add', '-A')
  git(storm, 'commit', '-q', '--allow-empty', '-m', 'So far')
}

function noteAllTimes(arena) {
  for (const [run, folder] of arena.runFolders()) {
    const end = statSync(join(folder, 'end.json'), { throwIfNoEntry: false })
    if (end && !arena.ends.has(run)) arena.ends.set(run, end.mtimeMs)
  }
}

export function checkout(storm) {
  return aside(storm, async () => {
    leave(storm)
    await storm.lookAround()
    await sleep(storm.random.between(200, 1500))
    // What our programs wrote into documents meanwhile is theirs to write again.
    git(storm, 'checkout', '-q', '-f', 'main')
  })
}

/** What is written between the commit and the checkout makes Git refuse: a person would commit that too, and call again. */
function leave(storm) {
  for (let attempt = 1; ; attempt++) {
    commit(storm)
    try {
      return git(storm, 'checkout', '-q', START)
    } catch (cause) {
      if (attempt > 10 || !String(cause.stderr).includes('would be overwritten')) throw cause
    }
  }
}

/**
 * Git lists what it does not know, and then deletes all that it does not know: what ends in between would be gone for good.
 * So whoever might write the end of a run is stopped meanwhile; scripts and their wrappers go on.
 */
function held(storm, work) {
  const may = ({ kind, runFolder, state }) =>
    kind !== 'wrapper' && kind !== 'other' && !runFolder && state !== 'T'
  const stopped = processesOf(storm.arena).filter(may)
  for (const { pid } of stopped) signal(pid, 'SIGSTOP')
  try {
    commit(storm)
    work()
  } finally {
    for (const { pid } of stopped) signal(pid, 'SIGCONT')
  }
}

export function clean(storm) {
  // A folder that the SDK is just making is nobody's yet.
  return aside(storm, () => held(storm, () => git(storm, 'clean', '-fdq', '-e', '.new-*')))
}

export function stash(storm) {
  return aside(storm, async () => {
    held(storm, () => {
      // A change of a file that Git knows, and a file that it does not.
      appendFileSync(join(storm.arena.root, 'storm_script.py'), '# a thought\n')
      writeFileSync(join(storm.arena.root, 'notes.txt'), 'a thought\n')
      git(storm, 'stash', 'push', '-q', '-u')
    })
    await storm.lookAround()
    await sleep(storm.random.between(200, 1000))
    held(storm, () => {
      try {
        git(storm, 'stash', 'pop', '-q')
      } catch {
        // A document was written anew meanwhile: what was put aside is taken, as a person would, and the rest by our programs.
        for (const part of ['stash@{0}', 'stash@{0}^3']) git(storm, 'checkout', part, '--', '.')
        git(storm, 'stash', 'drop', '-q')
      }
      // The thought is given up: another script would be another request, and no repeat.
      git(storm, 'checkout', '-q', 'HEAD', '--', 'storm_script.py')
      git(storm, 'rm', '-q', '--cached', '--ignore-unmatch', 'notes.txt')
      rmSync(join(storm.arena.root, 'notes.txt'), { force: true })
    })
  })
}
