import { HONEST_WORK } from './cases/honest.ts'
import { play } from './play.ts'

play('honest work', HONEST_WORK)
