import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bearingOn } from '../../src/memory/bearing.ts'
import { searchMemory, similarTo } from '../../src/memory/search.ts'
import { takeUpMemory } from '../../src/memory/take-up.ts'
import type { Index } from '../../src/store/index-db.ts'
import { layoutOf } from '../../src/store/layout.ts'
import { migrate } from '../../src/store/migrations.ts'
import type { OpenOptions, SqliteDriver } from '../../src/store/sqlite/driver.ts'

/** The memory needs FTS5 of SQLite, and the same answers of every driver. */
export function memorySuite(
  name: SqliteDriver['name'],
  load: () => (file: string, options: OpenOptions) => SqliteDriver,
): void {
  describe(`${name}: the memory`, () => {
    let root: string
    let index: Index

    beforeEach(() => {
      root = mkdtempSync(join(tmpdir(), 'specweave-memory-'))
      mkdirSync(join(root, '.specweave/insights'), { recursive: true })
      index = openMemory()
    })

    afterEach(() => {
      index.driver.close()
      rmSync(root, { recursive: true, force: true })
    })

    function openMemory(): Index {
      const driver = load()(':memory:', { busyTimeoutMs: 0 })
      migrate(driver)
      return { driver, transaction: (work: () => unknown) => driver.transaction(work) } as Index
    }

    const keep = (name: string, text: string) =>
      writeFileSync(join(root, '.specweave/insights', `${name}.md`), text)
    const takeUp = (into = index) => takeUpMemory(layoutOf(root), into, [], 10_000)
    const found = (text: string, into = index) => searchMemory(into, text, 10).map((entry) => entry.text)

    function addRun(run: string, row: Record<string, string | null> = {}): void {
      const [increment = ''] = run.split('/')
      const values = {
        run,
        increment,
        name: run.slice(increment.length + 1),
        folder: `/nowhere/${run}`,
        state: 'succeeded',
        reason: null,
        created: '2026-11-20T08:00:00.000Z',
        ended: '2026-11-20T09:00:00.000Z',
        made_by: 'lab',
        request: '',
        record: JSON.stringify({ command: ['python', 'a.py'], cwd: '.', params: {} }),
        ...row,
      }
      const names = Object.keys(values)
      index.driver.run(
        `INSERT OR REPLACE INTO runs (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`,
        Object.values(values),
      )
    }

    it('finds insights by any of their words, in other forms, with or without accents, the best first', () => {
      keep('z', 'The net diverges where the learning rate is high')
      keep('b', 'Größere Raten helfen nicht')
      keep('c', '---\ntags: [tenure, leakage]\n---\nThe rate of calls is known only afterwards')
      takeUp()
      expect(found('diverged rates')).toEqual([
        'The net diverges where the learning rate is high',
        'The rate of calls is known only afterwards',
      ])
      expect(found('grossere GROSSE größere')).toEqual(['Größere Raten helfen nicht'])
      expect(found('Leakage')).toEqual(['The rate of calls is known only afterwards'])
      expect(found('nothing of the kind')).toEqual([])
    })

    it('takes any text as a search', () => {
      keep('a', 'x')
      takeUp()
      for (const text of [
        '"',
        '""',
        'a"b',
        '(',
        'NOT',
        'a AND',
        'text:x',
        '-x',
        'x*',
        '^x',
        '{a b}: x',
        '\0x',
        '\ud800',
        "'; --",
      ])
        expect(() => found(text), text).not.toThrow()
      expect(found('tags:x')).toEqual([])
      expect(found('^x')).toEqual(['x'])
    })

    it('follows the files: what is edited, added or removed', () => {
      keep('a', 'alpha')
      takeUp()
      expect(found('alpha')).toEqual(['alpha'])
      keep('a', 'beta')
      keep('b', 'gamma')
      takeUp()
      expect([found('alpha'), found('beta'), found('gamma')]).toEqual([[], ['beta'], ['gamma']])
      rmSync(join(root, '.specweave/insights/a.md'))
      takeUp()
      expect([found('beta'), found('gamma')]).toEqual([[], ['gamma']])
    })

    it('looks again at a file that may have changed within one tick of its clock', () => {
      const tick = new Date(Date.now() + 60_000)
      for (const text of ['alpha', 'omega']) {
        keep('a', text)
        utimesSync(join(root, '.specweave/insights/a.md'), tick, tick)
        takeUp()
        expect(found('alpha omega')).toEqual([text])
      }
    })

    it('follows the runs: notes that come, go and are written anew, and reasons', () => {
      const note = (text: string) =>
        index.driver.run('INSERT OR REPLACE INTO notes (run, writer, line, t, text) VALUES (?, ?, ?, ?, ?)', [
          '0001/exp-001-a',
          'w',
          1,
          10,
          text,
        ])
      addRun('0001/exp-001-a')
      note('FAILED: alpha')
      takeUp()
      expect(found('alpha')).toEqual(['FAILED: alpha'])
      note('FAILED: beta')
      addRun('0001/exp-002-b', { state: 'failed', reason: 'exit code 1: KeyError: gamma' })
      addRun('0001/exp-003-c', { state: 'failed', reason: 'delta', aside: 'control' })
      takeUp()
      expect([found('alpha'), found('beta'), found('gamma'), found('delta')]).toEqual([
        [],
        ['FAILED: beta'],
        ['failed: exit code 1: KeyError: gamma'],
        [],
      ])
      index.driver.run('DELETE FROM notes')
      index.driver.run("DELETE FROM runs WHERE name = 'exp-002-b'")
      takeUp()
      expect([found('beta'), found('gamma')]).toEqual([[], []])
    })

    it('goes on where a call had no time for all runs', () => {
      for (let i = 0; i < 5; i++) addRun(`0001/exp-00${i}-a`, { state: 'failed', reason: `epsilon ${i}` })
      expect(takeUpMemory(layoutOf(root), index, [], -1)).toBe(5)
      expect(found('epsilon')).toEqual([])
      expect(takeUp()).toBe(0)
      expect(found('epsilon')).toHaveLength(5)
    })

    it('answers the same from an index that was filled in another order', () => {
      for (const [name, text] of [
        ['c', 'rate of loss'],
        ['a', 'rate rate of calls'],
        ['b', 'loss of rate'],
      ] as const) {
        keep(name, text)
        takeUp()
      }
      keep('a', 'rate of calls')
      takeUp()
      const fresh = openMemory()
      takeUp(fresh)
      expect(found('rate loss', fresh)).toEqual(found('rate loss'))
      expect(found('rate loss')).toHaveLength(3)
      fresh.driver.close()
    })

    it('says the same words of one increment once', () => {
      keep('a', '---\nincrement: "0001"\n---\nScale the features')
      keep('b', '---\nincrement: "0001"\nruns: [0001/exp-001-a]\n---\nScale the features')
      keep('c', '---\nincrement: "0001"\n---\nScale the features: nothing else helps')
      keep('d', '---\nincrement: "0002"\n---\nScale the features, please')
      takeUp()
      expect(found('scale features')).toHaveLength(2)
      expect(
        similarTo(index, 'please scale all features', 5, '')
          .map(({ increment }) => increment)
          .sort(),
      ).toEqual(['0001', '0002'])
      expect(similarTo(index, 'scale the prices', 5, '')).toEqual([])
    })

    it('knows what bears on new work, and is silent where nothing does', () => {
      const about = (increment: string, title: string, dataset: string | null, type: string) =>
        index.driver.run('INSERT INTO memory_increments VALUES (?, ?, ?, ?)', [
          increment,
          title,
          dataset,
          type,
        ])
      about('0001', 'Build a churn model', 'telco', 'classification')
      about('0002', 'House prices', 'houses', 'regression')
      about('0003', 'Churn of shops by tenure', null, 'regression')
      keep('a', '---\nincrement: "0001"\n---\nNight minutes say nothing')
      keep('b', '---\nincrement: "0002"\n---\nLog the target')
      keep('c', '---\nincrement: "0003"\n---\nTenure tells churn')
      keep('d', '---\ntags: [churn]\n---\nMind the contract dates')
      takeUp()
      const bears = (work: Parameters<typeof bearingOn>[1]) =>
        bearingOn(index, work, 3).map(({ text, why }) => `${text}: ${why}`)
      expect(bears({ title: 'churned customers', problemType: 'classification' })).toEqual([
        'Night minutes say nothing: same problem type, about churn',
        'Mind the contract dates: about churn',
      ])
      expect(bears({ title: 'anything', dataset: 'houses', problemType: 'classification' })).toEqual([
        'Log the target: same data (houses)',
      ])
      expect(bears({ title: 'a new model', dataset: 'faces', problemType: 'regression' })).toEqual([])
      expect(bears({ increment: '0002', title: 'House prices', problemType: 'regression' })).toEqual([
        'Log the target: recorded in this increment',
      ])
    })
  })
}
