import { DATA } from './cases/data.ts'
import { play } from './play.ts'

play('data that hold the answer', DATA)
