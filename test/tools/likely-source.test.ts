import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { registerStep } from '../../src/tools/data/register-step.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'specweave-ml-source-'))
})
afterEach(() => rmSync(root, { recursive: true }))

const write = (path: string, text = 'a,b\n1,2\n') => {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}
const step = (problemType: Parameters<typeof registerStep>[2] = 'classification') => {
  const proposed = registerStep(root, '0001', problemType)
  if (!('tool' in proposed)) throw new Error('no call')
  return { ...proposed.arguments, why: proposed.why }
}
const PLACEHOLDER = { name: 'data', source: 'path/to/data.csv', target: 'column' }

describe('the data that a new increment most likely means', () => {
  it('is the only file there is, with the target of a usual name', () => {
    write('data/Churn 2024.csv', '\uFEFFid;"plan";Churned\r\n1;a;yes\r\n')
    expect(step()).toMatchObject({ name: 'churn-2024', source: 'data/Churn 2024.csv', target: 'Churned' })
    // Of another kind of problem that is no usual name.
    expect(step('regression')).toMatchObject({ source: 'data/Churn 2024.csv', target: 'column' })
  })

  it('names the columns where none, or more than one, has a usual name', () => {
    write('calls.csv', `${['minutes', 'x'.repeat(60), ...'bcdefghijklmn'].join(',')}\n1\n`)
    expect(step()).toMatchObject({ name: 'calls', source: 'calls.csv', target: 'column' })
    expect(step().why).toContain(`its columns: "minutes", "${'x'.repeat(40)}", "b"`)
    expect(step().why).toContain('"k" and 3 more)')
    write('calls.csv', 'label,target\n1,2\n')
    expect(step()).toMatchObject({ source: 'calls.csv', target: 'column' })
  })

  it('is said without columns where the header is not plain, or holds what nobody sees', () => {
    for (const text of ['no line end', 'a,"b,c"\n1,2\n', 'a,la\u200bbel\n1,2\n', 'a,,b\n1,2,3\n', '']) {
      write('calls.csv', text)
      expect(step()).toMatchObject({ source: 'calls.csv', target: 'column' })
      expect(step().why).not.toContain('columns')
    }
    rmSync(join(root, 'calls.csv'))
    write('calls.parquet', 'PAR1')
    expect(step()).toMatchObject({ name: 'calls', source: 'calls.parquet', target: 'column' })
  })

  it('is not guessed among several: the first are named', () => {
    for (const name of ['b', 'a', 'd', 'c', 'e']) write(`${name}.csv`)
    expect(step()).toMatchObject(PLACEHOLDER)
    expect(step().why).toContain('(here are a.csv, b.csv, c.csv, d.csv and 1 more)')
  })

  it('is no hidden file, no link, no folder, and nothing that lies deeper', () => {
    for (const path of ['.hidden.csv', 'notes.txt', 'deep/er/x.csv', 'data/deep/y.csv', 'folder.csv/z'])
      write(path)
    write('-rf.csv')
    symlinkSync('/etc/passwd', join(root, 'link.csv'))
    expect(step()).toMatchObject(PLACEHOLDER)
    expect(step().why).toContain('name your own file and target')
  })
})
