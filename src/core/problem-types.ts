export const PROBLEM_TYPES = ['classification', 'regression', 'time_series', 'recommendation'] as const
export type ProblemType = (typeof PROBLEM_TYPES)[number]
