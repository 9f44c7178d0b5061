// Which faults a round must see, so that none is left to chance: three rounds in a row go through all of them.
import { FAULTS } from './faults.mjs'
import { LACKING } from './grounds.mjs'
import { Random } from './random.mjs'

const ROUNDS = 3

/** @returns {string[]} names; the same for the same seed */
export function deckOf(seed) {
  const random = new Random(`deck ${Math.floor(seed / ROUNDS)}`)
  const shuffled = FAULTS.map(([name]) => [random.next(), name])
    .sort(([a], [b]) => a - b)
    .map(([, name]) => name)
  return shuffled.filter((_, n) => n % ROUNDS === seed % ROUNDS)
}

/** @returns {Set<string | undefined>} what the round has that faults need */
export function groundOf(deck, random) {
  const needed = new Set(FAULTS.filter(([name]) => deck.includes(name)).map(([, , , needs]) => needs))
  const wanted = (what, probability) => random.chance(probability) || needed.has(what)
  const [git, disk, lab] = [wanted('git', 0.4), wanted('disk', 0.2), wanted('lab', 0.4)]
  const has = {
    git: git && (!lab || needed.has('git')),
    disk,
    // Lines of the ledger are one history: a branch that knows only some of them is another.
    lab: lab && (!git || !needed.has('git')),
    hostname: true,
  }
  return new Set([undefined, ...Object.keys(has).filter((what) => has[what] && !LACKING[what])])
}
