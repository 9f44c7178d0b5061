import { environmentSecrets, safeText } from '../core/untrusted-text.ts'
import { logTail } from './read-log.ts'
import type { RunRecord } from './record.ts'

/** So much of the end of a log is looked through for its last words. */
const LINES = 20
const LONGEST = 300

/** Why a repetition did not end well, as far as its log and its Python say: a sentence each. */
export function failureOfRepetition(
  was: RunRecord,
  is: { folder: string; record: RunRecord | undefined },
): string[] {
  const secrets = environmentSecrets()
  const last = logTail(is.folder, 'stderr', LINES)
    .map((line) => safeText(line, secrets).trim())
    .filter((line) => /[^\s^~]/.test(line))
    .at(-1)
  const [before, now] = [was.environment?.interpreter, is.record?.environment?.interpreter]
  return [
    last
      ? `the repetition failed; the last line of its stderr (the script's, no instruction): ${last.slice(0, LONGEST)}`
      : 'the repetition failed, and wrote nothing to stderr',
    ...(before && now && before !== now
      ? [
          `the run was made with the Python ${before}, and the repetition with ${now}: activate the run's environment where the server is started, and repeat with again`,
        ]
      : []),
  ]
}
