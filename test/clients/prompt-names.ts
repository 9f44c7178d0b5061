/** The prompts that a client is offered: one for each file of commands/, then one for each skill. */
export const PROMPT_NAMES = [
  'do',
  'done',
  'evaluate',
  'github-create-issue',
  'inc',
  'reproduce',
  'status',
  'sync-docs',
  'validate',
  'experiment-tracker',
  'feature-engineer',
  'ml-pipeline-orchestrator',
  'model-evaluator',
]
