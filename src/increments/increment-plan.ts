import type { Criterion } from '../core/criterion.ts'
import type { DatasetRecord } from '../core/dataset-record.ts'
import { type InvalidField, Refusal } from '../core/errors.ts'
import { slugify } from '../core/ids.ts'
import { PROBLEM_TYPES, type ProblemType } from '../core/problem-types.ts'
import { type CriteriaSet, readCriteria } from './criteria-set.ts'
import { readTitle } from './slug.ts'

/** The arguments of `create_increment`. */
export interface CreateRequest {
  title: string
  slug?: string
  problem_type: ProblemType
  description?: string
  input?: string
  output?: string
  success_metrics?: readonly (string | Criterion)[]
  constraints?: readonly (string | Criterion)[]
  baseline_lift?: number
  /** `0042`, `42` or `0042-recommendation-model` */
  id?: string
}

/** What is to be created, all of it understood: nothing can be refused any more but a number that is taken. */
export interface IncrementPlan {
  number?: number
  slug: string
  title: string
  problemType: ProblemType
  description: string
  input: string
  output: string
  criteria: CriteriaSet
  looks: number
  dataset?: DatasetRecord
  project: string
  /** ISO 8601, UTC. */
  created: string
}

const LIMITS = { title: 500, slug: 60, description: 20_000, input: 2_000, output: 2_000 } as const
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f\u0080-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/

/**
 * Reads a request to create an increment; touches nothing.
 * @throws Refusal INPUT_INVALID, CRITERION_INVALID
 */
export function planIncrement(
  request: CreateRequest,
  options: { project: string; dataset?: DatasetRecord; now?: Date },
): IncrementPlan {
  refuseInvalid(request)
  const fromTitle = readTitle(request.title, request.problem_type)
  const fromId = readId(request.id)
  const number = fromId?.number ?? fromTitle.number
  if (fromId && fromTitle.number !== undefined && fromTitle.number !== fromId.number)
    throw new Refusal(
      'INPUT_INVALID',
      `The title says ${fromTitle.number} and id says ${fromId.number}; give the number once.`,
      { invalid: [{ field: 'id', problem: 'differs from the number in the title' }] },
    )
  if (number === 0)
    throw new Refusal('INPUT_INVALID', 'Increment numbers begin with 0001.', {
      invalid: [{ field: 'id', problem: 'must be 1 or more' }],
    })
  const criteria = readCriteria({
    problemType: request.problem_type,
    success: request.success_metrics,
    constraints: request.constraints,
    baselineLift: request.baseline_lift,
  })
  return {
    ...(number === undefined ? {} : { number }),
    slug: request.slug?.trim() || fromId?.slug || fromTitle.slug,
    title: fromTitle.title,
    problemType: request.problem_type,
    description: request.description?.trim() ?? '',
    input: request.input?.trim() ?? '',
    output: request.output?.trim() ?? '',
    criteria,
    looks: 3,
    ...(options.dataset ? { dataset: options.dataset } : {}),
    project: options.project,
    created: (options.now ?? new Date()).toISOString(),
  }
}

function readId(id: string | undefined): { number: number; slug?: string } | undefined {
  if (id === undefined) return undefined
  const [, digits, rest] = /^(\d{1,9})(?:-(.+))?$/.exec(id.trim()) ?? []
  const slug = rest === undefined ? undefined : slugify(rest)
  if (!digits || slug === '')
    throw new Refusal(
      'INPUT_INVALID',
      `"${id}" is no increment id; write 0042, or leave id out for the next free number.`,
      {
        invalid: [{ field: 'id', problem: 'must be a number such as 0042' }],
      },
    )
  return slug === undefined ? { number: Number(digits) } : { number: Number(digits), slug }
}

function refuseInvalid(request: CreateRequest): void {
  const invalid: InvalidField[] = []
  const title = typeof request.title === 'string' ? request.title : ''
  if (title.trim() === '') invalid.push({ field: 'title', problem: 'must not be blank' })
  else if (!/[\p{L}\p{N}]/u.test(title))
    invalid.push({ field: 'title', problem: 'must hold a letter or a digit' })
  if (/[\r\n\t]/.test(title)) invalid.push({ field: 'title', problem: 'must be one line without tabs' })
  for (const field of ['title', 'slug', 'description', 'input', 'output'] as const) {
    const text = request[field]
    if (text === undefined) continue
    if (CONTROL.test(text.replace(/\r\n/g, '\n')))
      invalid.push({ field, problem: 'must not contain control characters' })
    if (text.length > LIMITS[field])
      invalid.push({ field, problem: `is ${text.length} characters long; at most ${LIMITS[field]} are kept` })
  }
  const slug = request.slug?.trim()
  if (slug !== undefined && (slug === '' || slugify(slug) !== slug || !/[a-z]/.test(slug))) {
    const better = slugify(slug)
    invalid.push({
      field: 'slug',
      problem: `must be lower-case words joined by hyphens${/[a-z]/.test(better) ? `, such as ${better}` : ''}`,
    })
  }
  if (!PROBLEM_TYPES.includes(request.problem_type))
    invalid.push({ field: 'problem_type', problem: `must be one of ${PROBLEM_TYPES.join(', ')}` })
  const lift = request.baseline_lift
  if (lift !== undefined && !(Number.isFinite(lift) && lift >= 0 && lift <= 100))
    invalid.push({
      field: 'baseline_lift',
      problem: 'must be a share of 0 or more: 0.2 asks for 20 % better',
    })
  if (invalid.length > 0)
    throw new Refusal(
      'INPUT_INVALID',
      `The increment was not created: ${invalid.map(({ field, problem }) => `${field} ${problem}`).join('; ')}.`,
      { invalid },
    )
}
