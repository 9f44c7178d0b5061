import { execFile } from 'node:child_process'
import { cpSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testPython } from '../clients/place.ts'
import { ROOT } from '../hosts/mcp-client.ts'
import { NO_LAB, Product } from '../tools/product.ts'

const NAMES = ['01-eda.ipynb', '02-feature-engineering.ipynb', '03-model-analysis.ipynb']

interface Cell {
  cell_type: string
  source: string[] | string
  execution_count?: number | null
  outputs?: { output_type: string; text?: string | string[]; data?: Record<string, string | string[]> }[]
}

const cellsOf = (text: string) => (JSON.parse(text) as { cells: Cell[] }).cells
const joined = (text: string | string[] | undefined) => (Array.isArray(text) ? text.join('') : (text ?? ''))

/** All that a notebook shows as text. */
function shown(cells: Cell[]): string {
  return cells
    .flatMap(({ outputs = [] }) => outputs)
    .map(({ text, data }) => joined(text) + joined(data?.['text/plain']))
    .join('\n')
}

const pictures = (cells: Cell[]) =>
  cells.flatMap(({ outputs = [] }) => outputs).filter(({ data }) => data?.['image/png']).length

/** Runs a notebook's code without a kernel, which takes seconds to start. */
const PLAIN = `
import json, os, sys
os.environ["MPLBACKEND"] = "Agg"
for path in sys.argv[1:]:
    code = [c["source"] for c in json.load(open(path))["cells"] if c["cell_type"] == "code"]
    try:
        exec(compile("\\n".join("".join(lines) for lines in code), path, "exec"), {})
    except Exception as cause:
        raise RuntimeError(path) from cause
`

const DAYS = Array.from({ length: 300 }, (_, i) =>
  new Date(Date.UTC(2024, 0, 1 + i)).toISOString().slice(0, 10),
)
const OTHER = {
  time_series: {
    text: `day,sales,promotion,store\n${DAYS.map((day, i) => `${day},${20 + (i % 7) * 3},${i % 5 === 0 ? 'yes' : 'no'},${i === 3 ? '' : 'north'}`).join('\n')}\n`,
    asked: { target: 'sales', split: { method: 'time', time_column: 'day' } },
  },
  recommendation: {
    text: `user,item,rating,day\n${Array.from({ length: 400 }, (_, i) => `u${i % 40},i${(i * 7 + Math.floor(i / 40)) % 60},${1 + (i % 5)},${DAYS[Math.floor(i / 2)]}`).join('\n')}\n`,
    asked: { target: 'item', split: { method: 'leave_last_out', group_column: 'user', time_column: 'day' } },
  },
  regression: {
    text: `area,rooms,empty,price\n${Array.from({ length: 200 }, (_, i) => `${30 + i},${i % 6},,${100 + 3 * i + (i % 11)}`).join('\n')}\n`,
    asked: { target: 'price' },
  },
}

/** As the guide has it; and with `-p`, which makes a number of what looks like one. */
const PARAMETERS: Record<string, string[]> = {
  '01-eda.ipynb': ['-r', 'increment', '0001', '-r', 'dataset', 'churn@1'],
  '02-feature-engineering.ipynb': ['-p', 'increment', '0001'],
}

describe('the templates', () => {
  it.each(NAMES)('%s is small, holds no output, and looks at train alone', (name) => {
    const text = readFileSync(join(ROOT, 'templates/notebooks', name), 'utf8')
    expect(text.length).toBeLessThan(10_000)
    const code = cellsOf(text).filter(({ cell_type }) => cell_type === 'code')
    for (const { outputs, execution_count } of code) expect([outputs, execution_count]).toEqual([[], null])
    expect(code.map(({ source }) => joined(source)).join('\n')).not.toMatch(/ds\.(?:test|validation|split)/)
    expect(text).toMatch(/"tags": \[\s*"parameters"\s*\]/)
  })
})

describe.skipIf(NO_LAB)('the notebooks of an increment', () => {
  let product: Product
  let path: string
  let run: string
  const executed: Record<string, Cell[]> = {}

  const python = (...words: string[]) =>
    promisify(execFile)(testPython(), words, {
      cwd: product.root,
      env: {
        ...product.env,
        PYTHONPATH: join(ROOT, 'python/sdk'),
        JUPYTER_RUNTIME_DIR: join(product.base, 'jupyter'),
        PYDEVD_DISABLE_FILE_VALIDATION: '1',
      },
      maxBuffer: 1 << 26,
    })

  beforeAll(async () => {
    product = new Product('id: w1\ninterpreter: lab\n')
    cpSync(join(ROOT, 'examples/churn'), join(product.root, 'churn'), { recursive: true })
    const made = await product.call('create_increment', {
      title: 'churn model',
      problem_type: 'classification',
      success_metrics: ['roc_auc >= 0.75'],
    })
    path = made.path
    expect(made.files).toEqual(expect.arrayContaining(NAMES.map((name) => `notebooks/${name}`)))
    await product.call('register_dataset', {
      name: 'churn',
      source: 'churn/churn.csv',
      target: 'churn',
      positive: 'yes',
      problem_type: 'classification',
      increment: '0001',
    })
    const { runs } = await product.call('run_baselines', { increment: '0001', strategies: ['popularity'] })
    const begun = await product.call('run_experiment', {
      increment: '0001',
      experiments: [
        { name: 'logistic', command: ['python', 'churn/train_logistic.py'] },
        { name: 'broken', command: ['python', '-c', 'raise SystemExit(3)'] },
      ],
    })
    for (const one of [...runs, ...begun.runs]) await product.ended(one)
    run = begun.runs[0].run
    await product.call('evaluate_run', { run, split: 'validation', report: true })
    await Promise.all(
      NAMES.map(async (name) => {
        const out = join(product.base, name)
        await python(
          '-m',
          'papermill',
          '--no-progress-bar',
          '--log-level',
          'ERROR',
          join(path, 'notebooks', name),
          out,
          ...(PARAMETERS[name] ?? []),
        )
        executed[name] = cellsOf(readFileSync(out, 'utf8'))
      }),
    )
  })
  afterAll(() => product?.dispose())

  it('01-eda shows the columns, the target and what goes with it, of train', async () => {
    const cells = executed['01-eda.ipynb']!
    const record = JSON.parse(product.read('.specweave/datasets/churn/v1/dataset.json'))
    const text = shown(cells)
    expect(text).toContain(
      `${record.splits.train.rows.toLocaleString('en-US')} rows, 19 columns, 0 rows that repeat`,
    )
    expect(text).toMatch(/2 values; the rarest of those shown is 1[34]\.\d\d% of the rows/)
    // What everybody finds in this data.
    const [last] = cells.filter(({ outputs }) => outputs?.length).slice(-1)
    expect(
      shown([last!])
        .split('\n')
        .filter((line) => /\d$/.test(line))
        .slice(0, 6)
        .join('\n'),
    ).toMatch(/(?:total_day_(?:charge|minutes)|international_plan|number_customer_service_calls) +0\.\d+/)
    expect(pictures(cells)).toBe(3)
  })

  it('02-feature-engineering makes features and weighs them on both halves', () => {
    const cells = executed['02-feature-engineering.ipynb']!
    expect(shown(cells)).toMatch(/first half\s+second half/)
    expect(shown(cells)).toMatch(/log_number_vmail_messages|_per_/)
    expect(shown(cells)).toMatch(/best raw column: total_day_(?:charge|minutes) \(0\.\d+\)/)
  })

  it('03-model-analysis shows the measured numbers, the failed run and the pictures of its report', async () => {
    const cells = executed['03-model-analysis.ipynb']!
    const text = shown(cells)
    const { metrics } = await product.call('get_run', { run })
    const measured = metrics.find(
      (one: { name: string; split?: string; source: string }) =>
        one.name === 'roc_auc' && one.split === 'validation' && one.source === 'measured',
    ).value as number
    expect(text).toMatch(new RegExp(`${run} .* ${measured.toFixed(4)}`))
    expect(text).toMatch(/exp-003-broken\s+failed/)
    expect(text).toMatch(/\n(?!0 )\d+ pictures/)
    expect(pictures(cells)).toBeGreaterThan(1)
    // Nobody looked at test: a baseline's numbers on it are shown with no candidate's.
    expect(text).toContain('Empty DataFrame')
  })

  it('run on the other problem types, too', async () => {
    const paths = []
    for (const [type, { text, asked }] of Object.entries(OTHER)) {
      product.write(`${type}.csv`, text)
      const { increment, path } = await product.call('create_increment', {
        title: `${type} model`,
        problem_type: type,
      })
      await product.call('register_dataset', {
        name: type.replace('_', '-'),
        source: `${type}.csv`,
        problem_type: type,
        increment,
        ...asked,
      })
      paths.push(
        ...readdirSync(join(product.root, path, 'notebooks')).map((name) => join(path, 'notebooks', name)),
      )
    }
    expect(paths).toHaveLength(9)
    await python('-c', PLAIN, ...paths)
  })
})
