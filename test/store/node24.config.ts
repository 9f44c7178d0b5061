import { defineConfig } from 'vitest/config'

/** The drivers' suite alone, without the build: drivers.test.ts runs it in another Node. */
export default defineConfig({
  test: { include: ['test/store/drivers.test.ts'], pool: 'forks', maxWorkers: 1 },
})
