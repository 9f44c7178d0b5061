import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { processStartTime } from '../../src/adapters/process/identity.ts'
import { findImports, pythonEntry } from '../../src/adapters/python/imports.ts'
import { projectInterpreter } from '../../src/adapters/python/interpreter.ts'
import { claimRun } from '../../src/runs/claim.ts'
import { readFacts } from '../../src/runs/facts.ts'
import { type PreflightHooks, preflight } from '../../src/runs/preflight.ts'
import { type PreflightRecord, readPreflight } from '../../src/runs/preflight-record.ts'
import type { RunRecord } from '../../src/runs/record.ts'
import { expectedLong } from '../../src/runs/same-command.ts'
import { stopOne } from '../../src/runs/stop-one.ts'
import { LabWorkspace } from '../support/lab-workspace.ts'
import { kill } from '../support/processes.ts'

/** No run here has a dataset. */
const NO_DATA: PreflightHooks = {
  cutSplits: async () => 'no data',
  checkSmoke: async () => ({ handed_in: [], problems: [] }),
}

let lab: LabWorkspace
beforeAll(() => {
  lab = new LabWorkspace({ config: 'id: preflight\n' })
})
afterAll(() => lab.dispose())

/** A preflight in this process, of a run that nobody else starts. */
async function looked(
  command: string[],
  more: Partial<RunRecord> = {},
  seconds = 20,
): Promise<{ refused: string | undefined; found: PreflightRecord; folder: string }> {
  const { run, folder } = await lab.submit({ command, again: true, ...more } as never)
  const claim = claimRun(folder, 1, [])!
  const { record } = readFacts(folder)!
  const claimed = { run, folder, claim, adopted: false }
  const because = await preflight(lab.workspace, await lab.index(), claimed, record, NO_DATA, seconds)
  const found = readPreflight(folder)!
  rmSync(folder, { recursive: true })
  return { refused: because?.message, found, folder }
}

const statusOf = (found: PreflightRecord, check: string) =>
  found.checks.find((part) => part.check === check)?.status

describe('the smoke run', () => {
  it('is ended at its limit, with all that it started, and that is no failure', async () => {
    const pids = join(lab.root, 'started-pids')
    const script = `echo $$ >> ${pids}; (setsid sleep 300 & echo $! >> ${pids}); sleep 300`
    const { refused, found } = await looked(['/bin/sh', '-c', script], {}, 1)
    expect(refused).toBeUndefined()
    expect(found.outcome).toBe('passed')
    expect(found.checks.at(-1)).toMatchObject({
      check: 'smoke',
      status: 'not_shown',
      message: expect.stringContaining('ended after 1 s, its limit'),
    })
    const started = readFileSync(pids, 'utf8').trim().split('\n').map(Number)
    expect(started).toHaveLength(2)
    for (const pid of started) expect(processStartTime(pid)).toBeUndefined()
  })

  it('has a folder of its own, says that it is one, and puts back what metrics_from names', async () => {
    lab.write('kept.csv', 'step,loss\n1,0.5\n')
    const said = join(lab.root, 'said')
    const script = `echo "$SPECWEAVE_SMOKE $SPECWEAVE_RUN_DIR {run_dir}" > ${said}; echo 2,9 >> kept.csv; echo x > new.csv`
    const { found, folder } = await looked(['/bin/sh', '-c', script], {
      metrics_from: [{ path: 'kept.csv' }, { path: 'new.csv' }],
    })
    expect(found.outcome).toBe('passed')
    const scratch = join(folder, '.preflight/run')
    expect(readFileSync(said, 'utf8').trim()).toBe(`1 ${scratch} ${scratch}`)
    expect(readFileSync(join(lab.root, 'kept.csv'), 'utf8')).toBe('step,loss\n1,0.5\n')
    expect(existsSync(join(lab.root, 'new.csv'))).toBe(false)
  })

  it('tells how it failed, by the end of stderr with secrets masked', async () => {
    const script =
      'for i in 1 2 3 4 5 6 7 8 9; do echo line $i >&2; done; echo at $PWD/x ^^^ >&2; echo " ^^^" >&2; echo $MY_TOKEN >&2; exit 3'
    const { refused, found } = await looked(['/bin/sh', '-c', script], {
      env: { MY_TOKEN: 'sesame-open-123' },
    })
    expect(refused).toMatch(
      /^preflight: smoke: the smoke run failed: exit code 3\. Its last words \(.*\): line 9 \/ at x \^\^\^ \/ \*{8}\. Correct/,
    )
    expect(refused).not.toContain('\n')
    const { message } = found.checks.at(-1)!
    expect(message).toContain('\nline 5\n')
    expect(message).toMatch(/line 9\nat x \^\^\^\n\*{8}$/)
    expect(message).not.toContain('line 3\n')
    expect(message).not.toContain(lab.root)
  })
})

describe('what is looked at before it', () => {
  it('stops at the first failure', async () => {
    lab.write('broken.py', 'import os\nprint("a"\n')
    const { refused, found } = await looked(['python', 'broken.py'])
    expect(refused).toMatch(/^preflight: imports: broken\.py cannot be read as Python: .*line 2/)
    expect(found.checks.map(({ check, status }) => [check, status])).toEqual([
      ['interpreter', 'pass'],
      ['imports', 'fail'],
    ])
  })

  it.each([
    ['a name that is not there', 'import nowhere\n', 'fail'],
    ['one in a package of the workspace', 'from pack.deep import thing\n', 'fail'],
    ['one by a relative import of a package', 'import pack.near\n', 'fail'],
    ['an optional one', 'try:\n    import nowhere\nexcept ImportError:\n    nowhere = None\n', 'pass'],
    ['one in a function', 'def f():\n    import nowhere\n', 'pass'],
    [
      'one for types alone',
      'from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import nowhere\n',
      'pass',
    ],
    ['one of the main guard', 'if __name__ == "__main__":\n    import nowhere\n', 'fail'],
    ['a module made by code', 'import os.path, xml.etree.ElementTree, unittest.mock\n', 'pass'],
    ['names of a package of the workspace', 'from pack import VALUE, good\nimport good_one\n', 'pass'],
    [
      'one that a longer path may have',
      'import sys\nsys.path.append("lib")\nif 0:\n    import nowhere\n',
      'pass',
    ],
  ])('imports: %s', async (_what, text, status) => {
    lab.write('pack/__init__.py', 'VALUE = 1\nopen("pack-was-run", "w")\n')
    lab.write('pack/near.py', 'from .good import x\nfrom .far import y\n')
    lab.write('pack/good.py', 'x = 1\n')
    lab.write('good_one.py', 'import json\n')
    lab.write('one.py', text)
    const place = {
      interpreter: projectInterpreter(lab.root, undefined).path,
      cwd: lab.root,
      env: { PATH: process.env.PATH ?? '' },
    }
    const found = await findImports(place, lab.root, { kind: 'script', what: 'one.py' })
    expect(found.missing.length > 0 ? 'fail' : 'pass', JSON.stringify(found)).toBe(status)
    expect(existsSync(join(lab.root, 'pack-was-run'))).toBe(false)
  })

  it('is not sure where a script changes sys.path', async () => {
    lab.write('lib/elsewhere.py', 'x = 1\n')
    lab.write('moves.py', 'import sys\nsys.path.append("lib")\nimport elsewhere\n')
    const { refused, found } = await looked(['python', 'moves.py'])
    expect(refused).toBeUndefined()
    expect(found.checks[1]).toMatchObject({
      status: 'not_shown',
      message: expect.stringContaining('elsewhere'),
    })
    expect(statusOf(found, 'smoke')).toBe('pass')
  })

  it('fails a metrics_from that can be no file', async () => {
    lab.write('folder.csv/x', '')
    const { refused } = await looked(['/bin/sh', '-c', 'true'], { metrics_from: [{ path: 'folder.csv' }] })
    expect(refused).toContain('preflight: outputs: folder.csv (metrics_from) is no file')
  })

  it('warns where more memory is asked for than is free', async () => {
    const { run, folder } = await lab.submit({ command: ['/bin/sh', '-c', 'true'], again: true })
    const claim = claimRun(folder, 1, [])!
    const record = readFacts(folder)!.record
    const asked = { ...record, resources: { ...record.resources, memory_gb: 1_000_000 } }
    const claimed = { run, folder, claim, adopted: false }
    expect(await preflight(lab.workspace, await lab.index(), claimed, asked, NO_DATA)).toBeUndefined()
    const found = readPreflight(folder)!
    expect(found).toMatchObject({ outcome: 'passed' })
    expect(found.checks.find(({ check }) => check === 'space')).toMatchObject({
      status: 'warn',
      message: expect.stringContaining('1000000 GiB asked for'),
    })
    rmSync(folder, { recursive: true })
  })

  it.each([
    [['python', 'a.py', '-m', 'x'], { kind: 'script', what: 'a.py' }],
    [['python', '-u', '-W', 'ignore', 'a.py'], { kind: 'script', what: 'a.py' }],
    [['python', '-m', 'pack.train', '--lr', '1'], { kind: 'module', what: 'pack.train' }],
    [['python', '-c', 'x'], { kind: 'code', what: 'x' }],
    [['python'], undefined],
  ])('%j runs %j', (command, entry) => {
    expect(pythonEntry(command)).toEqual(entry)
  })
})

describe('a run with a preflight', () => {
  /** The smoke run waits, the run itself ends. */
  const WAITS =
    'echo $$ >> pids; first=$(head -1 pids); [ $first != $$ ] && kill -0 $first && echo >> overlap; ' +
    '[ -n "$SPECWEAVE_SMOKE" ] && [ ! -e go ] && sleep 300; echo trained'
  const smokes = (): number[] =>
    existsSync(join(lab.root, 'pids'))
      ? readFileSync(join(lab.root, 'pids'), 'utf8').trim().split('\n').map(Number)
      : []

  it('is looked at again by its adopter, which ends what the dead supervisor left', async () => {
    const { folder } = await lab.submit({ command: ['/bin/sh', '-c', WAITS], preflight: true })
    await lab.schedule()
    const supervisor = await lab.claim(folder)
    const first = await lab.until('the first smoke run', () => smokes()[0])
    kill(supervisor.pid, 'SIGKILL')
    await lab.until('its death', () => processStartTime(supervisor.pid) === undefined)
    expect(processStartTime(first)).toBeDefined()
    writeFileSync(join(lab.root, 'go'), '')
    expect(await lab.end(folder)).toMatchObject({ state: 'succeeded', judged_by: 'adopter' })
    expect(processStartTime(first)).toBeUndefined()
    expect(existsSync(join(lab.root, 'overlap'))).toBe(false)
    // The first smoke run, the adopter's, and the run.
    expect(smokes()).toHaveLength(3)
    expect(readPreflight(folder)).toMatchObject({ outcome: 'passed' })
    expect(readFileSync(join(folder, 'logs/stdout.log'), 'utf8')).toBe('trained\n')
    expect(readdirSync(folder)).not.toContain('.preflight')
    rmSync(join(lab.root, 'pids'))
    rmSync(join(lab.root, 'go'))
  })

  it('is stopped in the middle of it', async () => {
    const { run, folder } = await lab.submit({
      command: ['/bin/sh', '-c', WAITS],
      preflight: true,
      again: true,
    })
    await lab.schedule()
    const pid = await lab.until('the smoke run', () => smokes()[0])
    const signal = new AbortController().signal
    expect(await stopOne(lab.workspace, await lab.index(), { run, folder }, 'enough', signal)).toEqual({
      state: 'stopped',
      reason: 'enough',
    })
    expect(processStartTime(pid)).toBeUndefined()
    expect(smokes()).toHaveLength(1)
    expect(readPreflight(folder)).toMatchObject({ outcome: 'stopped' })
    expect(readdirSync(folder)).not.toContain('.preflight')
  })

  it('is expected to be long by earlier runs of its command, else by its timeout', async () => {
    const index = await lab.index()
    const long = (command: string[], timeout?: number) =>
      expectedLong(index, '0001', { command, cwd: '.' }, timeout)
    const known = ['/bin/sh', '-c', WAITS]
    expect(long(known, 7200)).toBe(false)
    index.driver.run("UPDATE runs SET duration_s = 601 WHERE state = 'succeeded'")
    expect(long(known)).toBe(true)
    expect([long(['new']), long(['new'], 3599), long(['new'], 3600)]).toEqual([false, false, true])
  })
})
