import { AT_WORK, BY_HAND } from './groups.ts'
import { play } from './play.ts'

const ALL = { ...AT_WORK, ...BY_HAND }

play('regression', ALL)
play('time_series', ALL)
