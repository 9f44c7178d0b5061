import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/setup/longest-first.ts'

/** Tests of functions: none changes anything in the process that it runs in. */
const FUNCTIONS = ['core', 'increments', 'memory', 'reports'].map((folder) => `test/${folder}/**/*.test.ts`)

const COMMON = {
  // Hang guards, not measurements: real Python and real subprocesses on two busy cores.
  testTimeout: 300_000,
  hookTimeout: 300_000,
  pool: 'forks' as const,
  // Much of a test is waiting for processes.
  maxWorkers: 3,
}
const PRODUCT = { ...COMMON, globalSetup: ['test/setup/build.ts', 'test/setup/shared-folder.ts'] }

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      { test: { ...COMMON, name: 'architecture', include: ['test/architecture/**/*.test.ts'] } },
      // Loading what they import takes longer than they do: it is loaded once a worker.
      { test: { ...COMMON, name: 'functions', include: FUNCTIONS, isolate: false } },
      {
        test: {
          ...PRODUCT,
          name: 'product',
          include: ['test/**/*.test.ts'],
          exclude: [...FUNCTIONS, 'test/architecture/**', 'test/clients/real/**'],
        },
      },
      {
        test: {
          ...PRODUCT,
          name: 'clients',
          include: ['test/clients/real/**/*.test.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
