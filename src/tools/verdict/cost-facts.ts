import { costDisturbances, machineInWords } from '../../evidence/cost-evidence.ts'
import type { Ledger } from '../../evidence/ledger.ts'
import type { GateFacts } from '../../increments/gate-facts.ts'
import { recordedCost } from '../judging/recorded-evidence.ts'

/** What the gates have to know of the candidate's cost beside its figures. */
export function costFacts(folder: string, ledger: Ledger): Pick<GateFacts, 'cost'> {
  const cost = recordedCost(folder, ledger)
  if (!cost) return {}
  const notMeasured = Object.fromEntries(cost.not_measured.map(({ name, reason }) => [name, reason]))
  return { cost: { machine: machineInWords(cost), notMeasured, disturbances: costDisturbances(cost) } }
}
