import { afterEach, expect, it, vi } from 'vitest'
import { stateFolder } from '../../src/adapters/state-folder.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

it('is the one that is named, by an absolute path', () => {
  vi.stubEnv('SPECWEAVE_STATE_DIR', '/somewhere/state')
  expect(stateFolder()).toBe('/somewhere/state')
  vi.stubEnv('SPECWEAVE_STATE_DIR', 'state')
  expect(stateFolder).toThrow(/SPECWEAVE_STATE_DIR is "state".*absolute path/)
})

it('is where the platform keeps such things', () => {
  vi.stubEnv('SPECWEAVE_STATE_DIR', '')
  vi.stubEnv('XDG_STATE_HOME', '/xdg')
  expect(stateFolder()).toMatch(/^\/xdg\/specweave-ml$|Application Support/)
})
