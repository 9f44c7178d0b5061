import { isAbsolute, relative, resolve } from 'node:path'
import { wordsHere } from './hook-program.ts'
import type { HookInput, HookOutput } from './main.ts'

const PUT_BACK =
  'Put back what stood there; to change a result, change the script and run it again with run_experiment.'

/** What the lab writes, and what it means when somebody else does. */
const WRITTEN_BY_THE_LAB: readonly [pattern: RegExp, meaning: string][] = [
  [
    /^\.specweave\/increments\/[^/]+\/experiments\/[^/]+\/(?:[sft]\d+\/)?(?:evidence|metrics|run)\.json$/,
    `belongs to the record of a run. \`specweave-ml verify\` holds evidence.json, the measured figures in metrics.json and the run.json of a measured run against the ledger; an edit of these is named, and fails it. ${PUT_BACK}`,
  ],
  [
    /^\.specweave\/increments\/[^/]+\/experiments\/[^/]+\//,
    `belongs to the record of a run. \`specweave-ml verify\` does not name an edit of every such file. Parameters and numbers are shown as the events and the evidence say, whatever stands here. ${PUT_BACK}`,
  ],
  [
    /^\.specweave\/ledger\//,
    'is the ledger: one chain of hashes, signed. An edited line breaks it, and `specweave-ml verify` says since when. Put back what stood there.',
  ],
  [
    /^\.specweave\/datasets\//,
    'belongs to a registered version of the data, which is hashed at every use. Put back what stood there; changed data is a new version, made by register_dataset.',
  ],
]

/** A warning where a file of the record was edited by hand. */
export async function editedFile(
  root: string,
  { tool_input: edited }: HookInput,
): Promise<HookOutput | undefined> {
  const path = edited?.file_path ?? edited?.notebook_path
  if (!path) return undefined
  const below = relative(root, isAbsolute(path) ? path : resolve(root, path))
  const meaning = WRITTEN_BY_THE_LAB.find(([pattern]) => pattern.test(below))?.[1]
  if (!meaning) return undefined
  return {
    hookSpecificOutput: {
      hookEventName: 'PostToolUse',
      additionalContext: `SpecWeave ML: ${below} ${wordsHere(meaning)}`,
    },
  }
}
