import { machineInWords } from '../../evidence/cost-evidence.ts'
import { costFigures } from '../../evidence/cost-measurements.ts'
import type { Ledger } from '../../evidence/ledger.ts'
import type { GateFacts } from '../../increments/gate-facts.ts'
import { recordedCost } from '../judging/recorded-evidence.ts'

/** What the gates have to know of the candidate's cost beside its figures. */
export function costFacts(folder: string, ledger: Ledger): Pick<GateFacts, 'cost'> {
  const cost = recordedCost(folder, ledger)
  if (!cost) return {}
  const figures = costFigures(cost)
  return {
    cost: {
      machine: machineInWords(cost),
      notMeasured: Object.fromEntries(cost.not_measured.map(({ name, reason }) => [name, reason])),
      disturbances: [...new Set(figures.flatMap(({ disturbances }) => disturbances))],
      longerAtMost: Object.fromEntries(
        figures.flatMap(({ name, longer_at_most }) =>
          longer_at_most === null ? [] : [[name, longer_at_most]],
        ),
      ),
    },
  }
}
