// node hold-lock.mjs better-sqlite3|node:sqlite FILE MS: takes the write lock of a database, says so, writes a row and
// lets go after that time. It speaks to the library itself, not to the driver under test.
import { createRequire } from 'node:module'

const [, , name, file, ms] = process.argv
const require = createRequire(import.meta.url)
const Database = name === 'node:sqlite' ? require(name).DatabaseSync : require(name)
const database = new Database(file)
database.exec("PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE; INSERT INTO t (v) VALUES ('theirs')")
console.log('locked')
setTimeout(() => {
  database.exec('COMMIT')
  database.close()
}, Number(ms))
