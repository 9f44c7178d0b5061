// The referee's rules on simulated data: how often noise is called better, how often an effect is found, what the
// intervals cover. Made by benchmarks/python/referee.py, from one seed, with the lab's own functions.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { printFigure, printSkipped } from './figure.mjs'
import { labPython, NO_LAB_PYTHON } from './lab-python.mjs'

const RULES = {
  gate: 'the baseline rule on the sealed test set, three looks',
  holm: 'compare_runs on validation, Holm over 20 tries',
  best: 'pick the best number on validation',
  best_test: 'the best number of three looks at test',
}

export async function refereeFigures({ root, python, quick }) {
  const interpreter = labPython(root, python)
  if (!interpreter) return printSkipped('the referee', NO_LAB_PYTHON)
  const child = spawn(
    interpreter,
    [
      join(root, 'benchmarks', 'python', 'referee.py'),
      join(root, 'python', 'lab'),
      ...(quick ? ['--quick'] : []),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const ended = new Promise((resolve) => child.once('close', resolve))
  for await (const line of createInterface({ input: child.stdout })) print(JSON.parse(line))
  const code = await ended
  if (code !== 0) throw new Error(`referee.py ended with ${code}`)
}

function print({ name, value, n, rows }) {
  const [kind, which, metric] = name.split('.')
  if (kind === 'coverage' || kind === 'lift_coverage') {
    const what = kind === 'coverage' ? 'the interval' : 'the interval of measured - target'
    const goal = value < 95 ? { atLeast: 93 } : { atMost: 97 }
    return printFigure({ name: `covered by ${what}, ${which}, n = ${rows}`, unit: '%', value, goal, n })
  }
  // Two standard errors of a share of 5 %: 6.4 % of 1,000 increments.
  const bound = Math.round(10 * (5 + 1.96 * Math.sqrt((5 * 95) / n))) / 10
  const judged = which === 'gate' || which === 'holm'
  if (kind === 'noise')
    return printFigure({
      name: `noise called better than the baseline, ${metric}: ${RULES[which]}`,
      unit: '% of increments',
      value,
      ...(judged ? { goal: { atMost: bound } } : {}),
      n,
    })
  printFigure({
    name: `an effect of 4 standard errors found, ${metric}: ${RULES[which]}`,
    unit: '% of increments',
    value,
    ...(judged ? { goal: { atLeast: 80 } } : {}),
    n,
  })
}
