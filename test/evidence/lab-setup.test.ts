import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { findLab, lockSha256 } from '../../src/adapters/lab/environment.ts'
import { InstallProgress } from '../../src/adapters/lab/install-progress.ts'
import { ensureLab, setUpLab } from '../../src/adapters/lab/setup.ts'
import { processStartTime } from '../../src/adapters/process/identity.ts'
import { until } from '../support/until.ts'
import { found } from '../tools/product.ts'
import { bundle, start } from './fixtures/bundle.ts'
import { sandbox } from './fixtures/sandbox.ts'

/** A PATH with a scripted uv and a scripted Python, and nothing else but the system's tools. */
function machine(options: { uv?: boolean; python?: string } = {}) {
  const box = sandbox()
  const bin = join(box.folder, 'bin')
  const log = join(box.folder, 'uv.log')
  mkdirSync(bin)
  const python = join(box.folder, 'python')
  writeFileSync(python, '#!/bin/sh\nexit 0\n', { mode: 0o755 })
  if (options.uv ?? true) copyFileSync(join(import.meta.dirname, 'fixtures', 'fake-uv.sh'), join(bin, 'uv'))
  if (options.uv ?? true) chmodSync(join(bin, 'uv'), 0o755)
  const facts = options.python ?? '["/base/python", "3.11", true]'
  for (const name of ['python3', 'python3.11', 'python3.12', 'python3.13'])
    writeFileSync(join(bin, name), `#!/bin/sh\n${facts === 'none' ? 'exit 127' : `echo '${facts}'`}\n`, {
      mode: 0o755,
    })
  writeFileSync(log, '')
  vi.stubEnv('PATH', `${bin}:/usr/bin:/bin`)
  vi.stubEnv('SPECWEAVE_PYTHON', undefined)
  vi.stubEnv('SPECWEAVE_LAB_DIR', undefined)
  vi.stubEnv('FAKE_UV_LOG', log)
  vi.stubEnv('FAKE_UV_PYTHON', python)
  const installs = () => (readFileSync(log, 'utf8').match(/pip install/g) ?? []).length
  return { ...box, bin, installs }
}

describe('the set-up of the lab', () => {
  it('uses uv where it is there, names the interpreter, and does it once', async () => {
    const { state, installs } = machine()
    expect(findLab()).toBeUndefined()
    const told: string[] = []
    const environment = await ensureLab({ progress: (message) => told.push(message) })
    expect(environment.folder).toMatch(new RegExp(`^${state}/lab/[0-9a-f]{12}$`))
    expect(readFileSync(join(state, 'lab', 'current'), 'utf8')).toBe(`${environment.python}\n`)
    expect(told).toContainEqual(expect.stringMatching(/^Package 1 of \d+: \w+$/))
    expect(findLab()).toEqual(environment)
    expect(await ensureLab()).toEqual(environment)
    expect(installs()).toBe(1)
    expect(readFileSync(join(environment.folder, 'setup.log'), 'utf8')).toContain('--require-hashes')
  })

  it('lies where SPECWEAVE_LAB_DIR says', async () => {
    const { folder } = machine()
    vi.stubEnv('SPECWEAVE_LAB_DIR', join(folder, 'elsewhere'))
    expect((await ensureLab()).python).toBe(join(folder, 'elsewhere', 'venv', 'bin', 'python'))
    expect(existsSync(join(folder, 'elsewhere', 'current'))).toBe(true)
  })

  it('goes on with a half-made environment, and remakes one of another lock or without its Python', async () => {
    const { installs } = machine()
    const { folder, python } = await ensureLab()
    rmSync(join(folder, 'ready.json'))
    expect(findLab()).toBeUndefined()
    const told: string[] = []
    await ensureLab({ progress: (message) => told.push(message) })
    expect(told).toContain('Going on with a half-made environment')
    const marker = readFileSync(join(folder, 'ready.json'), 'utf8')
    writeFileSync(join(folder, 'ready.json'), marker.replace(lockSha256(), 'f'.repeat(64)))
    expect(findLab()).toBeUndefined()
    await ensureLab()
    rmSync(python)
    expect(findLab()).toBeUndefined()
    await ensureLab()
    expect(installs()).toBe(4)
    expect(findLab()).toBeDefined()
  })

  it('shows the end of the log and what to do where it fails, and the next call goes on', async () => {
    const { state } = machine({ python: '["/base/python", "3.11", false]' })
    vi.stubEnv('FAKE_UV_FAIL', 'error: Failed to fetch: dns error: failed to lookup address')
    await expect(ensureLab()).rejects.toMatchObject({
      code: 'LAB_UNAVAILABLE',
      message: expect.stringMatching(/index could not be reached[\s\S]*setup\.log[\s\S]*dns error/),
      next: [{ person: 'specweave-ml setup', why: expect.stringContaining('network') }],
    })
    expect(existsSync(join(state, 'lab', 'current'))).toBe(false)
    vi.stubEnv('FAKE_UV_FAIL', '')
    expect(await ensureLab()).toBeDefined()
  })

  it('says what it tried where there is no Python, and both ways out', async () => {
    machine({ uv: false, python: '["/base/python", "3.9", true]' })
    await expect(setUpLab()).rejects.toMatchObject({
      code: 'INTERPRETER_MISSING',
      message: expect.stringMatching(/3\.11 or newer.*python3\.13: 3\.9, too old; .*python3: 3\.9, too old/),
      next: [{ person: expect.stringContaining('SPECWEAVE_PYTHON=') }, { person: 'specweave-ml setup' }],
    })
    vi.stubEnv('SPECWEAVE_PYTHON', '/nowhere/python')
    await expect(setUpLab()).rejects.toMatchObject({
      message: expect.stringContaining('/nowhere/python: not found'),
    })
  })

  it('names the package that Debian keeps apart', async () => {
    machine({ uv: false, python: '["/base/python", "3.11", false]' })
    await expect(setUpLab()).rejects.toMatchObject({
      code: 'LAB_UNAVAILABLE',
      next: [{ person: 'sudo apt install python3.11-venv' }, { person: expect.stringContaining('uv') }],
    })
  })

  it('ends its installer when the caller gives up', async () => {
    const { state, installs } = machine()
    vi.stubEnv('FAKE_UV_SLEEP', '60')
    const controller = new AbortController()
    const making = ensureLab({ signal: controller.signal })
    await until('the installer', () => installs() > 0)
    controller.abort(new Error('gave up'))
    await expect(making).rejects.toThrow('gave up')
    expect(existsSync(join(state, 'lab', 'current'))).toBe(false)
  })

  it('by several processes at once is done by one', async () => {
    const { installs } = machine()
    vi.stubEnv('FAKE_UV_SLEEP', '1')
    const program = await bundle('set-up-lab.ts')
    const outputs = await Promise.all([1, 2, 3].map(() => start(program, []).output))
    expect(new Set(outputs.map((text) => /^python .*$/m.exec(text)?.[0])).size).toBe(1)
    expect(outputs.filter((text) => text.includes('Waiting for process'))).toHaveLength(2)
    expect(installs()).toBe(1)
  })

  it('takes over from one that was killed, and ends what it left running', async () => {
    const { folder, state, installs } = machine()
    vi.stubEnv('FAKE_UV_SLEEP', '60')
    const program = await bundle('set-up-lab.ts')
    const dead = start(program, [])
    await until(
      'the installer, and its record',
      () => installs() > 0 && found(state, /^installing\.json$/).length > 0,
    )
    dead.child.kill('SIGKILL')
    const left = Number(/^(\d+) pip install/m.exec(readFileSync(join(folder, 'uv.log'), 'utf8'))?.[1])
    expect(processStartTime(left)).toBeDefined()
    vi.stubEnv('FAKE_UV_SLEEP', '0.1')
    expect(await ensureLab()).toBeDefined()
    expect(processStartTime(left)).toBeUndefined()
  })
})

describe('progress', () => {
  it('is read from what pip prints, each package once', () => {
    const told: string[] = []
    const progress = new InstallProgress(
      'numpy==1 ; python < "3"\nnumpy==2\nscikit-learn==3 \\\n',
      (message) => told.push(message),
    )
    for (const line of [
      'Collecting numpy==2 (from -r requirements.lock (line 1))',
      '  Downloading numpy-2-cp311.whl (1 kB)',
      'Processing /wheels/scikit_learn-3-cp311-cp311-linux.whl (from -r requirements.lock)',
      'Collecting other==1',
      'Installing collected packages: numpy, scikit-learn',
    ])
      progress.line(line)
    expect(told).toEqual(['Package 1 of 2: numpy', 'Package 2 of 2: scikit-learn', 'Writing 2 packages'])
  })
})
