import { CHOOSING } from './cases/choosing.ts'
import { play } from './play.ts'

play('choosing by luck', CHOOSING)
