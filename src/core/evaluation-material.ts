/** What the lab makes for a report on an evaluation, beside the numbers of evidence.json. Field names are the lab's. */
export interface EvaluationMaterial {
  figures: ReportFigure[]
  /** Columns that the rows can be sliced by. */
  columns?: string[]
  slices?: { metric: string; ranked: number; slices: ReportSlice[] }
  /** Classes that are taken for each other. */
  pairs?: { true: string; predicted: string; rows: number; share: number }[]
  /** The rows that are most wrong, as they stand in the split's file: text of others. */
  worst?: { columns: string[]; rows: string[][]; left_out: string[] }
  /** Bins of equal count by predicted probability. */
  calibration?: { rows: number; predicted: number; observed: number; ci: [number, number] }[]
  /** Forecast errors by steps ahead: `first`, `last`, `rows` and metrics by name. */
  horizons?: Record<string, number>[]
  users?: { metric: string; users: number; without_hit: number; quartiles: number[] }
}

export interface ReportFigure {
  kind: FigureKind
  /** File name in `reports/figures/`. */
  file: string
  title: string
}

/** One part of the rows: a category or a quarter of a column. */
export interface ReportSlice {
  column: string
  part: string
  rows: number
  /** Not where there are fewer than 30 rows, all of them, or no value. */
  ranked: boolean
  value?: number
  ci?: [number, number] | null
  /** Of the part against all other rows, by Holm over all parts that are ranked. */
  p_adjusted?: number
  differs?: 'worse' | 'better' | 'not_shown'
}

export const FIGURE_KINDS = [
  'slices',
  'confusion',
  'curves',
  'calibration',
  'residuals',
  'forecast',
  'horizon',
  'users',
  'learning',
] as const
export type FigureKind = (typeof FIGURE_KINDS)[number]
