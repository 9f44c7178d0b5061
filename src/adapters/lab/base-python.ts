import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { Refusal } from '../../core/errors.ts'

const execute = promisify(execFile)

export const OLDEST_PYTHON = '3.11'

/** A Python that an environment can be made from. */
export interface BasePython {
  /** Its own path, as `sys.executable` says. */
  path: string
  /** `3.11` */
  version: string
  /** Whether it has `venv` and `ensurepip`, which Debian keeps in a package of their own. */
  makesEnvironments: boolean
}

const PROBE = `
import json, sys
try:
    import ensurepip, venv
    able = True
except ImportError:
    able = False
print(json.dumps([sys.executable, "%d.%d" % sys.version_info[:2], able]))
`

/** The first usable Python of SPECWEAVE_PYTHON (alone, where it is set), python3.13, 3.12, 3.11 and python3. */
export async function findBasePython(): Promise<BasePython | { tried: string[] }> {
  const named = process.env.SPECWEAVE_PYTHON
  const names = named ? [named] : ['python3.13', 'python3.12', 'python3.11', 'python3']
  const tried: string[] = []
  let unable: BasePython | undefined
  for (const name of names) {
    const found = await probe(name)
    if (typeof found === 'string') tried.push(`${name}: ${found}`)
    else if (!isNewEnough(found.version)) tried.push(`${name}: ${found.version}, too old`)
    else if (found.makesEnvironments) return found
    else unable ??= found
  }
  return unable ?? { tried }
}

async function probe(name: string): Promise<BasePython | string> {
  try {
    const { stdout } = await execute(name, ['-c', PROBE], { timeout: 20_000 })
    const [path, version, makesEnvironments] = JSON.parse(stdout) as [string, string, boolean]
    return { path, version, makesEnvironments }
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'not found' : 'cannot be started'
  }
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [oldMajor = 0, oldMinor = 0] = OLDEST_PYTHON.split('.').map(Number)
  return major > oldMajor || (major === oldMajor && minor >= oldMinor)
}

export function noBasePython(tried: string[]): Refusal {
  return new Refusal(
    'INTERPRETER_MISSING',
    `The lab needs Python ${OLDEST_PYTHON} or newer, and none was found. Tried: ${tried.join('; ')}.`,
    {
      missing: [`Python >= ${OLDEST_PYTHON}`],
      next: [
        {
          person: 'SPECWEAVE_PYTHON=/path/to/python3 specweave-ml setup',
          why: `where a Python ${OLDEST_PYTHON} or newer is installed, but under another name`,
        },
        {
          person: 'specweave-ml setup',
          why: `after installing Python ${OLDEST_PYTHON} or newer, or uv, which brings one along`,
        },
      ],
    },
  )
}
