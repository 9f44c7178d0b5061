import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { InstalledCopy } from '../../support/installed-copy.ts'
import { type Case, check, refused } from '../case.ts'
import type { Desk } from '../desk.ts'
import { HONEST } from './scripts.ts'

/** An installed copy of the package whose lab was edited, in the place of the one that the desk calls. */
function installedAndEdited(desk: Desk, change: (text: string) => string): InstalledCopy {
  const copy = new InstalledCopy(join(desk.product.base, `installed-${desk.increment}`))
  const file = copy.lab('metrics/measured.py')
  const text = readFileSync(file, 'utf8')
  if (change(text) === text) throw new Error('the edit of the lab changes nothing')
  writeFileSync(file, change(text))
  return copy
}

/** The program itself, edited where it is installed. */
export const INSTALLED: Case[] = [
  {
    name: 'an edited evaluator',
    kind: 'classification',
    caught: [refused('LAB_CHANGED'), check('evaluator.code', 'fail')],
    async play(desk) {
      const run = await desk.honestRun('model', HONEST)
      await desk.product.close()
      const copy = installedAndEdited(desk, (text) => text.replaceAll('float(value)', '0.999'))
      const call = (tool: string, args: object) =>
        JSON.parse(copy.run(['call', tool, JSON.stringify(args)], desk.product).stdout)
      const { code, message } = call('evaluate_run', { run, split: 'test' })
      if (code) desk.said.refusals.push({ tool: 'evaluate_run', code, message })
      const { checks, verdict } = call('validate_increment', { increment: desk.increment })
      Object.assign(desk.said, { checks, verdict })
    },
  },
]
