import { rmSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Product } from './product.ts'

let product: Product
beforeAll(async () => {
  product = new Product('id: tries\ninterpreter: lab\nlimits: {cpus: 2}\n')
  await product.call('create_increment', {
    title: 'tries',
    problem_type: 'classification',
    success_metrics: ['accuracy > 0.6'],
  })
  const rows = Array.from(
    { length: 1500 },
    (_, i) => `${i},${(i * 7919) % 1009},${i % 3 === 0 ? 'yes' : 'no'}`,
  )
  product.write('data.csv', ['id,x,label', ...rows].join('\n'))
  product.write('train.py', SCRIPT)
  await product.call('register_dataset', {
    name: 'data',
    source: 'data.csv',
    target: 'label',
    id_column: 'id',
    problem_type: 'classification',
    increment: '0001',
  })
})
afterAll(() => product.dispose())

/** Right about a share of the validation rows. */
const SCRIPT = `
import random, specweave
share = float(specweave.params()["share"])
ds = specweave.load_dataset("data")
other = {"yes": "no", "no": "yes"}
rng = random.Random(5)
with specweave.track_experiment("guess") as exp:
    labels = list(ds.validation.target)
    exp.save_predictions("validation", [y if rng.random() < share else other[y] for y in labels])
`

const guess = (share: number) =>
  product.run({ increment: '0001', name: 'guess', command: ['python', 'train.py'], params: { share } })

interface Compared {
  best: string
  family?: number
  differences: { a: string; p: number; p_adjusted: number }[]
}
const compare = () => product.call<Compared>('compare_runs', { increment: '0001', metric: 'accuracy' })

it('a run that was deleted is still a try', async () => {
  const shares = [0.9, 0.87, 0.6, 0.5]
  const runs: string[] = []
  for (const share of shares) {
    const { run, state, logs } = await guess(share)
    expect(state, logs.stderr.join('\n')).toBe('succeeded')
    runs.push(run)
  }
  const before = await compare()
  expect(before).toMatchObject({ best: runs[0], family: 3 })
  expect(before.differences).toHaveLength(3)
  for (const run of runs.slice(2)) rmSync(product.folder(run), { recursive: true })
  const after = await compare()
  expect(after.differences).toHaveLength(1)
  expect(after.family).toBe(3)
  const [left] = after.differences
  expect(left!.p_adjusted).toBeCloseTo(Math.min(1, 3 * left!.p), 5)

  // By name, too, with what it had, wherever a reviewer looks.
  const named = new RegExp(
    runs
      .slice(2)
      .map((run) => `${run} \\(accuracy 0\\.\\d+ on validation\\)`)
      .join(', '),
  )
  interface Checked {
    checks: { id: string; status: string; message: string }[]
  }
  const { checks } = await product.call<Checked>('validate_increment', { increment: '0001' })
  expect(checks).toContainEqual({
    id: 'runs.recorded',
    status: 'pass',
    message: expect.stringMatching(named),
    evidence: runs[0],
  })
  const { summary_path } = await product.complete({
    increment: '0001',
    outcome: 'not_passed',
    reason: 'noise',
  })
  for (const document of ['.specweave/increments/0001-tries/experiments/comparison.md', summary_path])
    expect(product.read(document)).toMatch(named)
})
