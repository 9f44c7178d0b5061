import { userInfo } from 'node:os'
import { createInterface } from 'node:readline/promises'
import { parseArgs } from 'node:util'
import { criteriaChangeWords } from '../../../core/criteria-change.ts'
import { criteriaProposalWords } from '../../../core/criteria-proposal.ts'
import { Refusal } from '../../../core/errors.ts'
import type { CliCommand } from '../cli-command.ts'
import type { CliIo } from '../io.ts'

export const approve: CliCommand = {
  name: 'approve',
  summary: 'A person confirms proposed criteria, or waives one check; kept in the ledger',
  examples: [
    'specweave-ml approve 0042',
    'specweave-ml approve 0042 --waive baseline.lift --reason "the baseline is a tuned rule"',
  ],
  flags: ['--waive CHECK  let this check be', '--reason TEXT  why; needed with --waive'],
  async run(argv, io) {
    const { values, positionals } = parseArgs({
      args: argv,
      options: { waive: { type: 'string' }, reason: { type: 'string' } },
      allowPositionals: true,
    })
    const [{ resolveIncrement }, { gatherFacts }, { judge }, { openIndex }, approvals] = await Promise.all([
      import('../../../increments/load.ts'),
      import('../../../tools/verdict/increment-facts.ts'),
      import('../../../increments/gates.ts'),
      import('../../../store/index-db.ts'),
      import('../../../tools/approvals/approvals.ts'),
    ])
    const workspace = await io.context().workspace()
    const increment = resolveIncrement(workspace, positionals[0])
    const facts = gatherFacts(workspace, await openIndex(workspace.layout), increment)
    const verdict = judge(facts.gate)
    const by = userInfo().username
    if (values.waive === undefined) {
      const criteria = facts.front.ml.success
      io.out(`${increment.folder} asks for:`)
      for (const { metric, op, value, split } of criteria)
        io.out(`  ${metric} ${op} ${value}${split ? ` on ${split}` : ''}`)
      const { criteriaChange: change, criteriaProposal: proposal } = facts.gate
      if (proposal) io.out(`They were ${criteriaProposalWords(proposal)}.`)
      if (change) io.out(`${criteriaChangeWords(change)}.`)
      await confirmed(io, increment.id, `${by}, are these the criteria to judge by?`)
      await approvals.recordApproval(workspace, increment, { kind: 'criteria' }, 'terminal')
      io.out('Confirmed, and kept in the ledger.')
      return 0
    }
    approvals.requireWaivable(verdict, values.waive, '--waive')
    const check = verdict.checks.find(({ id }) => id === values.waive)!
    if (!values.reason?.trim())
      throw new Refusal('INPUT_INVALID', 'A waiver needs a reason: it stays visible in every document.', {
        missing: ['--reason'],
      })
    io.out(`${check.id} (${check.status}): ${check.message}`)
    await confirmed(io, increment.id, `${by}, let this be, because: ${values.reason}?`)
    await approvals.recordApproval(
      workspace,
      increment,
      { kind: 'waiver', check: check.id, reason: values.reason },
      'terminal',
    )
    io.out('Waived, and kept in the ledger.')
    return 0
  },
}

/** @throws Refusal TERMINAL_REQUIRED where nobody types, or the person says anything but yes. */
async function confirmed(io: CliIo, increment: string, question: string): Promise<void> {
  if (!io.terminal.stdin || !io.terminal.stdout) {
    throw new Refusal('TERMINAL_REQUIRED', 'An approval is given by a person on a terminal.', {
      next: [{ person: `specweave-ml approve ${increment}`, why: 'type it in a terminal of your own' }],
    })
  }
  const lines = createInterface({ input: process.stdin, output: process.stdout })
  try {
    const answer = await lines.question(`${question} (yes/no) `)
    if (/^y(?:es)?$/i.test(answer.trim())) return
  } finally {
    lines.close()
  }
  throw new Refusal('TERMINAL_REQUIRED', 'Not confirmed; nothing was recorded.')
}
