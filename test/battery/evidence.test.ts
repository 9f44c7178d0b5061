import { EVIDENCE } from './cases/evidence.ts'
import { play } from './play.ts'

play('numbers and predictions that no model made', EVIDENCE)
