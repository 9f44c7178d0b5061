// The lab's own speed: registration and evaluation of a million rows. Made by benchmarks/python/lab.py.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { printFigure, printSkipped } from './figure.mjs'
import { labPython, NO_LAB_PYTHON } from './lab-python.mjs'

export async function labFigures({ root, python, quick, scratch }) {
  const interpreter = labPython(root, python)
  if (!interpreter) return printSkipped('the lab', NO_LAB_PYTHON)
  const child = spawn(
    interpreter,
    [
      join(root, 'benchmarks', 'python', 'lab.py'),
      join(root, 'python', 'lab'),
      scratch(),
      ...(quick ? ['--quick'] : []),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const ended = new Promise((resolve) => child.once('close', resolve))
  for await (const line of createInterface({ input: child.stdout })) print(JSON.parse(line))
  const code = await ended
  if (code !== 0) throw new Error(`lab.py ended with ${code}`)
}

function print({ name, value, floor, rows, columns }) {
  const many = rows?.toLocaleString('en')
  const few = rows < 50_000
  const figures = {
    register: {
      name: `registration of ${many} rows x ${columns} columns`,
      unit: 's',
      floor,
      floor_is: 'pandas reads the file and writes three',
      goal: { atMost: 20 },
    },
    'register.memory': { name: 'memory of the lab at it, peak', unit: 'GiB', goal: { atMost: 4 } },
    evaluate: {
      name: `evaluation of ${many} predictions, all metrics with intervals, by a warm lab`,
      unit: 's',
      goal: { atMost: few ? 1 : 15 },
    },
    'evaluate.memory': {
      name: `memory of the lab at ${many} predictions, peak`,
      unit: 'GiB',
      goal: { atMost: 2 },
    },
  }
  printFigure({ ...figures[name], value, n: name === 'evaluate' ? 3 : 1 })
}
