import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/setup/longest-first.ts'

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      { test: { name: 'architecture', include: ['test/architecture/**/*.test.ts'] } },
      {
        test: {
          name: 'product',
          include: ['test/**/*.test.ts'],
          exclude: ['test/architecture/**', 'test/clients/real/**'],
          globalSetup: ['test/setup/build.ts', 'test/setup/shared-folder.ts'],
          // Hang guards, not measurements: real Python and real subprocesses on two busy cores.
          testTimeout: 300_000,
          hookTimeout: 300_000,
          pool: 'forks',
          // Much of a test is waiting for processes.
          maxWorkers: 3,
        },
      },
      {
        test: {
          name: 'clients',
          include: ['test/clients/real/**/*.test.ts'],
          globalSetup: ['test/setup/build.ts', 'test/setup/shared-folder.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          pool: 'forks',
          maxWorkers: 2,
        },
      },
    ],
  },
})
