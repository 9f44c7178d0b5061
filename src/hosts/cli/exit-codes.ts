/** What a script can tell from how we ended. */
export const EXIT = { done: 0, refused: 1, usage: 2, defect: 70, interrupted: 130 } as const
