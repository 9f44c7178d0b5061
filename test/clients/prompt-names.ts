/** The prompts that a client is offered: one for each file of commands/. */
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
]
