// Lines of another writer in a run's events: a torn line that is made whole later, malformed ones, one of 10 MB.
import { appendFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** The metric of these lines; the file's name is the storm's own. */
export const FOREIGN = 'foreign'

/** Folders in whose file a line is torn at this moment. */
const busy = new Set()

export async function foreignLines(storm) {
  const { arena, random } = storm
  const live = [...arena.runFolders().values()].filter(
    (folder) =>
      existsSync(join(folder, 'started.json')) && !existsSync(join(folder, 'end.json')) && !busy.has(folder),
  )
  if (live.length === 0) return
  const folder = random.pick(live)
  busy.add(folder)
  const file = () => join(folder.replace(arena.formerRoot ?? '\0', arena.root), 'events', 'storm-1-x.jsonl')
  const append = (text) => {
    try {
      appendFileSync(file(), text)
    } catch {
      // The workspace was moved at this moment.
    }
  }
  const point = () =>
    `${JSON.stringify({ k: 'metric', n: FOREIGN, v: random.next(), s: storm.tick(), t: Date.now() / 1000 })}\n`
  append(point())
  const what = random.weighted([
    ['torn', 5],
    ['malformed', 2],
    ['long', 1],
  ])
  if (what === 'malformed')
    append('{"k":"metric","n":\n\u0000\u0001not json at all\n[1,2]\n"text"\n{"k":7}\n')
  if (what === 'long') append(`${'x'.repeat(10_000_000)}\n`)
  if (what === 'torn') {
    const line = point()
    const cut = random.whole(1, line.length - 1)
    append(line.slice(0, cut))
    // Somebody looks while it is torn.
    await storm.look([...arena.runFolders()].find(([, path]) => path === folder)?.[0])
    await sleep(random.between(0, 1500))
    append(line.slice(cut))
  }
  append(point())
  busy.delete(folder)
}
