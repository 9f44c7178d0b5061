import type { ProblemType } from '../core/problem-types.ts'

/** What is known of an increment before its data is. */
export interface Pending {
  number: string
  name: string
  metric: string
  /** A name to register the data under. */
  dataset: string
  problemType: ProblemType
  inputs: string
  outputs: string
}

/** The generated blocks before registration: they say how what is unknown will become known. */
export function dataPending(pending: Pending): string {
  const { name, problemType } = pending
  const roles =
    problemType === 'recommendation'
      ? '`target` the item column and `group_column` the user column'
      : problemType === 'time_series'
        ? '`target` the column to forecast and `time_column` its time'
        : '`target` the column to predict'
  return [
    `Not registered yet. Once the data of ${name} is registered, its rows, classes or ranges, columns, missing values and warnings stand here.`,
    '',
    `${registerCall(pending)} with your file (CSV, JSON Lines or Parquet) and ${roles}.`,
  ].join('\n')
}

/** tasks.md: what is done with the data until it is registered. */
export function registerPending(pending: Pending): string {
  const columns = pending.problemType === 'classification' || pending.problemType === 'regression'
  return `- Register the source: ${registerCall(pending)} (with your file and ${columns ? 'target' : 'columns'}).`
}

function registerCall({ dataset, problemType, number }: Pending): string {
  const split = {
    classification: undefined,
    regression: undefined,
    time_series: { method: 'time', time_column: '<your time column>' },
    recommendation: { group_column: '<your user column>', time_column: '<your time column>' },
  }[problemType]
  const call = {
    name: dataset,
    source: '<your file>',
    target: problemType === 'recommendation' ? '<your item column>' : '<your target column>',
    problem_type: problemType,
    ...(split ? { split } : {}),
    increment: number,
  }
  return `\`register_dataset ${JSON.stringify(call)}\``
}

export function splitsPending({ number, name, metric, problemType }: Pending): string {
  const size =
    problemType === 'classification'
      ? 'and the rows of each class in them'
      : problemType === 'regression'
        ? 'and the range of the target in them'
        : 'and where they begin and end'
  return `Not registered yet. The sizes of train, validation and sealed test for ${name}, ${size}, are written here by \`register_dataset\` with \`"increment": "${number}"\`, with what they mean for ${metric}.`
}

export function testDataPending({ number, name, metric, outputs }: Pending): string {
  return `Not registered yet. Which rows ${name} is tested on, how many they are, and what ${metric} a model without any skill reaches there is written here once the data for ${number} is registered (${outputs}).`
}
