import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PROGRAM } from '../hosts/mcp-client.ts'
import { NO_LAB, Product } from './product.ts'

describe.skipIf(NO_LAB)('a time column without a split by time', () => {
  let product: Product
  beforeAll(() => {
    product = new Product('id: times\ninterpreter: lab\n')
    const rows = Array.from({ length: 150 }, (_, day) => {
      const when = new Date(Date.UTC(2024, 0, 1 + day)).toISOString().slice(0, 10)
      return `${when},${day},${day % 3 ? 'yes' : 'no'}`
    })
    product.write('data/churn.csv', `day,calls,churn\n${rows.join('\n')}\n`)
  })
  afterAll(() => product.dispose())

  const run = (program: string, args: string[]) =>
    spawnSync(program, args, { cwd: product.root, env: product.env, encoding: 'utf8' })

  it('is refused with the command that makes one', () => {
    const { status, stderr } = run(process.execPath, [
      ...[PROGRAM, 'register-dataset', 'churn', 'data/churn.csv', '--target', 'churn'],
      ...['--problem-type', 'classification', '--split', 'time_column=day'],
    ])
    expect(status, stderr).toBe(1)
    expect(stderr).toMatch(/time_column names "day", but the split of this classification is stratified/)
    const command = /^ +(\S+ \S+ register-dataset .*)$/m.exec(stderr)?.[1]
    expect(command, stderr).toContain('--split method=time')
    const pasted = run('sh', ['-c', `${command}`])
    expect(pasted.status, pasted.stderr).toBe(0)
    expect(pasted.stdout).toContain('churn@1: 150 rows')
  })
})
