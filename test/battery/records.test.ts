import { RECORDS } from './cases/records.ts'
import { play } from './play.ts'

play('records and rules that are bent', RECORDS)
