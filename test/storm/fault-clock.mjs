// The time of day is set, hours forward and back: of all programs that the storm starts, by a file that they read.
// The clocks that count since boot go on, and so do the times that the system gives to files.
import { rmSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const HOUR = 3600

export async function setClock({ arena, random }) {
  for (let times = random.whole(1, 3); times > 0; times--) {
    writeFileSync(arena.path('clock'), String(Math.round(random.between(-8, 8) * HOUR)))
    await sleep(random.between(300, 2500))
  }
  rmSync(arena.path('clock'), { force: true })
}
