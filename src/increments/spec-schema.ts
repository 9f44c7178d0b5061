import { z } from 'zod'
import { DATASET_ID, parseRunId } from '../core/ids.ts'
import { SPLITS } from '../core/measurement.ts'
import { PROBLEM_TYPES } from '../core/problem-types.ts'
import { criterionProblem, familyProblem } from './criterion-check.ts'

/**
 * What `ml.requires` may ask for: words for what today's tools can prove. It grows with the tools.
 */
export const REQUIREMENTS = {
  baseline: 'every baseline of the problem type was run on the same splits (run_baselines)',
} as const
export type Requirement = keyof typeof REQUIREMENTS

const REQUIREMENT_NAMES = Object.keys(REQUIREMENTS) as [Requirement, ...Requirement[]]

export const CriterionSchema = z
  .strictObject({
    metric: z.string().min(1),
    op: z.enum(['>', '>=', '<', '<=']),
    value: z.number(),
    split: z.enum(SPLITS as [string, ...string[]] as ['train', 'validation', 'test', 'folds']).optional(),
    proposed: z.boolean().optional(),
  })
  .superRefine((criterion, context) => {
    const problem = criterionProblem(criterion)
    if (problem) context.addIssue({ code: 'custom', message: problem, path: ['value'] })
  })

/** YAML reads `2026` as a number and `no` as a word: both are meant as text. A list or a map is not. */
const scalar = z.union([z.string(), z.number(), z.boolean(), z.date()]).transform(String)

const MlShape = z.strictObject({
  problem: z.strictObject({
    type: z.enum(PROBLEM_TYPES),
    input: z.string().default(''),
    output: z.string().default(''),
  }),
  dataset: z
    .string()
    .regex(DATASET_ID, 'must be a registered dataset such as churn@1, or null')
    .nullable()
    .default(null),
  candidate: z
    .string()
    .refine((run) => parseRunId(run) !== undefined, 'must be a run such as 0042/exp-003-xgboost, or null')
    .nullable()
    .default(null),
  success: z.array(CriterionSchema).min(1, 'needs at least one criterion'),
  baseline: z
    .strictObject({
      metric: z.string().min(1),
      lift: z.number().nonnegative().default(0.2),
      over: z.string().min(1).default('best'),
    })
    .nullable()
    .default(null),
  looks: z.number().int().positive().max(1000).default(3),
  requires: z
    .array(
      z.enum(REQUIREMENT_NAMES, {
        error: (issue) =>
          `"${String(issue.input)}" is not a word that this version can prove; it knows ${REQUIREMENT_NAMES.join(', ')}`,
      }),
    )
    .default([]),
  sign_off: z
    .strictObject({ by: z.string().nullable().default(null), at: scalar.nullable().default(null) })
    .prefault({}),
})

/** What an issue of zod carries whose refusal has another code than SPEC_INVALID. */
export const OF_CRITERION = { code: 'CRITERION_INVALID' } as const

/** The `ml` block of the front matter; an unknown key is an error, so that a slip of the keyboard is never ignored. Its criteria fit the problem. */
export const MlSchema = MlShape.superRefine(({ problem, success }, context) => {
  for (const [i, { metric }] of success.entries()) {
    const message = familyProblem(metric, problem.type)
    if (message)
      context.addIssue({ code: 'custom', message, path: ['success', i, 'metric'], params: OF_CRITERION })
  }
})

/** Keys outside `ml` are the SpecWeave engine's; it may add its own, which we keep. */
export const FrontMatterSchema = z.looseObject({
  increment: z.string().min(1),
  title: scalar.pipe(z.string().min(1)),
  type: z.string().default('feature'),
  priority: z.string().default('P1'),
  status: z.string().default('active'),
  created: scalar.optional(),
  ml: MlSchema,
})
export type FrontMatter = z.output<typeof FrontMatterSchema>
