import { createHash } from 'node:crypto'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { readSeen, recordSeen, type SeenRecord } from '../../src/runs/seen-files.ts'
import { LabWorkspace } from '../support/lab-workspace.ts'
import { kill } from '../support/processes.ts'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const paths = (record: SeenRecord | undefined) => record?.files.map(({ path }) => path)

const SLOW_READER = `
import time
open('data/a.csv').read()
for i in range(20):
    print(i, flush=True); time.sleep(0.05)
`

test('programs that were started with the source are kept, each command once, without secrets', async () => {
  const root = mkdtempSync(join(tmpdir(), 'specweave-ml-started-'))
  const line = (command: string, t: number) =>
    JSON.stringify({ k: 'started', t, command, source: 'data/churn.csv' })
  mkdirSync(join(root, 'run/seen'), { recursive: true })
  writeFileSync(
    join(root, 'run/seen/host.jsonl'),
    [
      line(`cat ${root}/data/churn.csv --password=hunter22`, 20),
      line(`cat ${root}/data/churn.csv --password=hunter22`, 30),
      line('git show HEAD:data/churn.csv', 10),
      '{"k":"started","t":1,"command":7,"source":"x"}',
    ].join('\n'),
  )
  await recordSeen(root, join(root, 'run'))
  expect(readSeen(join(root, 'run'))).toEqual({
    format: 1,
    files: [],
    complete: true,
    started: [
      { command: 'git show HEAD:data/churn.csv', source: 'data/churn.csv', at: '1970-01-01T00:00:10.000Z' },
      {
        command: 'cat data/churn.csv --password=********',
        source: 'data/churn.csv',
        at: '1970-01-01T00:00:20.000Z',
      },
    ],
  })
  rmSync(root, { recursive: true, force: true })
})

describe('a run', () => {
  let lab: LabWorkspace
  afterEach(() => lab.dispose())

  test('has what its script was seen to read, with hashes, in its record', async () => {
    lab = new LabWorkspace({ git: true })
    lab.write('data/a.csv', 'a\n1\n')
    symlinkSync('data/a.csv', join(lab.root, 'link.csv'))
    lab.write('b.csv', 'b\n1\n')
    lab.write(
      'train.py',
      "open('link.csv').read(); open('b.csv').read(); open('b.csv', 'a').write('more\\n'); open('c.csv', 'w').write('c')",
    )
    const { folder } = await lab.submit({ command: ['python', 'train.py'] })
    await lab.schedule()
    expect(await lab.end(folder)).toMatchObject({ state: 'succeeded', warnings: [] })
    expect(readSeen(folder)).toEqual({
      format: 1,
      files: [
        {
          path: 'b.csv',
          bytes: 4,
          sha256: null,
          opened: expect.any(String),
          modified: expect.any(String),
        },
        {
          path: 'data/a.csv',
          bytes: 4,
          sha256: sha256('a\n1\n'),
          opened: expect.any(String),
          modified: new Date(Math.floor(statSync(join(lab.root, 'data/a.csv')).mtimeMs)).toISOString(),
        },
      ],
      complete: true,
    })
  })

  test('has it also where its supervisor was killed, and where it is lost', async () => {
    lab = new LabWorkspace()
    lab.write('data/a.csv', 'a\n1\n')
    const { folder } = await lab.start(SLOW_READER)
    await lab.until('the first note', () => existsSync(join(folder, 'seen')))
    kill((await lab.claim(folder)).pid)
    expect(await lab.end(folder)).toMatchObject({ state: 'succeeded', judged_by: 'adopter' })
    expect(paths(readSeen(folder))).toEqual(['data/a.csv'])
    const lost = await lab.start(`${SLOW_READER}time.sleep(60)`)
    await lab.until(
      'output',
      () => existsSync(join(lost.folder, 'logs/stdout.log')) && lab.log(lost.folder).includes('1'),
    )
    kill((await lab.claim(lost.folder)).pid)
    kill(-(await lab.started(lost.folder)).pid)
    expect(await lab.end(lost.folder)).toMatchObject({ state: 'lost' })
    expect(paths(readSeen(lost.folder))).toEqual(['data/a.csv'])
  })

  test('has no such record where its program is no Python, or keeps the hook out', async () => {
    lab = new LabWorkspace()
    lab.write('a.csv', 'a\n1\n')
    const shell = await lab.submit({ command: ['cat', 'a.csv'] })
    const isolated = await lab.submit({
      name: 'isolated',
      command: ['python', '-I', '-c', "open('a.csv').read()"],
    })
    await lab.schedule()
    for (const { folder } of [shell, isolated]) {
      expect(await lab.end(folder)).toMatchObject({ state: 'succeeded' })
      expect(readSeen(folder)).toBeUndefined()
    }
  })
})

describe('recordSeen', () => {
  const folders: string[] = []
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
  })

  function noted(lines: (root: string) => unknown[]): { root: string; folder: string } {
    const root = mkdtempSync(join(tmpdir(), 'specweave-ml-seen-'))
    folders.push(root)
    const folder = join(root, 'run')
    mkdirSync(join(folder, 'seen'), { recursive: true })
    const text = lines(root).map((line) => (typeof line === 'string' ? line : JSON.stringify(line)))
    writeFileSync(join(folder, 'seen/host.jsonl'), text.join('\n'))
    return { root, folder }
  }
  const note = (path: string, over: object = {}) => ({
    k: 'seen',
    t: 1,
    path,
    bytes: 1,
    mtime_ns: '1000000',
    ...over,
  })

  test('takes what is whole of what was noted, by any process, once', async () => {
    const { root, folder } = noted((root) => [
      { k: 'start', t: 1 },
      note(`${root}/z.csv`, { t: 5 }),
      note('relative.csv'),
      note(`${root}/huge.csv`, { mtime_ns: '9'.repeat(30) }),
      note(`${root}/n.csv`, { bytes: 'many' }),
      '[1, 2]',
      'null',
      '{"k":"seen","path":"/to',
    ])
    appendFileSync(
      join(folder, 'seen/other.jsonl'),
      `${JSON.stringify(note(`${root}/z.csv`))}\n${JSON.stringify(note(`${homedir()}/x/y.csv`))}\n`,
    )
    await recordSeen(root, folder)
    const record = readSeen(folder)
    expect(record?.complete).toBe(true)
    expect(record?.files.map(({ path, opened, sha256 }) => [path, opened, sha256])).toEqual([
      ['z.csv', '1970-01-01T00:00:01.000Z', null],
      ['~/x/y.csv', '1970-01-01T00:00:01.000Z', null],
    ])
  })

  test('says where there was more, and changes nothing when it is done again', async () => {
    const { root, folder } = noted((root) => [note(`${root}/z.csv`), { k: 'full' }])
    await recordSeen(root, folder)
    expect(readSeen(folder)).toMatchObject({ complete: false })
    const before = statSync(join(folder, 'seen.json'), { bigint: true })
    await recordSeen(root, folder)
    expect(statSync(join(folder, 'seen.json'), { bigint: true }).ino).toBe(before.ino)
    expect(readdirSync(folder).sort()).toEqual(['seen', 'seen.json'])
  })

  test('waits for no pipe that took a file’s place, and reads no record of another shape', async () => {
    const { root, folder } = noted((root) => [note(`${root}/seen-folder`)])
    mkdirSync(join(root, 'seen-folder'))
    await recordSeen(root, folder)
    expect(readSeen(folder)?.files[0]?.sha256).toBeNull()
    const text = readFileSync(join(folder, 'seen.json'), 'utf8')
    writeFileSync(join(folder, 'seen.json'), text.replace('"files"', '"filed"'))
    expect(readSeen(folder)).toBeUndefined()
  })
})
