import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { claimsIn } from '../../src/hosts/hooks/claims.ts'
import { LabWorkspace } from '../support/lab-workspace.ts'
import { withoutSqlite } from '../support/without-better-sqlite3.ts'
import { ROOT } from './mcp-client.ts'

let lab: LabWorkspace
beforeEach(() => {
  lab = new LabWorkspace()
})
afterEach(() => lab.dispose())

interface Said {
  code: number | null
  text: string
  output?: {
    systemMessage?: string
    decision?: string
    reason?: string
    hookSpecificOutput?: { additionalContext: string }
  }
}

/** As the assistant calls it: the event on stdin. */
function hook(
  name: string,
  event: object | string,
  cwd = lab.root,
  more: Record<string, string> = {},
): Promise<Said> {
  return new Promise((done) => {
    const child = spawn(process.execPath, [join(ROOT, 'dist/hook.cjs'), name], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { PATH: process.env.PATH, HOME: lab.root, SPECWEAVE_STATE_DIR: lab.state, ...more },
    })
    let text = ''
    child.stdout.on('data', (chunk) => {
      text += chunk
    })
    child.once('close', (code) => done({ code, text, ...(text ? { output: JSON.parse(text) } : {}) }))
    child.stdin.end(typeof event === 'string' ? event : JSON.stringify({ cwd, ...event }))
  })
}

describe('the hooks', () => {
  it('are the ones that hooks.json calls', async () => {
    const { hooks } = JSON.parse(readFileSync(join(ROOT, 'hooks/hooks.json'), 'utf8'))
    const names = [...JSON.stringify(hooks).matchAll(/hook\.cjs\\+" ([a-z-]+)/g)].map(([, name]) => name!)
    expect(names).toHaveLength(3)
    for (const name of names) expect(await hook(name, {})).toEqual({ code: 0, text: '' })
  })

  it('say nothing where there is no workspace, or what is read is no event', async () => {
    for (const name of ['session-start', 'before-stop', 'edited-file'])
      expect(await hook(name, { tool_input: { file_path: '/x' } }, '/')).toEqual({ code: 0, text: '' })
    expect(await hook('session-start', '{"cwd":')).toEqual({ code: 0, text: '' })
  })

  it('at the start name what runs and what ended since the last session', async () => {
    const failed = await lab.submit({ command: ['false'] })
    await lab.schedule()
    await lab.end(failed.folder)
    const going = await lab.submit({ command: ['sleep', '60'], params: { long: 1 } })
    await lab.schedule()
    const { output } = await hook('session-start', {})
    const told = output!.hookSpecificOutput!.additionalContext
    expect(told).toContain(`${failed.run} failed (exit code 1)`)
    expect(told).toMatch(new RegExp(`Not ended: ${going.run} \\(`))
    const stop = await hook('before-stop', {})
    expect(stop.output).toEqual({ systemMessage: `SpecWeave ML: ${going.run} goes on without this session.` })
    const again = await hook('session-start', {})
    expect(again.output!.hookSpecificOutput!.additionalContext).not.toContain('failed')
  })

  it('at the start say what is missing where there is no SQLite, and nothing later', async () => {
    const env = withoutSqlite(lab.root)
    const { code, output } = await hook('session-start', {}, lab.root, env)
    expect(code).toBe(0)
    expect(Object.keys(output!)).toEqual(['systemMessage'])
    expect(output!.systemMessage).toMatch(
      new RegExp(`no SQLite in Node ${process.versions.node}; put Node 22\\.13 or newer on the PATH`),
    )
    for (const name of ['before-stop', 'edited-file'])
      expect(await hook(name, { last_assistant_message: 'f1 = 0.9' }, lab.root, env)).toEqual({
        code: 0,
        text: '',
      })
  })

  it('before a stop name a number that only a script reported, once', async () => {
    const write = `mkdir -p "$SPECWEAVE_RUN_DIR/events" && echo '{"k":"metric","n":"accuracy","v":0.9731,"t":1}' > "$SPECWEAVE_RUN_DIR/events/h-1-a.jsonl"`
    const { run, folder } = await lab.submit({ command: ['/bin/sh', '-c', write] })
    await lab.schedule()
    await lab.end(folder)
    const said = (text: string, more = {}) => hook('before-stop', { last_assistant_message: text, ...more })
    const { output } = await said('Done: the model has an accuracy of 97.3 % now.')
    expect(output).toMatchObject({ decision: 'block' })
    expect(output!.reason).toContain(`what the script of ${run} reported`)
    expect((await said('Its validation_accuracy is 0.973.')).output).toMatchObject({ decision: 'block' })
    for (const fine of [
      'It has an accuracy of 0.91.',
      'Accuracy is not measured yet.',
      'It took 97.3 s.',
      'The accuracy is 0.973 (reported by the script, not measured).',
    ])
      expect((await said(fine)).text).toBe('')
    expect((await said('The accuracy is 0.973.', { stop_hook_active: true })).text).toBe('')
  })

  it('after an edit warn where the file belongs to the record', async () => {
    const edit = (path: string) => hook('edited-file', { tool_input: { file_path: path } })
    const experiments = '.specweave/increments/0001-trial/experiments'
    mkdirSync(join(lab.root, experiments, 'exp-001-x'), { recursive: true })
    for (const path of [
      `${experiments}/exp-001-x/metrics.json`,
      `${experiments}/exp-001-x/params.json`,
      `${experiments}/exp-001-x/s1/run.json`,
      '.specweave/ledger/a.jsonl',
      '.specweave/datasets/churn/v1/test.csv',
    ]) {
      const { output } = await edit(join(lab.root, path))
      const told = output!.hookSpecificOutput!.additionalContext
      expect(told).toContain(`SpecWeave ML: ${path} `)
      if (!path.includes('/datasets/'))
        expect(told).toContain(`\`node ${join(ROOT, 'dist/main.js')} verify\``)
      expect(told).not.toContain('`specweave-ml')
      expect(told.includes('an edit of these is named')).toBe(/(?:metrics|run)\.json$/.test(path))
    }
    for (const path of [
      'train.py',
      '.specweave/increments/0001-trial/plan.md',
      '.specweave/increments/0001-trial/scripts/train.py',
    ])
      expect((await edit(join(lab.root, path))).text).toBe('')
  })
})

describe('claims in a text', () => {
  const found = (text: string) =>
    claimsIn(text, ['roc_auc', 'f1', 'accuracy']).map(({ metric, value, digits }) => [metric, value, digits])

  it('are a metric and the number that follows', () => {
    expect(found('ROC AUC: 0.924, accuracy of about 95 % on test')).toEqual([
      ['roc_auc', 0.924, 3],
      ['accuracy', 0.95, 2],
    ])
    expect(found('f1 = 0.8')).toEqual([['f1', 0.8, 1]])
  })

  it('are not numbers of something else', () => {
    expect(found('accuracy was not measured. It took 12 s')).toEqual([])
    expect(found('accuracy; 3 runs')).toEqual([])
    expect(found('An accuracy of 0.97 is what the script reported. F1 is 0.8.')).toEqual([['f1', 0.8, 1]])
  })
})
