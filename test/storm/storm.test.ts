import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'

interface Defect {
  name: string
  file: string
  find: string
  replace: string
  why: string
}

// By a path, because the storm's own files are plain JavaScript without types.
const part = (name: string): Promise<unknown> => import(join(import.meta.dirname, name))
const { DEFECTS } = (await part('defects.mjs')) as { DEFECTS: Defect[] }
const { patched } = (await part('program.mjs')) as {
  patched(text: string, find: string, replace: string): string
}
const root = resolve(import.meta.dirname, '../..')

test.each(DEFECTS)('the planted defect $name fits the code: $why', ({ file, find, replace }) => {
  const text = readFileSync(join(root, file), 'utf8')
  expect(patched(text, find, replace)).not.toBe(text)
})

test('a short storm leaves nothing lost and no state lying', async () => {
  const { code, output } = await storm('--rounds', '1', '--seed', '14', '--seconds', '7', '--runs', '12')
  expect(output, output).toContain('Clean.')
  expect(code).toBe(0)
})

function storm(...args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(import.meta.dirname, 'storm.mjs'), ...args], (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, output: `${stdout}\n${stderr}` }),
    )
  })
}
