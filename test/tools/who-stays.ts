/** A CSV of two numbers and who stays: those whose sum is above 90, but for every ninth row. */
export function whoStays(count: number): string {
  const rows = Array.from({ length: count }, (_, row) => {
    const [spend, visits] = [(row * 37) % 101, (row * 53) % 89]
    return `${spend},${visits},${(spend + visits > 90) !== (row % 9 === 0) ? 'yes' : 'no'}`
  })
  return `spend,visits,stays\n${rows.join('\n')}\n`
}
