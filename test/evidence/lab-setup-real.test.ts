import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { findLab } from '../../src/adapters/lab/environment.ts'
import { closeLab, labVersion } from '../../src/adapters/lab/process.ts'
import { ensureLab } from '../../src/adapters/lab/setup.ts'

afterAll(closeLab)

/** Slow the first time: it makes the real environment in SPECWEAVE_LAB_DIR, which stays for the next run. */
describe.skipIf(!process.env.SPECWEAVE_LAB_DIR)('the real environment', () => {
  it('is made from the lock, and the real lab answers in it', { timeout: 900_000 }, async () => {
    const { python, folder } = await ensureLab()
    expect(findLab()?.python).toBe(python)
    expect(readFileSync(join(folder, 'setup.log'), 'utf8')).toContain('--require-hashes')
    const shown = execFileSync(python, ['-c', 'import sklearn; print(sklearn.__version__)'], {
      encoding: 'utf8',
    })
    const { packages } = await labVersion()
    expect(packages['scikit-learn']).toBe(shown.trim())
  })
})
