import { z } from 'zod'

/** Shapes that several tools' answers share (contracts.md, "Tools"). */

export const NextSteps = z
  .array(
    z.union([
      z.object({ tool: z.string(), arguments: z.record(z.string(), z.unknown()), why: z.string() }),
      z.object({ person: z.string(), why: z.string() }),
    ]),
  )
  .describe('calls that would work now')

export const Metric = z.object({
  name: z.string(),
  split: z.enum(['train', 'validation', 'test', 'folds']).optional(),
  source: z.enum(['measured', 'reported']),
  grade: z.enum(['open', 'sealed']).optional(),
  value: z.union([z.number(), z.string()]),
  ci: z.array(z.number()).optional().describe('95 % interval'),
  repeated: z.string().optional(),
  step: z.number().optional(),
})

export const Metrics = z.array(Metric).describe('measured by the lab first, then reported by the script')

/** Of a call that could not end in time: the work goes on, and the same call answers when it is done. */
export const JOB = {
  job: z.string().optional().describe('set where the work goes on in the background'),
  state: z.string().optional(),
  next: NextSteps.optional(),
}

export const IncrementId = z
  .string()
  .max(300)
  .describe('such as 0042; the active one where left out')
  .optional()
export const WaitS = z.number().min(0).max(40).describe('seconds to wait for the end, at most 40').optional()
