import { CHOOSING } from './cases/choosing.ts'
import { DATA } from './cases/data.ts'
import { EVIDENCE } from './cases/evidence.ts'
import { HONEST_WORK } from './cases/honest.ts'
import { INSTALLED } from './cases/installed.ts'
import { READING } from './cases/reading.ts'
import { RECORDS } from './cases/records.ts'
import type { Groups } from './play.ts'

/** What is made up or changed by hand; several cases share an increment that was looked at. */
export const BY_HAND: Groups = {
  'numbers and predictions that no model made': EVIDENCE,
  'records that are changed, and rules that are bent': RECORDS,
}

/** What is done with data and models. */
export const AT_WORK: Groups = {
  'honest work': HONEST_WORK,
  'data that hold the answer': DATA,
  'scripts that read what they must not': READING,
  'tries and looks': CHOOSING,
  'a program that was edited where it is installed': INSTALLED,
}
