import { BY_HAND } from './groups.ts'
import { play } from './play.ts'

play('classification', BY_HAND)
