// A Python with the packages of the lab.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { isInstalled } from './trackers.mjs'

const PACKAGES = ['scipy', 'sklearn', 'pandas', 'pyarrow']

/** @returns `undefined` where there is none. */
export function labPython(root, python) {
  const cache = join(root, '.cache')
  return [
    join(cache, 'lab', 'venv', 'bin', 'python'),
    join(cache, 'test-python', 'bin', 'python'),
    python,
  ].find((one) => (one === python || existsSync(one)) && PACKAGES.every((name) => isInstalled(one, name)))
}

export const NO_LAB_PYTHON =
  'no Python with the packages of the lab: npm test makes one in .cache, or name it in SPECWEAVE_BENCH_PYTHON'
