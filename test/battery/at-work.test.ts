import { AT_WORK } from './groups.ts'
import { play } from './play.ts'

play('classification', AT_WORK)
