import { spawn, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commands } from '../../src/hosts/cli/commands.ts'
import { tools } from '../../src/tools/registry.ts'
import { PROGRAM } from '../hosts/mcp-client.ts'
import { found, Product } from './product.ts'

let product: Product
beforeAll(async () => {
  product = new Product('id: cli\n')
  await product.call('create_increment', { title: 'churn model', problem_type: 'classification' })
  await product.close()
})
afterAll(() => product.dispose())

interface Ended {
  code: number | null
  out: string
  err: string
}

/** The program as a script or a CI job starts it: nobody types, nobody watches. */
function cli(...args: string[]): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], {
    cwd: product.root,
    env: product.env,
    encoding: 'utf8',
    input: '',
    timeout: 250_000,
  })
  return { code: status, out: stdout, err: stderr }
}

/** `script` of util-linux gives a command a terminal; the one of macOS takes its arguments otherwise. */
const NO_PTY =
  spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') === true
    ? undefined
    : 'there is no `script` of util-linux'

/** The program on a terminal. @param typed by the person, a moment after the prompt came */
function terminal(
  args: string[],
  typed = '',
  prompt = /./,
): Promise<{ code: number | null; screen: string }> {
  const line = [process.execPath, PROGRAM, ...args]
    .map((word) => `'${word.replaceAll("'", `'\\''`)}'`)
    .join(' ')
  const child = spawn('script', ['-qec', line, '/dev/null'], {
    cwd: product.root,
    env: { ...product.env, TERM: 'xterm', COLUMNS: '120' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let screen = ''
  let answered = typed === ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    screen += text
    if (answered || !prompt.test(screen)) return
    answered = true
    child.stdin.write(typed)
  })
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, screen: plain(screen) })))
}

function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours and cursor movements of a terminal
  return text.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, '').replaceAll('\r', '')
}

describe('run and call', () => {
  it('runs a command after --, waits, and prints the run', () => {
    const ran = cli(
      'run',
      '--increment',
      '0001',
      '--name',
      'hello',
      '--wait-s',
      '40',
      '--',
      'python3',
      '-c',
      'print("hi")',
    )
    expect(ran).toMatchObject({ code: 0, out: expect.stringContaining('0001/exp-001-hello: succeeded') })
    expect(ran.out).toContain('hi')
  })

  it('gives JSON with --json, for the tool and for the short form', () => {
    const { code, out } = cli('get-run', '0001/exp-001-hello', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ run: '0001/exp-001-hello', state: 'succeeded', exit_code: 0 })
  })

  it('call prints the structured answer and exits 0, or the refusal and exits 1', () => {
    const answer = cli('call', 'get_run', '{"run": "0001/exp-001-hello"}')
    expect([answer.code, answer.err, JSON.parse(answer.out).state]).toEqual([0, '', 'succeeded'])
    const refusal = cli('call', 'get_run', '{"run": "0001/exp-001-helo"}')
    expect([refusal.code, refusal.err]).toEqual([1, ''])
    expect(JSON.parse(refusal.out)).toMatchObject({ code: 'RUN_UNKNOWN', next: [{ tool: 'get_run' }] })
  })

  it('tells a refusal in words, with a command that works as pasted', () => {
    const { code, out, err } = cli('get-run', '0001/exp-001-helo')
    expect([code, out]).toEqual([1, ''])
    expect(err).toMatch(/^Refused \(RUN_UNKNOWN\): There is no run .*Did you mean 0001\/exp-001-hello\?/)
    const pasted = /^ {2}(node .* get-run .*)$/m.exec(err)?.[1]
    const again = spawnSync('sh', ['-c', pasted ?? 'false'], {
      cwd: product.root,
      env: product.env,
      encoding: 'utf8',
    })
    expect([again.status, again.stdout]).toEqual([0, expect.stringContaining('succeeded')])
  })

  it('follows a run to its end: exit code 0 where it succeeds, 1 where it fails', () => {
    const script = 'import time\nfor i in range(3): print("line", i, flush=True); time.sleep(0.2)'
    cli('run', '--increment', '0001', '--name', 'long', '--', 'python3', '-c', script)
    const followed = cli('get-run', '0001/exp-002-long', '--follow')
    expect([followed.code, followed.out]).toEqual([0, 'line 0\nline 1\nline 2\n'])
    expect(followed.err).toContain('succeeded')
    cli('run', '--increment', '0001', '--name', 'bad', '--', 'python3', '-c', 'import sys; sys.exit(4)')
    const failed = cli('get-run', '0001/exp-003-bad', '--follow')
    expect([failed.code, failed.err]).toEqual([1, expect.stringContaining('exit code 4')])
  })
})

describe('help and wrong command lines', () => {
  const names = [
    ...tools.map(({ name }) => name.replaceAll('_', '-')),
    ...commands.map(({ name }) => name),
    'run',
  ]
  it.each(names)('%s --help shows an example that begins as the program was started', (name) => {
    const { code, out } = cli(name, '--help')
    expect(code).toBe(0)
    expect(out).toMatch(new RegExp(`Examples?:\\n {2}node \\S+main\\.js ${name === 'run' ? 'run' : name}`))
  })

  it.each([
    [['trian'], /unknown command/],
    [['get-rnu', 'x'], /Did you mean get-run\?/],
    [['list-runs', '--stat', 'failed'], /--stat/],
    [['get-run', '--log-lines'], /--log-lines/],
  ])('%j is a wrong command line: exit 2, nothing done', (args, says) => {
    const before = product.tree()
    const { code, err } = cli(...args)
    expect([code, err]).toEqual([2, expect.stringMatching(says)])
    expect(product.tree()).toEqual(before)
  })
})

describe('a command for people with a flag that it does not have', () => {
  // src/hosts/cli/run-cli.ts: parseArgs' error becomes a defect (70); verify, doctor, rebuild-index read no flags at all (0).
  it.each([
    [['verify', '--rescore'], /--rescore/],
    [['verify', '--tomorrow'], /--tomorrow/],
    [['doctor', '--tomorrow'], /--tomorrow/],
    [['rebuild-index', 'everything'], /everything/],
    [['setup', '--skd'], /--skd/],
    [['approve', '0001', '--wave', 'x'], /--wave/],
  ])('%j exits 2', (args, says) => {
    const { code, err } = cli(...args)
    expect([code, err]).toEqual([2, expect.stringMatching(says)])
  })
})

describe('doctor and verify', () => {
  it('doctor looks at everything', () => {
    const { out } = cli('doctor')
    for (const what of [
      /ok +Node/,
      /SQLite/,
      /scripts run with Python/,
      /lab/,
      /Git/,
      /GPU/,
      /index: \d+ runs/,
      /ledger/,
    ])
      expect(out).toMatch(what)
  })

  it('verify names file and line of what was tampered with, and exits 1', () => {
    cli('call', 'validate_increment', '{"increment": "0001"}')
    expect(cli('verify')).toMatchObject({ code: 0, out: expect.stringContaining('The ledger verifies.') })
    const [file = ''] = found(`${product.root}/.specweave/ledger`, /\.jsonl$/)
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replace('"incomplete"', '"pass"'))
    const { code, err } = cli('verify')
    expect([code, err]).toEqual([1, expect.stringMatching(/ledger\/[0-9a-f]+\.jsonl:\d+: /)])
    expect(cli('doctor')).toMatchObject({
      code: 1,
      out: expect.stringMatching(/problem +\S*ledger\/\S+:\d+/),
    })
    writeFileSync(file, text)
    expect(cli('verify').code).toBe(0)
  })
})

describe('approve', () => {
  it('is refused where nobody can type, and records nothing', () => {
    const before = product.tree()
    const { code, err } = cli('approve', '0001')
    expect([code, err]).toEqual([1, expect.stringContaining('TERMINAL_REQUIRED')])
    expect(err).toContain('approve 0001')
    expect(product.tree()).toEqual(before)
  })

  it.skipIf(NO_PTY)(`takes a person's word on a terminal (${NO_PTY ?? 'on a pty'})`, async () => {
    const confirmed = (): string =>
      JSON.parse(cli('call', 'validate_increment', '{"increment": "0001"}').out).checks.find(
        ({ id }: { id: string }) => id === 'criteria.confirmed',
      ).status
    expect(confirmed()).not.toBe('pass')
    const no = await terminal(['approve', '0001'], 'no\n', /yes\/no/)
    expect([no.code, no.screen]).toEqual([1, expect.stringContaining('nothing was recorded')])
    expect(confirmed()).not.toBe('pass')
    const yes = await terminal(['approve', '0001'], 'yes\n', /yes\/no/)
    expect([yes.code, yes.screen]).toEqual([0, expect.stringMatching(/roc_auc >= [\s\S]*kept in the ledger/)])
    expect(confirmed()).toBe('pass')
  })
})

describe('the home screen', () => {
  it.skipIf(NO_PTY)(
    `says where the workspace stands, and three commands (${NO_PTY ?? 'on a pty'})`,
    async () => {
      const { code, screen } = await terminal([])
      expect(code).toBe(0)
      expect(screen).toMatch(/^SpecWeave ML \d/)
      expect(screen).toContain('0001-churn-model  active, 3 runs')
      const next = /Next:\n((?: {2}.*\n)+)/.exec(screen)?.[1]?.trimEnd().split('\n') ?? []
      expect(next).toHaveLength(3)
      for (const line of next) {
        const [pasted = ''] = line.trim().split(/ {3,}/)
        const ran = spawnSync('sh', ['-c', pasted], {
          cwd: product.root,
          env: product.env,
          encoding: 'utf8',
          input: '',
        })
        // 1: the verdict of validate-increment is no pass yet. A refusal would stand on stderr.
        expect([pasted, ran.status]).toEqual([pasted, pasted.includes('validate') ? 1 : 0])
        expect(ran.stderr).not.toContain('Refused')
      }
    },
  )

  it('is no screen for a client: without a terminal the program serves MCP', () => {
    const initialize = {
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 't', version: '1' } },
    }
    const { stdout } = spawnSync(process.execPath, [PROGRAM], {
      cwd: product.root,
      env: product.env,
      encoding: 'utf8',
      input: `${JSON.stringify(initialize)}\n`,
    })
    expect(JSON.parse(stdout)).toMatchObject({ id: 1, result: { serverInfo: { name: 'specweave-ml' } } })
  })
})
