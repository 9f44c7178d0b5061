import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Case, check, refused } from '../case.ts'
import type { Desk } from '../desk.ts'

const ledgerOf = (desk: Desk): string => {
  const folder = join(desk.product.root, '.specweave/ledger')
  return join(folder, readdirSync(folder).find((name) => name.endsWith('.jsonl'))!)
}

const withLedger = async (desk: Desk, change: (lines: string[]) => string[]): Promise<void> => {
  desk.edit(ledgerOf(desk), (text) => `${change(text.trim().split('\n')).join('\n')}\n`)
  await desk.validate()
}

/** Changes spec.md of an increment that was looked at, and asks for the verdict. */
const withSpec = async (desk: Desk, change: (text: string) => string): Promise<void> => {
  desk.editSpec(change)
  await desk.validate()
}

/** Records that are changed afterwards, and rules that are bent. */
export const RECORDS: Case[] = [
  {
    name: 'criteria that are lowered after the look',
    kind: 'classification',
    setting: { judged: true },
    caught: [check('criteria.unchanged', 'pending_approval')],
    play: (desk) => withSpec(desk, (text) => text.replace('0.99999', '0.55')),
  },
  {
    name: 'a criterion that is taken away after the look',
    kind: 'classification',
    setting: { judged: true },
    caught: [check('criteria.unchanged', 'pending_approval')],
    play: (desk) => withSpec(desk, (text) => text.replace(/\n[^\n]*recall[^\n]*/, '')),
  },
  {
    name: 'a lift over the baseline that is lowered after the look',
    thorough: true,
    kind: 'regression',
    setting: { judged: true },
    caught: [check('criteria.unchanged', 'pending_approval')],
    play: (desk) => withSpec(desk, (text) => text.replace(/lift: 0\.9/, 'lift: 0.01')),
  },
  {
    name: 'a baseline whose evidence is weakened to be beaten',
    kind: 'classification',
    setting: { judged: true },
    caught: [check('evidence.intact', 'fail')],
    async play(desk) {
      const folder = join(desk.product.folder(desk.run), '..')
      for (const name of readdirSync(folder).filter((one) => one.includes('baseline')))
        desk.edit(join(folder, name, 'evidence.json'), (text) => {
          const evidence = JSON.parse(text)
          for (const split of Object.values(evidence.splits) as { metrics: { value: number }[] }[])
            for (const metric of split.metrics) metric.value = 0.01
          return JSON.stringify(evidence)
        })
      await desk.validate()
    },
  },
  {
    name: 'no baseline at all',
    kind: 'classification',
    setting: { judged: 'bare' },
    caught: [check('baseline.recorded', 'missing')],
    play: (desk) => desk.validate(),
  },
  {
    name: 'criteria that nobody asked for',
    kind: 'classification',
    setting: { judged: 'bare' },
    caught: [check('criteria.confirmed', 'missing')],
    play: (desk) => desk.validate(),
  },
  {
    name: 'a changed line of the ledger',
    kind: 'classification',
    setting: { judged: true },
    caught: [check('ledger.intact', 'fail')],
    play: (desk) =>
      withLedger(desk, (lines) =>
        lines.map((line) => (line.includes('look.taken') ? line.replace('"look":1', '"look":0') : line)),
      ),
  },
  {
    name: 'a look that is taken out of the ledger',
    kind: 'classification',
    setting: { judged: true },
    caught: [check('ledger.intact', 'fail')],
    play: (desk) => withLedger(desk, (lines) => lines.filter((line) => !line.includes('look.taken'))),
  },
  {
    name: 'a ledger that ends before the look',
    kind: 'classification',
    setting: { judged: true },
    caught: [check('ledger.intact', 'fail')],
    play: (desk) => withLedger(desk, (lines) => lines.slice(0, 2)),
  },
  {
    name: 'an approval that is typed into the ledger',
    kind: 'classification',
    setting: { judged: true },
    caught: [check('ledger.intact', 'fail')],
    play: (desk) =>
      withLedger(desk, (lines) => {
        const last = JSON.parse(lines.at(-1)!)
        const forged = { ...last, seq: last.seq + 1, prev: last.hash, event: 'approval.given' }
        forged.data = {
          increment: desk.increment,
          kind: 'waiver',
          check: 'criteria.confirmed',
          reason: 'fine',
          by: 'ann',
          via: 'terminal',
        }
        return [...lines, JSON.stringify(forged)]
      }),
  },
  {
    name: 'closing as passed with nothing but a failed run',
    kind: 'classification',
    caught: [refused('VALIDATION_NOT_PASSED')],
    async play(desk) {
      await desk.attempt('broken', 'raise SystemExit(3)')
      await desk.call('complete_increment', { increment: desk.increment, outcome: 'passed' })
    },
  },
]
