import type { Check } from '../core/criterion.ts'

/** The code of the lab itself, which measures, and by which code the candidate was measured. */
export interface LabCodeFact {
  /** Of the code as it lies there now; SHA-256. */
  sha256: string
  /** What is wrong with it, and what mends it. */
  problem?: string
  /** The candidate's splits. `edited`: by code that was seen in the place of the build's. */
  measured: readonly { run: string; split: string; lab: string; sha256?: string; edited: boolean }[]
}

/** Whether what measured is the evaluator that was installed: its code is hashed at every use. */
export function labCodeChecks({ labCode }: { labCode?: LabCodeFact }): Check[] {
  if (!labCode) return []
  const id = 'evaluator.code'
  const { sha256, problem, measured } = labCode
  if (problem) return [{ id, status: 'fail', message: `${problem}.`, next: VERIFY }]
  // Code that was taken up by a build is the build's again.
  const [edited] = measured.filter((one) => one.edited && one.sha256 !== sha256)
  if (edited)
    return [
      {
        id,
        status: 'fail',
        message: `${edited.run} was measured on ${edited.split} by lab code that is not of any build that is known here (SHA-256 ${short(edited.sha256)}): somebody had edited it. Measure it again; the same predictions are no new look.`,
        evidence: edited.run,
        next: {
          tool: 'evaluate_run',
          arguments: { run: edited.run, split: edited.split },
          why: 'measures it by the code as it was installed',
        },
      },
    ]
  return [{ id, status: 'pass', message: message(sha256, measured) }]
}

const VERIFY = { person: 'specweave-ml verify', why: 'shows what was changed, and since when it was seen' }

function message(sha256: string, measured: LabCodeFact['measured']): string {
  const unknown = measured.filter((one) => one.sha256 === undefined)
  const others = measured.filter((one) => one.sha256 !== undefined && one.sha256 !== sha256)
  const [other] = others
  return [
    `The lab's own code is that of the build (SHA-256 ${short(sha256)})`,
    ...(other
      ? [
          `; ${splitsOf(others)} of ${other.run} ${be(others)} measured by another build (lab ${other.lab}, ${short(other.sha256)}), which \`specweave-ml verify --recompute\` compares`,
        ]
      : []),
    ...(unknown.length > 0
      ? [`; not recorded, not blocking: which code measured ${splitsOf(unknown)}, by an earlier version`]
      : []),
    '.',
  ].join('')
}

function splitsOf(measured: LabCodeFact['measured']): string {
  return measured.map(({ split }) => split).join(', ')
}

function be({ length }: { length: number }): string {
  return length === 1 ? 'was' : 'were'
}

function short(sha256 = ''): string {
  return `${sha256.slice(0, 12)}...`
}
