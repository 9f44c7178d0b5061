import { canonicalJson } from '../core/canonical-json.ts'
import type { RunSummary } from '../core/run-summary.ts'
import { isSecretName, MASK } from '../core/secrets.ts'
import { code } from './markdown-text.ts'
import { codeLabel } from './run-words.ts'
import { table } from './table.ts'

const MOST_COLUMNS = 10

/** A column for each parameter that is not the same in all runs; baselines of the lab are left out. */
export function differingParamsTable(runs: readonly RunSummary[]): string | undefined {
  const compared = runs.filter(({ baseline }) => baseline === undefined)
  const names = [...new Set(compared.flatMap(({ params }) => Object.keys(params)))].filter(
    (name) => new Set(compared.map(({ params }) => valueText(params, name))).size > 1,
  )
  if (names.length === 0) return undefined
  const shown = names.slice(0, MOST_COLUMNS)
  const text = table(
    [{ title: 'Run' }, ...shown.map((name) => ({ title: code(name, 60) }))],
    compared
      .filter(({ params }) => Object.keys(params).length > 0)
      .map((run) => [
        codeLabel(run.run),
        ...shown.map((name) => (Object.hasOwn(run.params, name) ? paramText(name, run.params[name]) : '')),
      ]),
  )
  const more = names.length - shown.length
  return more === 0 ? text : `${text}\n\n${more} more differ; each run's \`params.json\` holds them all.`
}

/** A parameter's value for a table cell; what is named like a secret is masked. */
export function paramText(name: string, value: unknown): string {
  if (isSecretName(name)) return code(MASK)
  return code(typeof value === 'string' ? value : (canonicalJson(value) ?? 'undefined'), 60)
}

function valueText(params: Readonly<Record<string, unknown>>, name: string): string {
  return Object.hasOwn(params, name) ? String(canonicalJson(params[name])) : 'absent'
}
