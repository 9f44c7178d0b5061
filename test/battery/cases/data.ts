import { type Case, check, refused, warned } from '../case.ts'
import type { Desk } from '../desk.ts'
import { HONEST } from './scripts.ts'

/** Rewrites the source as rows of fields: the battery's own data has no quotes. */
function rewrite(desk: Desk, change: (rows: string[][]) => string[][]): string {
  const rows = desk.product
    .read('data.csv')
    .trim()
    .split('\n')
    .map((line) => line.split(','))
  const file = `source-${desk.increment}.csv`
  desk.product.write(
    file,
    `${change(rows)
      .map((row) => row.join(','))
      .join('\n')}\n`,
  )
  return file
}

const column = (desk: Desk, rows: string[][]) => rows[0]!.indexOf(desk.world.target)

/** Registers a source of the case's own, and asks for the verdict: what is wrong with data needs no model. */
async function registered(desk: Desk, source: string): Promise<void> {
  await desk.register({ name: `rows-${desk.increment}`, source })
  await desk.validate()
}

/** Registers a series with a column that is made from all its values. */
async function shifted(desk: Desk, make: (values: number[], i: number) => number): Promise<void> {
  const source = rewrite(desk, ([header = [], ...rows]) => {
    const values = rows.map((row) => Number(row[header.indexOf(desk.world.target)]))
    return [[...header, 'sofu'], ...rows.map((row, i) => [...row, String(make(values, i))])]
  })
  await registered(desk, source)
}

/** Data that hold the answer. */
export const DATA: Case[] = [
  {
    name: 'a column derived from the target',
    kind: 'classification',
    setting: { register: false },
    caught: [check('data.leakage', 'fail'), warned(/alone predicts|in other words/)],
    async play(desk) {
      const source = rewrite(desk, ([header = [], ...rows]) => {
        const target = header.indexOf(desk.world.target)
        return [
          [...header, 'sofu'],
          ...rows.map((row) => [...row, row[target] === desk.world.positive ? 'k3' : 'k9']),
        ]
      })
      await registered(desk, source)
    },
  },
  {
    name: 'a noisy column derived from the target',
    kind: 'regression',
    setting: { register: false },
    caught: [check('data.leakage', 'fail'), warned(/alone predicts|in other words/)],
    async play(desk) {
      const source = rewrite(desk, ([header = [], ...rows]) => {
        const target = header.indexOf(desk.world.target)
        return [
          [...header, 'sofu'],
          ...rows.map((row, i) => [...row, String(Number(row[target]) * 1.1 + ((i * 7) % 5))]),
        ]
      })
      await registered(desk, source)
    },
  },
  {
    name: 'a column that is only filled in for one outcome',
    thorough: true,
    kind: 'classification',
    setting: { register: false },
    caught: [check('data.leakage', 'fail'), warned(/is missing/)],
    async play(desk) {
      const source = rewrite(desk, ([header = [], ...rows]) => {
        const target = header.indexOf(desk.world.target)
        return [
          [...header, 'sofu'],
          ...rows.map((row, i) => [...row, row[target] === desk.world.positive ? String(i % 13) : '']),
        ]
      })
      await registered(desk, source)
    },
  },
  {
    name: 'rows that stand twice under different ids',
    kind: 'classification',
    setting: { register: false },
    caught: [check('data.leakage', 'fail'), warned(/stand in train/)],
    async play(desk) {
      const source = rewrite(desk, ([header = [], ...rows]) => [
        header,
        ...rows,
        ...rows.slice(0, rows.length / 2).map(([id, ...rest]) => [`z${id}`, ...rest]),
      ])
      await registered(desk, source)
    },
  },
  {
    name: 'rows of the same customers in train and test',
    thorough: true,
    kind: 'classification',
    setting: { register: false },
    caught: [warned(/split by group|group_column/)],
    async play(desk) {
      const source = rewrite(desk, ([header = [], ...rows]) => [
        [...header, 'customer_id'],
        ...rows.map((row, i) => [...row, `c${i % Math.floor(rows.length / 6)}`]),
      ])
      await registered(desk, source)
    },
  },
  {
    name: 'a series that is split at random, as if it was none',
    kind: 'time_series',
    setting: { register: false, criteria: ['mae <= 100'] },
    caught: [warned(/were dealt to the splits at random/)],
    async play(desk) {
      const name = `rows-${desk.increment}`
      await desk.register({ name, problem_type: 'regression', split: { method: 'random' } })
      await desk.validate()
    },
  },
  {
    name: 'tomorrow’s value in a feature',
    kind: 'time_series',
    setting: { register: false },
    caught: [check('data.leakage', 'fail'), warned(/looks into the future/)],
    play: (desk) => shifted(desk, (values, i) => values[i + 1] ?? values[i]!),
  },
  {
    name: 'an edited validation split',
    kind: 'classification',
    setting: { register: false },
    caught: [check('dataset.registered', 'fail'), refused('DATASET_INVALID')],
    async play(desk) {
      const source = rewrite(desk, (rows) => rows)
      const answer = await desk.register({ name: `rows-${desk.increment}`, source })
      const file = `.specweave/datasets/${String(answer.dataset).replace('@', '/v')}/validation.csv`
      desk.edit(file, (text) => {
        const rows = text.trim().split('\n')
        const [header] = rows
        const target = column(desk, [header!.split(',')])
        return `${rows.map((row, i) => (i > 0 && i < 50 ? row.split(',').with(target, desk.world.positive!).join(',') : row)).join('\n')}\n`
      })
      const run = await desk.attempt('model', HONEST)
      if (run) await desk.judge(run.run)
    },
  },
  {
    name: 'a lag that is shifted the wrong way, a week',
    thorough: true,
    kind: 'time_series',
    setting: { register: false },
    caught: [check('data.leakage', 'fail'), warned(/looks into the future/)],
    async play(desk) {
      await shifted(desk, (values, i) => values[i + 7] ?? values[i]!)
    },
  },
  {
    name: 'a moving average that is centred on the day itself',
    thorough: true,
    kind: 'time_series',
    setting: { register: false },
    caught: [check('data.leakage', 'fail'), warned(/looks into the future/)],
    async play(desk) {
      await shifted(desk, (values, i) => {
        const around = values.slice(Math.max(0, i - 3), i + 4)
        return around.reduce((sum, value) => sum + value, 0) / around.length
      })
    },
  },
  {
    name: 'rows that are hard are dropped, and the data is registered again under its name',
    thorough: true,
    kind: 'classification',
    setting: { register: false },
    caught: [warned(/registered after this increment.s first look/)],
    async play(desk) {
      const name = `rows-${desk.increment}`
      await desk.register({ name })
      const first = await desk.honestRun('model', HONEST)
      await desk.look(first)
      const source = rewrite(desk, ([header = [], ...rows]) => [
        header,
        ...rows.filter((row, i) => i % 3 > 0 || row[column(desk, [header])] !== desk.world.positive),
      ])
      await desk.register({ name, source })
      const second = await desk.honestRun('easier', HONEST)
      await desk.look(second)
      desk.editSpec((text) => text.replace(/candidate: .*/, `candidate: ${second}`))
      await desk.validate()
    },
  },
]
