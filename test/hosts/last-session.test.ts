import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { placeKey } from '../../src/adapters/state-folder.ts'
import { lastSession, rememberSession } from '../../src/hosts/hooks/last-session.ts'
import { removeFolder } from '../support/remove-folder.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'specweave-session-'))
  vi.stubEnv('SPECWEAVE_STATE_DIR', folder)
})

afterEach(async () => {
  vi.unstubAllEnvs()
  await removeFolder(folder)
})

describe('the last session', () => {
  it('is known for each place of a workspace by itself', () => {
    const began = new Date(Date.now() - 1000).toISOString()
    rememberSession('/work/shop')
    expect(lastSession('/work/shop') > began).toBe(true)
    expect(lastSession('/work/copy of shop') < began).toBe(true)
  })

  it('is kept under a name that tells nothing of the path and fits any', () => {
    const key = placeKey(`/work/${'deep/'.repeat(500)}`)
    expect(key).toMatch(/^[0-9a-f]{16}$/)
    expect(placeKey('/work/shop')).not.toBe(key)
  })
})
