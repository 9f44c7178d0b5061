import { execFileSync } from 'node:child_process'
import {
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PROGRAM } from '../hosts/mcp-client.ts'
import { found, NO_LAB } from '../tools/product.ts'
import { expectNoControls, expectRefusal, expectShowable } from './answers.ts'
import { changes, OUTSIDE_SECRET, outside, Place } from './place.ts'

const INCREMENT = '.specweave/increments/0001-churn-model'
const RUN = `${INCREMENT}/experiments/exp-001-forest`

let place: Place
beforeAll(async () => {
  place = await new Place().begin()
})
afterAll(() => place.dispose())

/** @returns the refusal, which changed nothing. */
async function refused(tool: string, args: object): Promise<{ code: string; message: string }> {
  const before = place.tree()
  const { reply, line } = await (await place.wire()).call(tool, args)
  expectShowable(line)
  expect(reply.result?.isError, line.slice(0, 1000)).toBe(true)
  expectRefusal(reply.result?.structuredContent)
  expect(changes(before, place.tree())).toEqual([])
  return reply.result?.structuredContent as { code: string; message: string }
}

/** The command line, as people start it. */
function cli(...args: string[]): { code: number; text: string } {
  try {
    const text = execFileSync(process.execPath, [PROGRAM, ...args], {
      cwd: place.root,
      env: place.env,
      encoding: 'utf8',
      timeout: 45_000,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    return { code: 0, text }
  } catch (cause) {
    const { status, stdout, stderr } = cause as { status: number | null; stdout: string; stderr: string }
    if (status === null) throw cause
    return { code: status, text: stdout + stderr }
  }
}

describe.skipIf(NO_LAB)('a data source that is no file of the workspace', () => {
  const data = { name: 'd', target: 'y', problem_type: 'classification' }
  it.each([
    ['a FIFO', 'pipe', 'DATASET_INVALID'],
    ['a device', '/dev/zero', 'DATASET_INVALID'],
    ['a terminal', '/dev/tty', /DATASET_INVALID|FILE_MISSING/],
    ['a folder', '.', 'DATASET_INVALID'],
    ['a link to nowhere', 'nowhere', 'FILE_MISSING'],
    ['a link to a FIFO', 'to-pipe', 'DATASET_INVALID'],
    ['a zip by its name', 'archive.zip', 'DATASET_INVALID'],
  ])('%s is refused', async (_what, source, code) => {
    if (source === 'nowhere') symlinkSync('no-such-file', join(place.root, source))
    if (source === 'to-pipe') symlinkSync('pipe', join(place.root, source))
    if (source === 'archive.zip') place.write(source, Buffer.from('PK\u0003\u0004../../evil'))
    expect((await refused('register_dataset', { ...data, source })).code).toMatch(code)
  })

  it('a link to the outside is said, or refused', async () => {
    const { reply, line } = await (await place.wire()).call('register_dataset', {
      ...data,
      source: 'link-out/secret.txt',
    })
    expectShowable(line)
    expect(reply.result?.isError).toBe(true)
  })
})

describe('a link out of the workspace is not written through', () => {
  it.each([
    ['the living documents', '.specweave/docs', 'sync_docs', {}],
    ['the ledger', '.specweave/ledger', 'validate_increment', {}],
    [
      'the increments',
      '.specweave/increments',
      'create_increment',
      { title: 'x', problem_type: 'regression' },
    ],
    [
      'the experiments of an increment',
      `${INCREMENT}/experiments`,
      'run_experiment',
      { increment: '0001', name: 'x', command: ['true'] },
    ],
    [
      'the reports of an increment',
      `${INCREMENT}/reports`,
      'complete_increment',
      { increment: '0001', outcome: 'not_passed', reason: 'x' },
    ],
    ['the code', '.specweave/code', 'run_experiment', { increment: '0001', name: 'x', command: ['true'] }],
  ])('%s', async (_what, path, tool, args) => {
    const away = join(place.base, 'beside', 'away')
    const link = join(place.root, path)
    rmSync(away, { recursive: true, force: true })
    mkdirSync(link, { recursive: true })
    cpSync(link, away, { recursive: true })
    const kept = `${link}.kept`
    renameSync(link, kept)
    symlinkSync(away, link)
    try {
      const before = place.tree()
      const { reply, line } = await (await place.wire()).call(tool, args)
      if (reply.result?.isError) expectRefusal(reply.result.structuredContent)
      await place.settled()
      expect(outside(changes(before, place.tree())), line.slice(0, 500)).toEqual([])
    } finally {
      rmSync(link)
      renameSync(kept, link)
      rmSync(away, { recursive: true, force: true })
    }
  })

  it('an increment that is a link is none', async () => {
    cpSync(join(place.root, INCREMENT), join(place.base, 'beside/0007-away'), { recursive: true })
    symlinkSync(join(place.base, 'beside/0007-away'), join(place.root, '.specweave/increments/0007-away'))
    try {
      for (const [tool, args] of [
        ['get_increment', { increment: '0007' }],
        ['run_experiment', { increment: '0007', name: 'x', command: ['true'] }],
        ['validate_increment', { increment: '0007' }],
      ] as const)
        expect((await refused(tool, args)).code).toMatch(/INCREMENT_UNKNOWN|PATH_OUTSIDE_WORKSPACE/)
      expect(
        (await place.call<{ runs: { run: string }[] }>('list_runs')).runs.map(({ run }) => run),
      ).not.toContain('0007/exp-001-forest')
    } finally {
      rmSync(join(place.root, '.specweave/increments/0007-away'))
    }
  })

  it('a model that is a link is not kept', async () => {
    const { run } = await place.run({
      name: 'linked',
      command: [
        'python3',
        '-c',
        `
import json, os
d = os.environ["SPECWEAVE_RUN_DIR"]
os.makedirs(d + "/artifacts", exist_ok=True)
os.symlink(${JSON.stringify(join(place.base, 'beside/secret.txt'))}, d + "/artifacts/model.pkl")
open(d + "/events/h-1-a.jsonl", "w").write(json.dumps({"k": "model", "n": "artifacts/model.pkl", "format": "joblib", "t": 1}) + "\\n" + json.dumps({"k": "artifact", "n": "artifacts/model.pkl", "kind": "model", "t": 1}) + "\\n")
`,
      ],
    })
    await place.call('compare_runs', { increment: '0001' })
    const { reply } = await (await place.wire()).call('evaluate_run', { run, split: 'test' })
    expect(reply.result?.isError).toBe(true)
    const copies = found(join(place.root, '.specweave'), /./).filter(
      (file) => lstatSync(file).isFile() && readFileSync(file).includes(OUTSIDE_SECRET),
    )
    expect(copies).toEqual([])
  })
})

describe('special files in the place of documents, logs and predictions hold up nothing', () => {
  const files = [
    `${INCREMENT}/spec.md`,
    `${INCREMENT}/tasks.md`,
    `${RUN}/logs/stderr.log`,
    `${RUN}/events/x.jsonl`,
    `${RUN}/predictions/validation.csv`,
    `${RUN}/samples.jsonl`,
    '.specweave/ml.yaml',
  ]
  const cases = files.flatMap((path) => ['fifo', '/dev/zero', 'folder'].map((what) => [what, path] as const))
  it.each(cases)('%s as %s', async (what, path) => {
    place.keep()
    const before = place.tree()
    const file = join(place.root, path)
    try {
      rmSync(file, { force: true })
      if (what === 'fifo') execFileSync('mkfifo', [file])
      else if (what === 'folder') mkdirSync(file)
      else symlinkSync(what, file)
      const wire = await place.wire()
      for (const [tool, args] of [
        ['list_runs', {}],
        ['get_run', { run: '0001/exp-001-forest' }],
        ['get_increment', { increment: '0001' }],
        ['validate_increment', { increment: '0001' }],
        ['evaluate_run', { run: '0001/exp-001-forest', split: 'validation' }],
      ] as const) {
        const { reply, line } = await wire.request('tools/call', { name: tool, arguments: args })
        expectShowable(line)
        if (reply.result?.isError) expectRefusal(reply.result.structuredContent)
      }
    } finally {
      place.restore(before)
    }
  })
})

describe('names of control, bidirectional and zip-like characters', () => {
  const names = [
    '\u001b[2Jx',
    'user\u202egnp.exe',
    'a\u0000b',
    '../x.zip/../../y',
    'x\u0008\u0008',
    'x\r\nset-cookie: y',
    '\u009d0;t\u009c',
    'x\u2066y\u2069',
  ]
  it.each(names)('%j as a run, a parameter, a tag and a title', async (name) => {
    const wire = await place.wire()
    for (const [tool, args] of [
      ['run_experiment', { increment: '0001', name, command: ['true'], params: { [name]: name } }],
      ['create_increment', { title: name, problem_type: 'regression' }],
      ['get_increment', { increment: name }],
      ['stop_run', { run: '0001/exp-001-forest', reason: name }],
      ['list_runs', { where: [`${name}=${name}`] }],
    ] as const) {
      const { reply, line } = await wire.call(tool, args)
      if (reply.result?.isError) expectRefusal(reply.result.structuredContent)
      for (const { text } of reply.result?.content ?? []) expectNoControls(text)
      expectShowable(line, name)
    }
    await place.settled()
    const paths = readdirSync(join(place.root, '.specweave'), { recursive: true, encoding: 'utf8' })
    for (const path of paths) expect(path).toMatch(/^[\w./@-]+$/)
    expectNoControls(cli('list-runs').text)
  })

  it('in file names that a script makes', async () => {
    const program = String.raw`
import os
d = os.environ["SPECWEAVE_RUN_DIR"]
os.makedirs(d + "/artifacts", exist_ok=True)
for n in ["\x1b[31mred", "\u202etxt.exe", "a\nb", "__proto__", "x.zip", "\x9b2J"]:
    open(d + "/artifacts/" + n, "w").write("x")
    open(d + "/events/" + n + ".jsonl", "w").write('{"k":"metric","n":"loss","v":1}\n')
`
    const view = await place.run({ name: 'files', command: ['python3', '-c', program] })
    expect(view.state).toBe('succeeded')
    const { reply } = await (await place.wire()).call('get_run', { run: view.run, curves: ['*'] })
    expectNoControls(reply.result!.content![0]!.text)
    expectNoControls(cli('get-run', view.run).text)
  })
})

it('a directory that cannot be a workspace is left as it is', () => {
  const file = join(place.base, 'beside', 'file')
  writeFileSync(file, 'x')
  const { code, text } = cli('--workspace', file, 'list-runs')
  expect(code).toBe(1)
  expectShowable(text)
  expect(readFileSync(file, 'utf8')).toBe('x')
})
