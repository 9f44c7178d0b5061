import type { DatasetColumn, DatasetRecord, DatasetSplit } from '../core/dataset-record.ts'
import { show } from './lift.ts'

const COUNT = new Intl.NumberFormat('en-US')
const SHOWN_COLUMNS = 40
const SPLITS = ['train', 'validation', 'test'] as const

/** spec.md: what the data is, its splits, its columns, and what to mind. */
export function dataText(data: DatasetRecord): string {
  return [
    `\`${data.dataset}\`, registered ${data.created.slice(0, 10)} from \`${data.source.path}\` (${data.source.format}, ${bytes(data.source.bytes)}, SHA-256 \`${data.source.sha256.slice(0, 12)}\`): ${count(data.rows)} rows, ${data.columns.length} columns.`,
    '',
    targetSentence(data),
    '',
    ...splitTable(data),
    '',
    '| column | role | type | missing | distinct | values |',
    '|---|---|---|---|---|---|',
    ...ordered(data.columns)
      .slice(0, SHOWN_COLUMNS)
      .map((column) => columnRow(column, data.rows)),
    ...(data.columns.length > SHOWN_COLUMNS
      ? ['', `${data.columns.length - SHOWN_COLUMNS} more columns stand in \`dataset.json\`.`]
      : []),
    '',
    ...findings(data).map((finding) => `- ${finding}`),
  ].join('\n')
}

/** tasks.md: what was registered, in the place of the call that asks for it. */
export function registeredText(data: DatasetRecord): string {
  const columns = [
    `target \`${data.target}\``,
    ...(data.group_column ? [`grouped by \`${data.group_column}\``] : []),
    ...(data.time_column ? [`in time by \`${data.time_column}\``] : []),
  ]
  return `- Registered: \`${data.dataset}\` from \`${data.source.path}\`, ${columns.join(', ')}. “Registered data” in spec.md describes it; \`register_dataset\` with the name \`${data.name}\` and a changed file makes its next version.`
}

/** plan.md: how the rows are split and what follows for training. */
export function splitsText(data: DatasetRecord): string {
  const { split } = data
  const method = {
    stratified: `stratified by \`${data.target}\``,
    random: 'by a hash of the row',
    time: `by time (\`${data.time_column ?? 'time'}\`), the latest rows sealed`,
    group: `by group (\`${data.group_column ?? 'group'}\`), so that no group is in two splits`,
    leave_last_out: `by user: the last \`${data.target}\` of each is sealed, the one before is for validation`,
  }[split.method]
  const asked =
    split.method === 'leave_last_out'
      ? ''
      : `asked for ${percent(split.validation)} validation and ${percent(split.test)} test${split.gap ? `, ${split.gap} left out before each (${count(split.left_out ?? 0)} rows)` : ''}, `
  const keeps =
    split.method === 'leave_last_out'
      ? 'What is sealed once stays sealed in later versions.'
      : 'A row keeps its split when rows are added or reordered, so the sizes are near the asked shares and not exact.'
  return [
    `\`${data.dataset}\` is split ${method}; ${asked}seed ${split.seed}, key \`${split.key}\`. ${keeps}`,
    '',
    ...splitTable(data),
    '',
    ...consequences(data).map((line) => `- ${line}`),
  ].join('\n')
}

/** tests.md: which rows decide, and what a model without skill reaches on them. */
export function testDataText(data: DatasetRecord): string {
  const { validation, test } = data.splits
  const lines = [
    `- **Validation**, ${count(validation.rows)} rows of \`${data.dataset}\`, labels open: every run is scored on it, and choices are made by it.`,
    `- **Test**, ${count(test.rows)} rows, labels sealed outside the workspace${test.labels_sha256 ? ` (SHA-256 \`${test.labels_sha256.slice(0, 12)}\`)` : ''}: scored only by \`evaluate_run\`, each time a counted look.`,
    `- **Precision of the answer**: ${precisionOf(data)}`,
  ]
  const skill = withoutSkill(data)
  return [...lines, ...(skill ? [`- **Without any skill**: ${skill}`] : [])].join('\n')
}

function targetSentence(data: DatasetRecord): string {
  if (data.problem_type === 'classification') {
    const classes = data.classes ?? Object.keys(data.splits.train.classes ?? {})
    const positive = data.positive === undefined ? '' : `; \`${data.positive}\` is the positive class`
    return `Target \`${data.target}\` with ${classes.length} classes (${classes
      .slice(0, 10)
      .map((c) => `\`${c}\``)
      .join(', ')}${classes.length > 10 ? ', ...' : ''})${positive}.`
  }
  const stats = data.splits.train.target
  const range = stats
    ? `: mean ${show(stats.mean)}, standard deviation ${show(stats.std)}, from ${show(stats.min)} to ${show(stats.max)} in train`
    : ''
  if (data.problem_type === 'recommendation')
    return `Items are in \`${data.target}\`, users in \`${data.group_column ?? 'the group column'}\`.`
  const time = data.time_column ? `, time in \`${data.time_column}\`` : ''
  return `Target \`${data.target}\`${range}${time}.`
}

function splitTable(data: DatasetRecord): string[] {
  const total = SPLITS.reduce((sum, name) => sum + data.splits[name].rows, 0)
  const classes = Object.keys(data.splits.train.classes ?? {}).slice(0, 8)
  const stats = data.splits.train.target !== undefined
  const more = [
    ...classes.map((name) => `\`${cell(name)}\``),
    ...(stats ? ['mean of target', 'range of target'] : []),
  ]
  return [
    `| split | rows | share |${more.map((name) => ` ${name} |`).join('')}`,
    `|---|---|---|${more.map(() => '---|').join('')}`,
    ...SPLITS.map((name) => {
      const split = data.splits[name]
      const values = [...classes.map((label) => classCell(split, label)), ...(stats ? statCells(split) : [])]
      return `| ${name} | ${count(split.rows)} | ${percent(split.rows / Math.max(total, 1))} |${values.map((value) => ` ${value} |`).join('')}`
    }),
  ]
}

function classCell(split: DatasetSplit, label: string): string {
  if (!split.classes) return 'sealed'
  const rows = split.classes[label] ?? 0
  return `${count(rows)} (${percent(rows / Math.max(split.rows, 1))})`
}

function statCells(split: DatasetSplit): string[] {
  if (!split.target) return ['sealed', 'sealed']
  return [show(split.target.mean), `${show(split.target.min)} to ${show(split.target.max)}`]
}

/** The target and the roles first, then features in their order. */
function ordered(columns: readonly DatasetColumn[]): DatasetColumn[] {
  return [...columns].sort((a, b) => Number(a.role === 'feature') - Number(b.role === 'feature'))
}

function columnRow(column: DatasetColumn, rows: number): string {
  const missing =
    column.missing === 0 ? '0' : `${count(column.missing)} (${percent(column.missing / Math.max(rows, 1))})`
  return `| \`${cell(column.name)}\` | ${column.role} | ${column.type} | ${missing} | ${count(column.unique)} | ${valuesOf(column)} |`
}

function valuesOf(column: DatasetColumn): string {
  if (column.type === 'numeric' && column.min !== undefined)
    return `${cell(shown(column.min))} to ${cell(shown(column.max))}${column.mean === undefined ? '' : `, mean ${show(column.mean)}`}`
  if (column.top?.length && column.role !== 'id')
    return column.top
      .slice(0, 3)
      .map(({ value, count: n }) => `${cell(value.slice(0, 24))} (${count(n)})`)
      .join(', ')
  if (column.min !== undefined) return `${cell(shown(column.min))} to ${cell(shown(column.max))}`
  return ''
}

function shown(value: number | string | undefined): string {
  return typeof value === 'number' ? show(value) : String(value ?? '')
}

/** What a reader should mind, found in the profile; the lab's own warnings come first. */
function findings(data: DatasetRecord): string[] {
  const features = data.columns.filter(({ role }) => role === 'feature')
  const named = (columns: readonly DatasetColumn[]): string =>
    columns
      .slice(0, 8)
      .map(({ name }) => `\`${cell(name)}\``)
      .join(', ') + (columns.length > 8 ? ` and ${columns.length - 8} more` : '')
  const constant = features.filter(({ unique }) => unique <= 1)
  const gaps = features.filter(({ missing }) => missing / Math.max(data.rows, 1) > 0.2)
  const identifying = features.filter(
    ({ unique, type }) =>
      (type === 'categorical' || type === 'text') && unique > 50 && unique / Math.max(data.rows, 1) > 0.9,
  )
  const wide = features.filter(
    ({ type, unique }) =>
      type === 'categorical' && unique > 50 && !identifying.some((c) => c.unique === unique),
  )
  const none = features.every(({ missing }) => missing === 0)
  return [
    ...data.warnings.map((warning) => cell(warning)),
    ...(none ? [`No feature of the ${features.length} has missing values.`] : []),
    ...(gaps.length
      ? [`More than a fifth of the values is missing in ${named(gaps)}: is the gap itself a sign?`]
      : []),
    ...(constant.length ? [`${named(constant)} never changes and can be left out.`] : []),
    ...(identifying.length
      ? [
          `${named(identifying)} has a value of its own for nearly every row, as an identifier has; a model would learn it by heart.`,
        ]
      : []),
    ...(wide.length ? [`${named(wide)} has more than 50 categories: group the rare ones.`] : []),
  ]
}

function consequences(data: DatasetRecord): string[] {
  const { train, validation } = data.splits
  if (train.classes) {
    const sorted = Object.entries(train.classes).sort((a, b) => b[1] - a[1])
    const [most, least] = [sorted[0], sorted.at(-1)]
    if (!most || !least || least[1] === 0) return [`Train holds ${count(train.rows)} rows.`]
    const ratio = most[1] / least[1]
    const rare = validation.classes?.[least[0]] ?? 0
    return [
      ratio >= 3
        ? `Classes are imbalanced ${show(Math.round(ratio * 10) / 10)} to 1: \`${cell(least[0])}\` has ${count(least[1])} of ${count(train.rows)} train rows. Weigh the classes, and choose the threshold on validation.`
        : `Classes are near balance (${show(Math.round(ratio * 10) / 10)} to 1 between \`${cell(most[0])}\` and \`${cell(least[0])}\`): no weighting is needed to begin with.`,
      `Validation holds ${count(rare)} rows of \`${cell(least[0])}\`; one of them more or less moves its recall by ${percent(1 / Math.max(rare, 1))}, so smaller differences are noise.`,
    ]
  }
  if (train.target) {
    const { mean, std, min, max } = train.target
    const skewed = min >= 0 && mean > 0 && max > mean + 5 * std
    return [
      `A model that always answers the mean of train (${show(mean)}) has an \`rmse\` near ${show(validation.target?.std ?? std)} on validation.`,
      skewed
        ? `The target reaches ${show(max)} with a mean of ${show(mean)}: a long tail. Try its logarithm, and read \`median_ae\` beside \`rmse\`.`
        : `The target lies between ${show(min)} and ${show(max)} around ${show(mean)}, without a tail that would ask for a transformation.`,
    ]
  }
  return [`Train holds ${count(train.rows)} rows to learn from; ${count(validation.rows)} are for choices.`]
}

function precisionOf(data: DatasetRecord): string {
  const { validation, test } = data.splits
  if (data.problem_type === 'classification') {
    const half = 0.98 / Math.sqrt(Math.max(test.rows, 1))
    return `with ${count(test.rows)} test rows a share is known to about ± ${percent(half)} at worst (95 %). Two models are compared on the same rows, which tells smaller differences apart.`
  }
  return `with ${count(validation.rows)} validation and ${count(test.rows)} test rows, differences are read together with their intervals.`
}

function withoutSkill(data: DatasetRecord): string | undefined {
  const { validation } = data.splits
  if (validation.classes) {
    const [most] = Object.entries(validation.classes).sort((a, b) => b[1] - a[1])
    if (!most) return undefined
    return `always answering \`${cell(most[0])}\` gives accuracy ${show(most[1] / Math.max(validation.rows, 1))} on validation, and never finds another class.`
  }
  if (validation.target)
    return `always answering the mean gives an rmse near ${show(validation.target.std)} and an R² of about 0 on validation.`
  return undefined
}

function cell(text: string): string {
  return text.replace(/\s+/g, ' ').replaceAll('|', '\\|').replaceAll('<!--', '&lt;!--')
}

function count(n: number): string {
  return COUNT.format(n)
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}

function bytes(n: number): string {
  return n < 1024 ** 2 ? `${Math.max(1, Math.round(n / 1024))} KiB` : `${(n / 1024 ** 2).toFixed(1)} MiB`
}
