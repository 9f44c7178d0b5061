import { createHash } from 'node:crypto'
import { canonicalJson } from '../core/canonical-json.ts'
import type { DatasetRecord } from '../core/dataset-record.ts'
import { isObject } from '../core/shape.ts'
import { evaluatorSha256 } from './custom-evaluator.ts'
import type { Ledger, LedgerLine } from './ledger.ts'
import { searchedSha256 } from './searched-data.ts'
import { shown } from './unequal-record.ts'

/** How dataset.json stands to the ledger's lines of its registration. */
export interface RecordStanding {
  /** There is a line of the data set at all. */
  registered: boolean
  /** What was changed, in a sentence. */
  problem?: string
  /** What could not be compared, since nothing of it was recorded then; in a sentence. */
  notCompared?: string
}

/** SHA-256 of all that dataset.json says, however it is laid out. */
export function recordSha256(record: DatasetRecord): string {
  return createHash('sha256').update(canonicalJson(record)).digest('hex')
}

/** Holds dataset.json against the ledger's lines of its registration. */
export function recordStanding(record: DatasetRecord, ledger: Ledger): RecordStanding {
  const what = `dataset.json of ${record.dataset}`
  const lines = ledger.lines.filter(
    ({ event, verified, data }) =>
      event === 'dataset.registered' && verified && data.dataset === record.dataset,
  )
  const [first] = lines
  const registered = first !== undefined
  if (!first)
    return { registered, notCompared: `${what}: not compared, since it stands in no line of the ledger` }
  const same = lines.filter(({ data }) => data.dataset_hash === record.hash)
  const [line] = same
  if (!line)
    return {
      registered,
      problem: `${what} was changed: its hash is ${shown(record.hash)}, and the ledger registered ${shown(first.data.dataset_hash)} at ${first.at}`,
    }
  // Several where clones registered the same data, or one did once more after its record was lost.
  const fitting = same.filter((one) => differences(record, one).length === 0)
  if (fitting.length === 0)
    return {
      registered,
      problem: `${what} was changed: ${differences(record, line).join('; ')}, at ${line.at}. Bring it back from Git`,
    }
  const sha256 = recordSha256(record)
  if (fitting.some(({ data }) => data.record_sha256 === sha256)) return { registered }
  if (fitting.some(({ data }) => data.record_sha256 === undefined))
    return {
      registered,
      notCompared: `${what}: its hashes are those that the ledger registered; the rest of it was not compared, since an earlier version registered it`,
    }
  const { data, at } = fitting[0] as LedgerLine
  return {
    registered,
    problem: `${what} was changed: what it says has SHA-256 ${shown(sha256)}, and the ledger registered ${shown(data.record_sha256)} at ${at}. Bring it back from Git; \`verify --recompute\` names what differs`,
  }
}

/** What a line of registration holds member by member; members that an older version did not record are left out. */
function differences(record: DatasetRecord, { data }: LedgerLine): string[] {
  const { splits } = record
  const files = isObject(data.splits_sha256) ? data.splits_sha256 : {}
  const said: [string, unknown, unknown][] = [
    ['source.sha256', record.source.sha256, data.source_sha256],
    ['rows', record.rows, data.rows],
    ['splits.test.rows', splits.test.rows, data.test_rows],
    ['splits.test.labels_sha256', splits.test.labels_sha256 ?? null, data.labels_sha256],
    ['evaluator', evaluatorSha256(record) ?? null, data.evaluator_sha256 ?? null],
    ['what was searched', searchedSha256(record) ?? null, data.searched_sha256],
    ...(['train', 'validation', 'test'] as const).map((split): [string, unknown, unknown] => [
      `splits.${split}.sha256`,
      splits[split].sha256,
      files[split],
    ]),
  ]
  return said
    .filter(([, found, recorded]) => recorded !== undefined && found !== recorded)
    .map(
      ([what, found, recorded]) => `${what} is ${shown(found)}, and the ledger registered ${shown(recorded)}`,
    )
}
