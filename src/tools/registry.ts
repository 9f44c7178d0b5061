import { compareRuns } from './compare-runs.ts'
import { completeIncrement } from './complete-increment.ts'
import { createIncrementTool } from './create-increment.ts'
import { createIssueTool } from './create-issue.ts'
import { evaluateRun } from './evaluate-run.ts'
import { getIncrement } from './get-increment.ts'
import { getRun } from './get-run.ts'
import { listRunsTool } from './list-runs.ts'
import { recordInsight } from './record-insight.ts'
import { registerDatasetTool } from './register-dataset.ts'
import { reproduceRun } from './reproduce-run.ts'
import { runBaselines } from './run-baselines.ts'
import { runExperiment } from './run-experiment.ts'
import { stopRun } from './stop-run.ts'
import { syncDocsTool } from './sync-docs.ts'
import type { AnyTool } from './tool.ts'
import { validateIncrement } from './validate-increment.ts'

/**
 * Every tool, in the order of the loop. A tool's file is named as the tool and is cheap to import: what is heavy is
 * loaded inside its handler.
 */
export const tools: readonly AnyTool[] = [
  createIncrementTool,
  getIncrement,
  registerDatasetTool,
  runBaselines,
  runExperiment,
  getRun,
  listRunsTool,
  stopRun,
  compareRuns,
  evaluateRun,
  reproduceRun,
  validateIncrement,
  completeIncrement,
  syncDocsTool,
  recordInsight,
  createIssueTool,
]
