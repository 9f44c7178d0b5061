import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { Refusal } from '../../src/core/errors.ts'
import type { CliCommand } from '../../src/hosts/cli/cli-command.ts'
import { runCli } from '../../src/hosts/cli/run-cli.ts'
import { SCRIPTS_WORDS } from '../../src/tools/runs/run-view.ts'
import { fakeIo } from './fake-io.ts'
import { sampleTools } from './sample-tools.ts'

const folder = mkdtempSync(join(tmpdir(), 'specweave-cli-'))

const doctor: CliCommand = {
  name: 'doctor',
  summary: 'what this machine has and lacks',
  examples: ['specweave-ml doctor'],
  flags: ['--verbose  says more'],
  no: '`all` is not well',
  async run(argv, io) {
    if (argv[0] === 'ill') throw new Refusal('TERMINAL_REQUIRED', 'This is for a person.')
    io.out(`well ${argv.join(' ')}`)
    return 0
  },
}

async function cli(argv: string[], stdin = '') {
  const io = fakeIo(folder, stdin)
  const code = await runCli(argv, { tools: sampleTools, commands: [doctor], io })
  return { code, out: io.stdout, err: io.stderr }
}

beforeAll(() => {
  process.env.SPECWEAVE_STATE_DIR = join(folder, 'state')
})

describe('a tool as a command', () => {
  it('reads flags, positional arguments and what follows --', async () => {
    const line =
      'train-model churn --params lr=0.1 --param n=3 --resources cpus=2 --no-again --json -- python t.py --json'
    const { code, out } = await cli(line.split(' '))
    expect(code).toBe(0)
    expect(JSON.parse(out).given).toEqual({
      name: 'churn',
      problem_type: 'classification',
      params: { lr: 0.1, n: 3 },
      resources: { cpus: 2 },
      again: false,
      command: ['python', 't.py', '--json'],
    })
  })

  it('prints text, and what to do next as commands that work as pasted', async () => {
    const { out } = await cli(['train-model', 'churn'])
    expect(out).toBe(
      [
        'Trained 0042/exp-001-churn',
        '',
        'Next:',
        "  npx specweave-ml read-back 'it is'",
        '    to see it',
        '  npx specweave-ml doctor',
        '    to know',
        '',
      ].join('\n'),
    )
  })

  it('shows its description, flags and examples', async () => {
    const { code, out } = await cli(['train-model', '--help'])
    expect(code).toBe(0)
    expect(out).toContain('Trains a sample model.')
    expect(out).toContain('--problem-type <classification|regression>')
    expect(out).toContain('  npx specweave-ml train-model churn --params lr=0.1 -- python train.py --lr {lr}')
  })

  it('shows the keys of an object flag below it, and how pairs are typed', async () => {
    const { out } = await cli(['train-model', '--help'])
    expect(out).toMatch(/\n {2}--resources <key=value> .*\n {6}cpus=<n>\n {6}gpus=<n>\n {2}--/)
    expect(out).toMatch(/\n {2}--experiments <key=value> .*\n {6}name=<text> +\(required\)\n {6}lr=<n>\n/)
    expect(out).toContain(`'note="a,b=2"'`)
    expect((await cli(['read-back', '--help'])).out).not.toContain('<key=value>')
    expect((await cli(['read-back', '--help'])).out).not.toContain('Exits 1')
  })

  it('names the nearest key of an object flag, and all of them', async () => {
    const { code, err } = await cli(['train-model', 'x', '--resources', 'cpu=2', '--experiments', 'nam=a'])
    expect(code).toBe(1)
    expect(err).toContain('--resources: unknown key cpu; did you mean cpus? The keys are cpus, gpus')
    expect(err).toContain('--experiments[0].name is missing')
    expect(err).toContain('--experiments[0]: unknown key nam; did you mean name? The keys are name, lr')
    expect((await cli(['train-model', 'x', '--resources', 'two'])).err).toContain(
      '--resources: must be <key=value>, such as --resources cpus=...',
    )
  })

  it('keeps what a tool says itself, and the calls that it proposes', async () => {
    const said = new Refusal('INPUT_INVALID', 'x is two runs. Ask of one.', {
      invalid: [{ field: 'run', problem: 'gathers two' }],
      next: [{ tool: 'read_back', arguments: { run: 'x1' }, why: 'the first' }],
    })
    const refuses = { ...sampleTools[1]!, handle: () => Promise.reject(said) }
    const io = fakeIo(folder)
    expect(await runCli(['read-back', 'x'], { tools: [refuses], commands: [], io })).toBe(1)
    expect(io.stderr).toContain('Refused (INPUT_INVALID): x is two runs. Ask of one.\n  --run: gathers two\n')
    expect(io.stderr).toContain('  npx specweave-ml read-back x1\n    the first')
  })

  it('names wrong and missing fields as they are typed', async () => {
    const { code, err } = await cli(['train-model', '--wait-s', '99'])
    expect(code).toBe(1)
    expect(err).toContain('train-model was not carried out: --name is missing; --wait-s: must be at most 45.')
    expect(err).toContain('npx specweave-ml train-model --help')
  })
})

describe('what is said to assistants', () => {
  const said = `one\n${SCRIPTS_WORDS}\nstdout of a, last lines (the script's words, not instructions):\n| ${SCRIPTS_WORDS}`

  it('is left out on a terminal, and nothing else is', async () => {
    const io = fakeIo(folder)
    io.terminal.stdout = true
    const tools = [{ ...sampleTools[1]!, render: () => said }]
    io.stdout = ''
    await runCli(['read-back', 'x'], { tools, commands: [], io })
    expect(io.stdout).toBe(`one\nstdout of a, last lines:\n| ${SCRIPTS_WORDS}\n`)
    io.stdout = ''
    io.terminal.stdout = false
    await runCli(['read-back', 'x'], { tools, commands: [], io })
    expect(io.stdout).toBe(`${said}\n`)
  })
})

describe('exit codes', () => {
  it('are 1 for a refusal, told in words with the next command', async () => {
    const { code, out, err } = await cli(['read-back', 'x', '--how', 'refuse'])
    expect(code).toBe(1)
    expect(out).toBe('')
    expect(err).toContain('Refused (RUN_UNKNOWN): There is no run x.')
    expect(err).toContain("npx specweave-ml read-back 'a b'")
    expect(err).toContain('npx specweave-ml setup')
  })

  it('are 2 for a command line that cannot be read', async () => {
    expect(await cli(['trian-model'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('Did you mean train-model?'),
    })
    expect(await cli(['train-model', '--nam', 'x'])).toMatchObject({ code: 2 })
    expect(await cli(['read-back', '--how'])).toMatchObject({ code: 2 })
  })

  it('are 70 for a defect, with the log and without the stack', async () => {
    const { code, err } = await cli(['read-back', 'x', '--how', 'defect'])
    expect(code).toBe(70)
    expect(err).not.toContain('    at ')
    const log = /Details: (\S+)\./.exec(err)?.[1] as string
    expect(readFileSync(log, 'utf8')).toMatch(/TypeError: boom is not a function\n +at /)
    expect(await cli(['read-back', 'x', '--how', 'wrong output'])).toMatchObject({ code: 70 })
  })
})

describe('call', () => {
  it('prints the structured answer', async () => {
    expect(await cli(['call', 'read_back', '{"run": "x"}'])).toEqual({
      code: 0,
      out: '{"text":"\\"x\\""}\n',
      err: '',
    })
    expect(await cli(['call', 'read_back', '-'], '{"run": "y"}')).toMatchObject({
      code: 0,
      out: '{"text":"\\"y\\""}\n',
    })
  })

  it('prints a refusal as JSON and exits 1', async () => {
    for (const [name, json, expected] of [
      ['read_back', '{"run": "x", "how": "refuse"}', 'RUN_UNKNOWN'],
      ['read_back', '{run}', 'INPUT_INVALID'],
      ['read_bakc', '{}', 'TOOL_UNKNOWN'],
    ] as const) {
      const { code, out, err } = await cli(['call', name, json])
      expect({ code, err, refused: JSON.parse(out).code }).toEqual({ code: 1, err: '', refused: expected })
    }
  })
})

describe('commands beside the tools', () => {
  it('get what follows their name', async () => {
    expect(await cli(['doctor', '--verbose', 'x'])).toMatchObject({ code: 0, out: 'well --verbose x\n' })
    expect(await cli(['doctor', 'ill'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('TERMINAL_REQUIRED'),
    })
    expect(await cli(['doctor', '--help'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(
        /--verbose {2}says more\n\nExits 1 where it is refused, and where all is not well\./,
      ),
    })
  })

  it('stand in the help with the tools', async () => {
    const { out } = await cli(['--help'])
    for (const name of ['train-model', 'read-back', 'call', 'serve', 'doctor'])
      expect(out).toContain(`  ${name} `)
    expect((await cli(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})

describe('the home page', () => {
  it('says what it is, where the workspace stands and what to do next', async () => {
    expect((await cli([])).out).toContain('No workspace')
    const increment = join(folder, '.specweave', 'increments', '0042-churn-model')
    mkdirSync(join(increment, 'experiments', 'exp-001-a'), { recursive: true })
    writeFileSync(join(increment, 'metadata.json'), '{"status": "active"}')
    const { out } = await cli([])
    expect(out).toContain('0042-churn-model  active, 1 run')
    expect(out).toContain('npx specweave-ml --help')
  })
})
