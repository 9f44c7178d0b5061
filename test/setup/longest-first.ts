import type { TestSpecification } from 'vitest/node'
import { BaseSequencer } from 'vitest/node'

/**
 * Those that take longest, in their order: begun last, one would be waited for on a single core, and in a fresh clone vitest
 * knows nothing of their times. The first makes the workspace that the others of `verify` read.
 */
const LONGEST = [
  'tools/verify-clone',
  'battery/at-work',
  'battery/numbers',
  'battery/by-hand',
  'templates/train-scripts',
  'tools/own-evaluator',
  'tools/verify-recompute',
  'tools/verify-data',
  'tools/reproduced',
  'tools/reproduce',
  'tools/threshold',
  'clients/python-client',
  'tools/model-cost',
  'tools/loop',
  'tools/verify-closed',
  'tools/verify-documents',
  'plugin/loop',
  'faults/index',
  'tools/sdk-guide',
  'tools/not-judgeable',
  'tools/leakage-controls',
  'storm/storm',
  'tools/run-data',
  'templates/notebooks',
  'fuzz/hostile',
  'tools/memory',
  'tools/create-issue',
  'tools/decided-by-people',
].map((name) => `/test/${name}.test.ts`)

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const found = LONGEST.findIndex((name) => moduleId.endsWith(name))
      return found < 0 ? LONGEST.length : found
    }
    return (await super.sort(files)).sort((a, b) => place(a) - place(b))
  }
}
