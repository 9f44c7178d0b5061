// The machine starts anew: every process is gone at once, what they wrote names an earlier boot, and the ids of some
// processes have been given to others meanwhile.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { list, python, readJson, readText } from './arena.mjs'
import { killed, processesOf, signal } from './processes.mjs'

const ANOTHER_BOOT = 'ffffffff-0000-4000-8000-000000000000'

/** Leads a group of its own with a member, writes down each signal that reaches one of the two, and goes on. */
const STRANGER = `import os, signal, sys, time
if os.fork() == 0: who = "the member"
else: who = "the leader"
def note(number, frame):
    fd = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    os.write(fd, f"{who} got {signal.Signals(number).name}\\n".encode())
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1): signal.signal(number, note)
os.open(sys.argv[1] + "-" + who[4:], os.O_WRONLY | os.O_CREAT, 0o666)
end = time.monotonic() + 600
while time.monotonic() < end and os.path.exists(os.path.dirname(sys.argv[1])): time.sleep(0.5)`

export async function reboot(storm) {
  await storm.pool.away(() => reuse(storm))
}

async function reuse(storm) {
  const { arena, random } = storm
  for (let left = processesOf(arena); left.length > 0; left = processesOf(arena)) {
    for (const one of left) killed(arena, one, 'by a reboot')
    await sleep(20)
  }
  const rebooted = []
  for (const [run, folder] of arena.runFolders()) {
    if (existsSync(join(folder, 'end.json'))) continue
    for (const name of list(folder).filter((name) => /^claim-\d+\.json$/.test(name)))
      edit(join(folder, name), { boot_id: ANOTHER_BOOT })
    if (!existsSync(join(folder, 'started.json'))) continue
    edit(join(folder, 'started.json'), { boot_id: ANOTHER_BOOT })
    rebooted.push([run, folder])
    arena.rebooted.set(run, { exit: existsSync(join(folder, 'exit.json')) })
  }
  storm.log({ rebooted: rebooted.map(([run]) => run) })
  return rebooted.length > 0 ? await strangers(storm, rebooted, random.chance(0.5)) : false
}

/** @param sameBoot else the stranger began at the very tick of the run's process, after the boot */
async function strangers(storm, rebooted, sameBoot) {
  const { arena, random } = storm
  for (const [run, folder] of rebooted.slice(0, 2)) {
    const stranger = await beStranger(arena)
    if (!stranger) continue
    const facts = sameBoot
      ? { pid: stranger.pid, boot_id: bootId() }
      : { pid: stranger.pid, start_time: startTime(stranger.pid) }
    edit(join(folder, 'started.json'), facts)
    storm.log({ reused: run, ...facts })
    // Asked for at once by whoever serves next: a wish to stop it is no reason either.
    if (random.chance(0.6)) storm.afterwards.push(() => storm.pool.once('stop_run', { run }, 30))
  }
}

async function beStranger(arena) {
  const marker = arena.path(`stranger-${arena.strangers.length}`)
  // Without the storm's mark: none of the storm's own kills may hit it.
  const child = spawn(python, ['-c', STRANGER, marker], { detached: true, stdio: 'ignore', env: {} })
  child.unref()
  if (child.pid === undefined) return undefined
  for (
    const end = Date.now() + 10_000;
    !(existsSync(`${marker}-leader`) && existsSync(`${marker}-member`));
  ) {
    if (Date.now() > end) throw new Error('the stranger did not begin')
    await sleep(20)
  }
  arena.strangers.push({ pid: child.pid, marker })
  return child
}

/** @returns what a stranger felt of it */
export function checkStrangers({ strangers }) {
  return strangers.flatMap(({ pid, marker }) => {
    const felt = readText(marker)
    return [
      ...(felt
        ? [`stranger ${pid}, whose id stood in a run's started.json, was signalled: ${felt.trim()}`]
        : []),
      ...(membersOf(pid) < 2 ? [`stranger ${pid}, whose id stood in a run's started.json, was killed`] : []),
    ]
  })
}

export function endStrangers({ strangers }) {
  for (const { pid } of strangers) if (membersOf(pid) > 0) signal(-pid, 'SIGKILL')
}

/** Live processes of a group. */
function membersOf(group) {
  return list('/proc').filter((name) => /^\d+$/.test(name) && fields(name)?.[2] === String(group)).length
}

const startTime = (pid) => fields(pid)[19]
const bootId = () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()

/** Of a live process: what follows its name in /proc/<pid>/stat. */
function fields(pid) {
  const stat = readText(`/proc/${pid}/stat`)
  const words = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
  return words && !['Z', 'X'].includes(words[0]) ? words : undefined
}

function edit(file, changes) {
  writeFileSync(file, `${JSON.stringify({ ...readJson(file), ...changes })}\n`)
}
