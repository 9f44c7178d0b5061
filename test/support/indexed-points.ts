import type { Index } from '../../src/store/index-db.ts'

/** `[step, value, time]` of each point of a metric in the index, writer after writer. */
export function indexedPoints(index: Index, run: string, name: string): [number, number, number][] {
  return index.driver
    .all('SELECT data FROM curves WHERE run = ? AND name = ? ORDER BY writer, chunk', [run, name])
    .flatMap(({ data }) => {
      const numbers = new Float64Array(Uint8Array.from(data as Uint8Array).buffer)
      return Array.from({ length: numbers.length / 3 }, (_, i): [number, number, number] => [
        numbers[3 * i]!,
        numbers[3 * i + 1]!,
        numbers[3 * i + 2]!,
      ])
    })
}
