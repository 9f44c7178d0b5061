// What the storm may be told.
import { DEFECTS } from './defects.mjs'

export const OPTIONS = {
  minutes: { type: 'string', default: '10' },
  seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  rounds: { type: 'string' },
  seconds: { type: 'string', default: '10' },
  runs: { type: 'string', default: '18' },
  defect: { type: 'string' },
  program: { type: 'string' },
  keep: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
}

export const HELP = `npm run storm -- [options]

  --minutes N     begins rounds for so long (10)
  --seed N        of the first round; each that follows has the next number (by the clock)
  --rounds N      so many rounds, however long they take
  --seconds N     how long faults strike in a round (10)
  --runs N        runs of a round (18)
  --defect NAME   plants a defect, which the storm has to find: ${DEFECTS.map(({ name }) => name).join(', ')}; or all
  --program PATH  a main.js that is there, instead of a build for the storm
  --keep          keeps the folders of clean rounds too, not only of those that failed
  --help          says this

It fails where a round is not clean. Of 15 rounds in a row one is a long queue; three in a row go through all faults.
Faults that need mounts or another hostname are skipped where they are not allowed, and named at the end.`
