import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isDamage } from '../../src/store/index-trouble.ts'
import type { OpenOptions, SqliteDriver } from '../../src/store/sqlite/driver.ts'

type Opener = (file: string, options: OpenOptions) => SqliteDriver

/** What the index needs of SQLite, said once for every driver. */
export function driverSuite(name: SqliteDriver['name'], load: () => Opener): void {
  describe(name, () => {
    let folder: string
    let file: string
    let driver: SqliteDriver

    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'specweave-driver-'))
      file = join(folder, 'index.db')
      driver = load()(file, { busyTimeoutMs: 5000 })
      driver.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (id INTEGER PRIMARY KEY, v)')
    })

    afterEach(() => {
      driver.close()
      rmSync(folder, { recursive: true, force: true })
    })

    const stored = (
      value: Parameters<SqliteDriver['all']>[1] extends readonly (infer V)[] | undefined ? V : 0,
    ) => {
      driver.run('INSERT INTO t (v) VALUES (?)', [value])
      return driver.get('SELECT v FROM t ORDER BY id DESC LIMIT 1')?.v
    }

    it('says what is damage where the log was overwritten under it', () => {
      for (let row = 0; row < 300; row++) driver.run('INSERT INTO t (v) VALUES (?)', ['x'.repeat(500)])
      writeFileSync(`${file}-wal`, 'this is no log. '.repeat(1000))
      const other = load()(file, { busyTimeoutMs: 5000 })
      try {
        expect.assertions(1)
        other.all('SELECT count(*) FROM t')
      } catch (cause) {
        expect(isDamage(cause)).toBe(true)
      } finally {
        other.close()
      }
    })

    it('says its name', () => {
      expect(driver.name).toBe(name)
    })

    it.each([
      ['a text', 'text'],
      ['a text with quotes, newlines and other scripts', `'"\n\t; ñ 漢字 🧪`],
      ['an empty text', ''],
      ['zero', 0],
      ['a negative integer', -42],
      ['the largest safe integer', Number.MAX_SAFE_INTEGER],
      ['the smallest safe integer', Number.MIN_SAFE_INTEGER],
      ['a fraction', 0.1],
      ['a tiny fraction', Number.MIN_VALUE],
      ['a huge number', Number.MAX_VALUE],
      ['infinity', Number.POSITIVE_INFINITY],
      ['null', null],
    ])('gives back %s as it was', (_, value) => {
      expect(stored(value)).toBe(value)
    })

    it('keeps a number of a text a text, and an integer an integer', () => {
      stored('12')
      expect(driver.get('SELECT typeof(v) AS type FROM t')).toEqual({ type: 'text' })
      driver.run('DELETE FROM t')
      stored(12n)
      expect(driver.get('SELECT v, typeof(v) AS type FROM t')).toEqual({ v: 12, type: 'integer' })
    })

    it('takes integers beyond a double exactly', () => {
      const beyond = 2n ** 62n + 1n
      driver.run('INSERT INTO t (v) VALUES (?)', [beyond])
      expect(driver.get('SELECT CAST(v AS TEXT) AS text FROM t')).toEqual({ text: String(beyond) })
    })

    it('reads an integer beyond a double as the nearest, beside what else the row holds', () => {
      driver.exec('CREATE TABLE seeds (run TEXT, seed INTEGER)')
      driver.run('INSERT INTO seeds VALUES (?, ?)', ['a', 2 ** 60])
      driver.run('INSERT INTO seeds VALUES (?, ?)', ['b', 7])
      expect(driver.all('SELECT * FROM seeds ORDER BY run')).toEqual([
        { run: 'a', seed: 2 ** 60 },
        { run: 'b', seed: 7 },
      ])
      const sql = 'SELECT seed FROM seeds WHERE run = ?'
      for (const [run, seed] of [
        ['a', 2 ** 60],
        ['b', 7],
      ] as const)
        expect(driver.get(sql, [run])).toEqual({ seed })
    })

    it('stores NaN as null: SQLite has none', () => {
      expect(stored(Number.NaN)).toBeNull()
    })

    it('gives back bytes as bytes, also where a view shows a part of a buffer', () => {
      const all = Uint8Array.from({ length: 300 }, (_, i) => i % 256)
      const part = all.subarray(10, 20)
      for (const bytes of [all, part, new Uint8Array(0)]) {
        const read = stored(bytes)
        expect(read).toBeInstanceOf(Uint8Array)
        expect([...(read as Uint8Array)]).toEqual([...bytes])
      }
      const points = Float64Array.from([0.1, -0, Number.NaN])
      const packed = stored(new Uint8Array(points.buffer)) as Uint8Array
      const unpacked = new Float64Array(packed.slice().buffer)
      expect([...unpacked].map((v) => Object.is(v, -0) || v)).toEqual([0.1, true, Number.NaN])
    })

    it('gives plain objects, in the order of the query', () => {
      for (const v of ['b', 'a', 'c']) driver.run('INSERT INTO t (v) VALUES (?)', [v])
      const rows = driver.all('SELECT v, id FROM t ORDER BY v')
      expect(rows).toStrictEqual([
        { v: 'a', id: 2 },
        { v: 'b', id: 1 },
        { v: 'c', id: 3 },
      ])
      expect(driver.all('SELECT v FROM t WHERE id > ?', [99])).toEqual([])
      expect(driver.get('SELECT v FROM t WHERE id > ?', [99])).toBeUndefined()
    })

    it('counts the rows that a statement changed', () => {
      for (const v of [1, 2, 3]) driver.run('INSERT INTO t (v) VALUES (?)', [v])
      expect(driver.run('UPDATE t SET v = v + 1 WHERE v > ?', [1])).toBe(2)
      expect(driver.run('DELETE FROM t WHERE v = ?', [99])).toBe(0)
      expect(driver.run('DELETE FROM t')).toBe(3)
    })

    it('uses a statement again with other values, also after the table has grown a column', () => {
      const sql = 'SELECT * FROM t WHERE id = ?'
      stored('x')
      expect(driver.get(sql, [1])).toEqual({ id: 1, v: 'x' })
      expect(driver.get(sql, [2])).toBeUndefined()
      driver.exec('ALTER TABLE t ADD COLUMN w TEXT')
      expect(driver.get(sql, [1])).toEqual({ id: 1, v: 'x', w: null })
      for (let i = 0; i < 3; i++) expect(driver.all(sql, [1])).toHaveLength(1)
    })

    it('throws on wrong SQL, on a broken constraint and on too few values, and goes on', () => {
      expect(() => driver.all('SELEC 1')).toThrow(/syntax/)
      expect(() => driver.exec('CREATE TABLE t (id)')).toThrow(/already exists/)
      driver.run('INSERT INTO t (id) VALUES (?)', [7])
      expect(() => driver.run('INSERT INTO t (id) VALUES (?)', [7])).toThrow(/UNIQUE|PRIMARY KEY/)
      expect(driver.get('SELECT count(*) AS n FROM t')).toEqual({ n: 1 })
    })

    it('commits a transaction and gives its result', () => {
      const result = driver.transaction(() => {
        stored('kept')
        return 'done'
      })
      expect(result).toBe('done')
      expect(driver.get('SELECT v FROM t')).toEqual({ v: 'kept' })
    })

    it('rolls a transaction back when its work throws, and can begin another', () => {
      const fail = () =>
        driver.transaction(() => {
          stored('lost')
          throw new Error('in the middle')
        })
      expect(fail).toThrow('in the middle')
      expect(driver.all('SELECT * FROM t')).toEqual([])
      driver.transaction(() => stored('kept'))
      expect(driver.all('SELECT v FROM t')).toEqual([{ v: 'kept' }])
    })

    it('refuses a transaction in a transaction, and nothing of either stays', () => {
      const nested = () =>
        driver.transaction(() => {
          stored('outer')
          driver.transaction(() => stored('inner'))
        })
      expect(nested).toThrow(/transaction/)
      expect(driver.all('SELECT * FROM t')).toEqual([])
      driver.transaction(() => stored('kept'))
      expect(driver.all('SELECT v FROM t')).toEqual([{ v: 'kept' }])
    })

    it("throws the work's own error where SQLite has ended the transaction already", () => {
      const fail = () =>
        driver.transaction(() => {
          driver.exec('ROLLBACK')
          throw new Error('the true reason')
        })
      expect(fail).toThrow('the true reason')
      driver.transaction(() => stored('kept'))
    })

    it('writes ahead, so that a reader sees what was there before an open transaction', () => {
      expect(driver.get('PRAGMA journal_mode')).toEqual({ journal_mode: 'wal' })
      const reader = load()(file, { busyTimeoutMs: 0 })
      driver.transaction(() => {
        stored('new')
        expect(reader.all('SELECT * FROM t')).toEqual([])
      })
      expect(reader.all('SELECT v FROM t')).toEqual([{ v: 'new' }])
      expect(existsSync(`${file}-wal`)).toBe(true)
      reader.close()
    })

    it('gives up on a lock at once where it is told to', () => {
      const hasty = load()(file, { busyTimeoutMs: 0 })
      driver.transaction(() => {
        expect(() => hasty.transaction(() => undefined)).toThrow(/locked|busy/i)
      })
      hasty.transaction(() => undefined)
      hasty.close()
    })

    it('waits for the lock of another process', async () => {
      const child = spawn(
        process.execPath,
        [...process.execArgv.filter((flag) => flag.includes('strip-types')), LOCK_HOLDER, name, file, '600'],
        { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NODE_NO_WARNINGS: '1' } },
      )
      await once(child.stdout, 'data')
      const began = Date.now()
      driver.transaction(() => driver.run('INSERT INTO t (v) VALUES (?)', ['mine']))
      // It held the lock when it spoke, and let go after 600 ms; how late that is seen depends on the machine.
      expect(Date.now() - began).toBeGreaterThan(200)
      if (child.exitCode === null) await once(child, 'exit')
      expect(child.exitCode).toBe(0)
      expect(driver.all('SELECT v FROM t ORDER BY id')).toEqual([{ v: 'theirs' }, { v: 'mine' }])
    })

    it('answers nothing after it was closed', () => {
      const other = load()(join(folder, 'other.db'), { busyTimeoutMs: 0 })
      other.close()
      expect(() => other.all('SELECT 1')).toThrow(/not open|closed/)
    })
  })
}

const LOCK_HOLDER = join(import.meta.dirname, 'hold-lock.mjs')
