/** What a script can tell from how we ended; the reference page is made from this. */
export const EXIT_CODES = {
  done: { code: 0, meaning: 'done' },
  refused: { code: 1, meaning: 'refused, or carried out with an answer that is a no (below)' },
  usage: { code: 2, meaning: 'the command line cannot be read' },
  defect: { code: 70, meaning: 'a defect of specweave-ml, with the place of its log' },
  interrupted: { code: 130, meaning: 'interrupted' },
} as const

export const EXIT = {
  done: EXIT_CODES.done.code,
  refused: EXIT_CODES.refused.code,
  usage: EXIT_CODES.usage.code,
  defect: EXIT_CODES.defect.code,
  interrupted: EXIT_CODES.interrupted.code,
} as const
