/** Random choices that a seed repeats (mulberry32). */
export class Random {
  #state

  /** @param {string | number} seed */
  constructor(seed) {
    let hash = 2166136261
    for (const char of String(seed)) hash = Math.imul(hash ^ char.charCodeAt(0), 16777619)
    this.#state = hash >>> 0
  }

  /** 0 <= number < 1 */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }

  between(low, high) {
    return low + this.next() * (high - low)
  }

  /** A whole number, both ends included. */
  whole(low, high) {
    return Math.floor(this.between(low, high + 1))
  }

  chance(probability) {
    return this.next() < probability
  }

  pick(list) {
    return list[Math.floor(this.next() * list.length)]
  }

  /** @param {[item: any, weight: number][]} weighted */
  weighted(weighted) {
    let rest = this.next() * weighted.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [item, weight] of weighted) {
      rest -= weight
      if (rest < 0) return item
    }
    return weighted.at(-1)[0]
  }
}
