import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parseDocument } from 'yaml'
import { readText } from '../../adapters/files.ts'
import { packageRoot } from '../../adapters/package-root.ts'
import { Refusal } from '../../core/errors.ts'
import type { AnyTool } from '../../tools/tool.ts'
import { checkInput } from '../calls/check-input.ts'
import type { Answer } from '../calls/invoke-tool.ts'
import { commandText } from './quote.ts'

/**
 * The input of a tool as a YAML file holds it.
 * @param path relative to the working folder
 * @throws Refusal FILE_MISSING, INPUT_INVALID with the keys that are wrong, and the nearest of those that are unknown
 */
export function readConfigFile(path: string, tool: AnyTool): Answer {
  const text = readText(resolve(path))
  if (text === undefined)
    throw new Refusal('FILE_MISSING', `${path} does not exist, or is no file.`, {
      next: [
        {
          person: copyHere(path),
          why: 'begins one, with a comment on each key',
        },
      ],
    })
  const document = parseDocument(text, { prettyErrors: true })
  const [problem] = document.errors
  if (problem) throw invalid(path, [{ field: path, problem: problem.message.split('\n')[0] ?? '' }])
  const values: unknown = document.toJS() ?? {}
  if (typeof values !== 'object' || Array.isArray(values))
    throw invalid(path, [{ field: path, problem: 'must hold keys and values, such as name: boosting' }])
  const meant = asMeant(values as Answer)
  try {
    checkInput(tool, meant)
  } catch (thrown) {
    if (!(thrown instanceof Refusal) || thrown.code !== 'INPUT_INVALID') throw thrown
    throw invalid(path, thrown.invalid, thrown.missing)
  }
  return meant
}

/** Copies the template to a path, whether or not its folder is there. */
function copyHere(path: string): string {
  const folder = dirname(path)
  const copy = commandText(['cp', join(packageRoot(), 'templates', 'experiment-config.yaml'), path])
  return existsSync(folder) ? copy : `${commandText(['mkdir', '-p', folder])} && ${copy}`
}

/** YAML reads `0042` and `OMP_NUM_THREADS: 4` as numbers: an increment and a variable are texts. */
function asMeant(values: Answer): Answer {
  const { increment, env } = values
  const texts = (map: object) =>
    Object.fromEntries(
      Object.entries(map).map(([name, value]) => [
        name,
        ['number', 'boolean'].includes(typeof value) ? String(value) : value,
      ]),
    )
  return {
    ...values,
    ...(typeof increment === 'number' ? { increment: String(increment) } : {}),
    ...(isMap(env) ? { env: texts(env as object) } : {}),
  }
}

function invalid(path: string, fields: Refusal['invalid'], missing: string[] = []): Refusal {
  const said = [
    ...fields.map(({ field, problem }) =>
      field === path ? problem : `${field} ${problem.replace(/^not an argument/, 'is no key')}`,
    ),
    ...missing.map((field) => `${field} is missing`),
  ]
  return new Refusal(
    'INPUT_INVALID',
    `${path}: ${said
      .join('; ')
      .replace(/\?$/, '? ')
      .replace(/(?<!\? )$/, '. ')}Nothing was started.`,
    {
      invalid: fields,
      missing,
      next: [{ person: 'specweave-ml run --help', why: 'shows what can be given: the keys are the flags' }],
    },
  )
}

/** Whose keys are set one by one; everything else that is typed takes the whole place of what the file says. */
const BY_KEY = ['params', 'env', 'resources']

/** What was typed goes before the file. */
export function overFile(file: Answer, typed: Answer): Answer {
  const merged = BY_KEY.filter((key) => isMap(file[key]) && isMap(typed[key])).map((key) => [
    key,
    { ...(file[key] as Answer), ...(typed[key] as Answer) },
  ])
  return { ...file, ...typed, ...Object.fromEntries(merged) }
}

function isMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
