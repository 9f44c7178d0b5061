import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { resolveIncrement } from '../../src/increments/load.ts'
import { openWorkspace } from '../../src/store/workspace.ts'
import { recordApproval } from '../../src/tools/approvals/approvals.ts'
import { Product } from './product.ts'

const PROPOSED = 'proposed at creation (roc_auc >= 0.75 on test, f1 >= 0.5 on test)'

interface Validated {
  verdict: string
  checks: { id: string; status: string; message: string; next?: { person: string } }[]
  next: { tool?: string; person?: string }[]
}

let product: Product
beforeEach(() => {
  product = new Product('id: proposed\n')
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await product.dispose()
})

const created = (title: string, args: object = {}) =>
  product.call('create_increment', { title, problem_type: 'classification', ...args })
const unmark = (folder: string) => {
  const spec = `.specweave/increments/${folder}/spec.md`
  expect(product.read(spec)).toContain(', proposed: true')
  product.write(spec, product.read(spec).replaceAll(', proposed: true', ''))
}
const confirmed = async (increment: string) => {
  const answer = await product.call<Validated>('validate_increment', { increment })
  const check = answer.checks.find(({ id }) => id === 'criteria.confirmed')!
  return { ...check, offered: answer.next.map(({ person }) => person).filter(Boolean) }
}
const approve = async (id: string) => {
  vi.stubEnv('SPECWEAVE_STATE_DIR', product.state)
  const workspace = openWorkspace(product.root)
  await recordApproval(workspace, resolveIncrement(workspace, id), { kind: 'criteria' }, 'terminal')
}
const ended = async (increment: string, folder: string) => {
  await product.complete({ increment, outcome: 'not_passed', reason: 'no data yet' })
  return product.read(`.specweave/increments/${folder}/COMPLETION-SUMMARY.md`)
}

describe('criteria that nobody gave', () => {
  it('stay proposals on the record where an edit takes the mark away', async () => {
    await created('trial')
    expect(await confirmed('0001')).toMatchObject({ status: 'missing' })
    unmark('0001-trial')
    const check = await confirmed('0001')
    expect(check).toMatchObject({ status: 'pass', message: expect.stringContaining(PROPOSED) })
    expect(check.message).toMatch(/^warning, not blocking: .*an edit of spec\.md took the mark away/)
    expect(check.next?.person).toMatch(/ approve 0001$/)
    expect(check.offered.join()).toMatch(/ approve 0001$/)

    const summary = await ended('0001', '0001-trial')
    const [first] = summary.split('## ')
    expect(first).toMatch(/⚠️ warning criteria\.confirmed: .*no person's approval/)
    expect(first).toContain(`- Criteria ${PROPOSED}; an edit of spec.md took the mark away`)
  })

  it('count as confirmed where a person approved them, and say by whom; not where they were changed after that', async () => {
    await created('trial')
    await approve('0001')
    const words = /what spec\.md asks was confirmed by \S+ on \d{4}-\d\d-\d\d \(terminal\)/
    const check = await confirmed('0001')
    expect(check).toMatchObject({ status: 'pass', message: expect.stringMatching(words), offered: [] })
    expect(check.message).toMatch(/^The criteria were proposed at creation/)
    const spec = '.specweave/increments/0001-trial/spec.md'
    product.write(spec, product.read(spec).replace('value: 0.75', 'value: 0.6'))
    const changed = await confirmed('0001')
    expect(changed).toMatchObject({ status: 'missing', message: expect.stringContaining(PROPOSED) })
    expect(changed.message).toMatch(
      /changed since \S+ confirmed them on .* confirmed by nobody as they are now/,
    )
    expect(changed.message).toContain('spec.md asks roc_auc >= 0.6 on test, f1 >= 0.5 on test.')
    expect(changed.next?.person).toMatch(/ approve 0001$/)
    product.write(spec, product.read(spec).replace('value: 0.6', 'value: 0.75'))
    expect(await ended('0001', '0001-trial')).toMatch(words)
  })

  it('are called proposed by no document once a person confirmed them, and their numbers follow the front matter', async () => {
    await created('trial')
    const documents = () =>
      ['spec', 'plan', 'tasks', 'tests']
        .map((name) => product.read(`.specweave/increments/0001-trial/${name}.md`))
        .join('\n')
    expect(documents()).toMatch(/proposed: true[\s\S]*\(proposed\)[\s\S]*\(proposed, to be confirmed\)/)
    const spec = '.specweave/increments/0001-trial/spec.md'
    product.write(spec, product.read(spec).replace('value: 0.75', 'value: 0.8'))
    expect(await confirmed('0001')).toMatchObject({
      status: 'missing',
      message: expect.stringMatching(
        /\(roc_auc >= 0\.75 on test, f1 .*\); confirmed by nobody\. spec\.md asks roc_auc >= 0\.8 on test/,
      ),
    })
    expect(documents()).not.toContain('0.75')
    expect(documents()).toContain('AC-US1-01**: roc_auc >= 0.8, measured on the sealed test set (proposed')
    await approve('0001')
    expect(documents()).not.toMatch(/proposed: true|\(proposed|to be confirmed|until then/)
    expect(documents()).toContain('    - {metric: roc_auc, op: ">=", value: 0.8, split: test}\n')
    expect(await confirmed('0001')).toMatchObject({ status: 'pass', offered: [] })
  })

  it('are no words where criteria were given, and today’s where the ledger is older than that line', async () => {
    await created('trial', { success_metrics: ['roc_auc >= 0.9'] })
    const plain = { status: 'pass', message: 'No criterion in spec.md is marked as proposed.' }
    expect(await confirmed('0001')).toMatchObject({ ...plain, offered: [] })
    expect(await ended('0001', '0001-trial')).not.toMatch(/proposed at|confirmed by/)
  })

  it('take their number with them: what was deleted is not begun anew with other criteria', async () => {
    await created('trial')
    await product.call('get_increment', { increment: '0001' })
    rmSync(join(product.root, '.specweave/increments/0001-trial'), { recursive: true })
    expect(await created('again', { success_metrics: ['f1 > 0.6'] })).toMatchObject({ increment: '0002' })
  })
})
