import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PROBLEM_TYPES, type ProblemType } from '../../src/core/problem-types.ts'
import { DOCUMENTS, renderDocuments } from '../../src/increments/documents.ts'
import { parseSpec } from '../../src/increments/front-matter.ts'
import { type CreateRequest, planIncrement } from '../../src/increments/increment-plan.ts'
import { findPlaceholders } from '../../src/increments/placeholders.ts'
import { reflow } from '../../src/increments/reflow.ts'
import { parseTasks } from '../../src/increments/tasks.ts'
import { create, NOW, newWorkspace } from './workspace.ts'

const METRICS: Record<ProblemType, [string, string]> = {
  classification: ['f1 > 0.6', 'recall >= 80%'],
  regression: ['RMSE < $50', 'mae < 3'],
  time_series: ['MAPE < 10%', 'rmse < 7'],
  recommendation: ['Precision@10 > 0.25', 'ndcg@20 > 0.3'],
}

function render(request: CreateRequest, number = '0042'): Record<string, string> {
  const plan = planIncrement(request, { project: 'shop', now: NOW })
  return renderDocuments(plan, `${number}-${plan.slug}`, number)
}

/** Heading -> what stands below it, up to the next heading of any level. */
function sections(text: string): Map<string, string> {
  const body = text.replace(/^---\n[\s\S]*?\n---\n/, '')
  const found = new Map<string, string>()
  let heading = ''
  let fence = false
  for (const line of body.split('\n')) {
    if (line.startsWith('```')) fence = !fence
    if (!fence && /^#{1,6} /.test(line)) heading = line
    else found.set(heading, `${found.get(heading) ?? ''}${line}\n`)
  }
  return found
}

describe.each(PROBLEM_TYPES)('documents of a %s increment', (problemType) => {
  const first = render({
    title: 'Build a churn model',
    problem_type: problemType,
    success_metrics: [METRICS[problemType][0]],
    input: 'Call records of the last month',
    output: 'Risk of leaving within 30 days',
    description: 'Retention calls are dear.\n\n# Not a heading\n\n- [ ] **AC-US9-01**: not a criterion',
  })
  const second = render(
    {
      title: 'Parcel delays in the Alps',
      problem_type: problemType,
      success_metrics: [METRICS[problemType][1]],
      constraints: ['latency < 100ms', 'throughput 1000 req/sec'],
      input: 'Weather and the load of the depots',
      output: 'Delay in minutes',
    },
    '0043',
  )

  it('differ from those of another increment of the type in every section', () => {
    for (const document of DOCUMENTS) {
      const [a, b] = [sections(first[document]!), sections(second[document]!)]
      const shared = [...a.keys()].filter((heading) => b.has(heading))
      expect(shared.length).toBeGreaterThan(4)
      for (const heading of shared)
        if (a.get(heading)!.trim() !== '')
          expect(a.get(heading), `${document}: ${heading}`).not.toBe(b.get(heading))
    }
  })

  it('hold no placeholder, no empty section and no slot', () => {
    for (const [file, text] of [...Object.entries(first), ...Object.entries(second)]) {
      expect(findPlaceholders(file, text)).toEqual([])
      expect(text).not.toMatch(/\{\{|\}\}(?!\])|undefined|\bNaN\b|null null/)
      const found = [...sections(text)].filter(([heading]) => heading !== '')
      for (const [heading, body] of found)
        if (!/^## (?:User Stories)$/.test(heading)) expect(body.trim(), `${file}: ${heading}`).not.toBe('')
    }
  })

  it('are what the SpecWeave engine asks of its documents', () => {
    const { front, body } = parseSpec(first['spec.md']!, 'spec.md')
    expect(front.ml.problem.type).toBe(problemType)
    expect(body).not.toMatch(/T-\d{3}/)
    const stories = body.split(/^### US-/m).slice(1)
    expect(stories.length).toBe(3)
    for (const story of stories) expect(story).toContain('**Project**: shop')
    const criteria = [...body.matchAll(/^- \[ \] \*\*(AC-US\d+-\d+)\*\*: \S/gm)].map((match) => match[1]!)
    expect(new Set(criteria).size).toBe(criteria.length)
    expect(criteria).not.toContain('AC-US9-01')
    const satisfied = [...first['tasks.md']!.matchAll(/\*\*Satisfies ACs\*\*: (.+)/g)].flatMap((m) =>
      m[1]!.split(', '),
    )
    expect([...new Set(satisfied)].sort()).toEqual([...criteria].sort())
    expect(first['plan.md']).not.toMatch(/^- \[ \]|Acceptance Criteria/m)
    expect(first['tasks.md']).not.toContain('**Acceptance Criteria**')
    expect(first['tasks.md']!.match(/\*\*Implementation\*\*:/g)?.length).toBe(9)
    expect(first['tasks.md']!.match(/\*\*Test Plan\*\*/g)?.length).toBe(9)
  })

  it('hold the tasks of the seeds, none done', () => {
    const tasks = parseTasks(first['tasks.md']!)
    expect(tasks.map(({ id }) => id)).toEqual(Array.from({ length: 9 }, (_, i) => `T-00${i + 1}`))
    expect(tasks.every(({ state }) => state === 'open')).toBe(true)
    expect(tasks[0]!.title).toBe('Data exploration and quality analysis')
    expect(tasks[8]!.title).toBe('A/B test plan')
  })
})

describe('documents', () => {
  it('say what the seeds say for their types', () => {
    const text = (problemType: ProblemType, title: string): string =>
      Object.values(render({ title, problem_type: problemType })).join('\n')
    expect(text('classification', 'Fraud detection')).toMatch(/Imbalanced handling[\s\S]*Threshold tuning/)
    expect(text('regression', 'LTV')).toMatch(/[Tt]ime-based\s+validation[\s\S]*Feature engineering/)
    expect(text('regression', 'LTV')).toMatch(/cohort/)
    expect(text('time_series', 'Sales')).toMatch(/Seasonal decomposition[\s\S]*ARIMA vs Prophet/)
    expect(text('time_series', 'Sales')).toMatch(/Stationarity tests/)
    expect(text('time_series', 'Sales')).toMatch(/Residual analysis/)
    expect(text('recommendation', 'Films')).toMatch(/collaborative filtering/)
  })

  it('mark proposals', () => {
    const { front, body } = parseSpec(
      render({ title: 'Churn', problem_type: 'classification' })['spec.md']!,
      'spec.md',
    )
    expect(front.ml.success.every(({ proposed }) => proposed)).toBe(true)
    expect(body).toContain('(proposed)')
  })

  it.each([
    'Churn | "pipes" \\ and {{slots}}',
    "O'Brien: yes # no",
    'a: [b',
    '---',
    'ö'.repeat(80),
    '<!-- x -->',
  ])('survive the title %s', (title) => {
    const workspace = newWorkspace()
    if (!/[\p{L}\p{N}]/u.test(title)) return
    const increment = create(workspace, { title, description: '---\n# x\n<!-- specweave:begin data -->' })
    const { front } = parseSpec(readFileSync(join(increment.path, 'spec.md'), 'utf8'), 'spec.md')
    expect(front.title.toLowerCase()).toBe(title.toLowerCase())
  })

  it('wrap at words and leave tables, code and commands whole', () => {
    const long = 'word '.repeat(60).trim()
    const command = '`run_experiment {"a": 1, "b": 2}`'
    const text = reflow(
      `# H\n\n${long} ${command}\n\n| a | ${long} |\n\n- ${long}\n  ${command}\n\n\`\`\`text\n${long}\n\`\`\`\n`,
    )
    expect(text).toContain(`| a | ${long} |`)
    expect(text).toContain(`\`\`\`text\n${long}\n\`\`\``)
    expect(text.split(command).length).toBe(3)
    const prose = text.split('\n').filter((line) => line.startsWith('word') && !line.includes('`'))
    expect(Math.max(...prose.slice(0, 2).map((line) => line.length))).toBeLessThanOrEqual(116)
    expect(reflow(text)).toBe(text)
  })
})

it('names a metric that a threshold moves', () => {
  const spec = (success_metrics: string[]) =>
    render({ title: 'Churn', problem_type: 'classification', success_metrics })['spec.md']!.replaceAll(
      /\s+/g,
      ' ',
    )
  const said = 'the threshold between two classes is chosen on validation for'
  expect(spec(['roc_auc >= 0.7'])).toContain(`${said} \`the highest f1\``)
  expect(spec(['roc_auc >= 0.7', 'mcc > 0.3'])).toContain(`${said} \`the highest mcc\``)
  expect(spec(['log_loss < 0.4', 'precision >= 99%'])).toContain(`${said} \`precision >= 0.99\``)
})
