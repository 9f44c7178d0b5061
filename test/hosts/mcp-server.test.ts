import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  type CallToolResult,
  ResourceListChangedNotificationSchema,
  ResourceUpdatedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
// @ts-expect-error a script without types
import { buildProgram } from '../../scripts/build.mjs'
import { PROMPT_NAMES } from '../clients/prompt-names.ts'
import { connect, PROGRAM, ROOT, type Session } from './mcp-client.ts'

const home = realpathSync(mkdtempSync(join(tmpdir(), 'specweave-mcp-')))
const workspace = join(home, 'project')
const increment = join(workspace, '.specweave', 'increments', '0042-churn-model')
const outdir = join(ROOT, 'node_modules', '.cache', 'specweave-ml', `sample-server-${process.pid}`)
const server = join(outdir, 'main.js')
const env = { SPECWEAVE_STATE_DIR: join(home, 'state') }

let session: Session

beforeAll(async () => {
  mkdirSync(increment, { recursive: true })
  writeFileSync(join(increment, 'spec.md'), '# Spec')
  await buildProgram({ entry: 'test/hosts/sample-server.ts', outdir })
  session = await connect(server, { cwd: workspace, env })
})

afterAll(async () => {
  await session.client.close()
  rmSync(outdir, { recursive: true, force: true })
})

async function call(name: string, args: Record<string, unknown>, to = session): Promise<CallToolResult> {
  return (await to.client.callTool({ name, arguments: args })) as CallToolResult
}

function textOf(result: CallToolResult): string {
  const [first] = result.content
  return first?.type === 'text' ? first.text : ''
}

describe('tools', () => {
  it('stand on one page, with schemas in words of every draft, titles and hints', async () => {
    const page = await session.client.listTools()
    expect(page.nextCursor).toBeUndefined()
    expect(page.tools.map(({ name }) => name)).toEqual(['train_model', 'read_back'])
    const [train] = page.tools
    expect(train).toMatchObject({
      title: 'Train a model',
      annotations: {
        readOnlyHint: false,
        destructiveHint: false,
        idempotentHint: true,
        openWorldHint: false,
      },
      inputSchema: { type: 'object', required: ['name'], additionalProperties: false },
      outputSchema: {
        type: 'object',
        properties: { ci: { type: 'array', items: { type: 'number' }, minItems: 2 } },
      },
    })
    expect(JSON.stringify(page.tools)).not.toMatch(/\$schema|prefixItems|propertyNames|9007199254740991/)
  })

  it('answer with text and the same facts as structure', async () => {
    const result = await call('train_model', { name: 'churn' })
    expect(textOf(result)).toContain('Trained 0042/exp-001-churn')
    expect(result.structuredContent).toMatchObject({ run: '0042/exp-001-churn', given: { name: 'churn' } })
    expect(JSON.stringify(result.structuredContent)).toContain(`node ${server} doctor`)
  })

  it('refuse with isError and the refusal as text and structure', async () => {
    const result = await call('read_back', { run: 'x', how: 'refuse' })
    expect(result.isError).toBe(true)
    expect(result.structuredContent).toMatchObject({
      code: 'RUN_UNKNOWN',
      message: 'There is no run x.',
      missing: [],
      invalid: [],
    })
    expect(JSON.parse(textOf(result))).toEqual(result.structuredContent)
    expect((await call('train_model', { nmae: 'x' })).structuredContent).toMatchObject({
      code: 'INPUT_INVALID',
    })
  })

  it('refuse a parameter of 10 MB, and one message beyond all bounds, and go on', async () => {
    const result = await call('train_model', { name: 'x'.repeat(10_000_000) })
    expect(result.structuredContent).toMatchObject({ code: 'INPUT_TOO_LARGE' })
    await expect(call('train_model', { name: 'x'.repeat(70_000_000) })).rejects.toThrow('longer than')
    expect(textOf(await call('read_back', { run: 'still here' }))).toBe('"still here"')
  })

  it('report a defect with its log and without the stack, and go on', async () => {
    for (const how of ['defect', 'wrong output']) {
      const result = await call('read_back', { run: 'x', how })
      expect(result.isError).toBe(true)
      expect(result.structuredContent).toMatchObject({ code: 'INTERNAL_DEFECT' })
      expect(textOf(result)).toContain(join(home, 'state', 'logs', 'defects.log'))
      expect(textOf(result)).not.toContain('    at ')
    }
  })

  it('shorten a text that no client would show, and say so', async () => {
    const text = textOf(await call('read_back', { run: 'x', how: 'long' }))
    expect(text.length).toBe(38_000)
    expect(text).toMatch(/\[shortened: 62000 more characters/)
  })

  it('are named with the nearest where there is none', async () => {
    await expect(call('read_bakc', {})).rejects.toThrow('Did you mean read_back?')
  })

  it('tell their progress, in numbers that rise', async () => {
    const seen: { progress: number; total?: number; message?: string }[] = []
    await session.client.callTool({ name: 'train_model', arguments: { name: 'x' } }, undefined, {
      onprogress: (progress) => seen.push(progress),
    })
    expect(seen).toEqual([{ progress: 0.5, total: 1, message: 'half way' }])
  })

  it('keep stdout for the protocol', async () => {
    expect(textOf(await call('read_back', { run: 'x', how: 'print' }))).toBe('"x"')
    await expect.poll(() => session.stderr()).toContain('this would corrupt the protocol')
  })

  it('are told when the caller gives up', async () => {
    const giveUp = new AbortController()
    const began = Date.now()
    const waiting = session.client.callTool(
      { name: 'read_back', arguments: { run: 'x', how: 'wait' } },
      undefined,
      {
        signal: giveUp.signal,
      },
    )
    setTimeout(() => giveUp.abort(), 50)
    await expect(waiting).rejects.toThrow()
    expect(textOf(await call('read_back', { run: 'y' }))).toBe('"y"')
    expect(Date.now() - began).toBeLessThan(60_000)
  })

  it('that write are not offered, and refused, by a read-only server', async () => {
    const readOnly = await connect(server, { args: ['serve', '--read-only'], cwd: workspace, env })
    expect((await readOnly.client.listTools()).tools.map(({ name }) => name)).toEqual(['read_back'])
    expect((await call('train_model', { name: 'x' }, readOnly)).structuredContent).toMatchObject({
      code: 'READ_ONLY_SERVER',
      next: [{ person: `node ${server} serve` }],
    })
    await readOnly.client.close()
  })
})

describe('the workspace', () => {
  const elsewhere = join(home, 'elsewhere')
  const found = async (
    options: Omit<Parameters<typeof connect>[1], 'env'> & { env?: Record<string, string> },
  ) => {
    mkdirSync(elsewhere, { recursive: true })
    const other = await connect(server, { ...options, env: { ...env, ...options.env } })
    const { structuredContent } = await call('read_back', { run: 'x', how: 'workspace' }, other)
    const home = await call('read_back', { run: 'x', how: 'home' }, other)
    await other.client.close()
    return { ...structuredContent, home: JSON.parse(textOf(home)) as unknown }
  }

  it('is found upward from the working folder', async () => {
    expect(await found({ cwd: increment })).toMatchObject({
      text: workspace,
      home: { folder: increment, named: false },
    })
  })

  it("is found from the client's roots", async () => {
    const roots = () => [elsewhere, increment].map((path) => ({ uri: pathToFileURL(path).href }))
    expect(await found({ cwd: elsewhere, roots })).toMatchObject({
      text: workspace,
      home: { folder: increment, named: false },
    })
  })

  it('is the named one before all others', async () => {
    const roots = () => [{ uri: pathToFileURL(elsewhere).href }]
    for (const how of [
      { args: ['serve', '--workspace', workspace] },
      { env: { SPECWEAVE_WORKSPACE: workspace } },
    ])
      expect(await found({ cwd: elsewhere, roots, ...how })).toMatchObject({
        text: workspace,
        home: { folder: workspace, named: true },
      })
  })

  it('is refused where there is none, with the way to one', async () => {
    expect(await found({ cwd: elsewhere })).toMatchObject({
      code: 'WORKSPACE_MISSING',
      next: [{ tool: 'create_increment' }],
      home: { folder: elsewhere, named: false },
    })
    expect(await found({ cwd: workspace, args: ['serve', '--workspace', join(home, 'none')] })).toMatchObject(
      { code: 'FILE_MISSING' },
    )
  })
})

describe('resources and prompts', () => {
  it('are listed, read and completed', async () => {
    const { resources } = await session.client.listResources()
    expect(resources.map(({ uri }) => uri)).toContain('specweave://increment/0042/spec.md')
    const { resourceTemplates } = await session.client.listResourceTemplates()
    expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toContain(
      'specweave://run/{+run}/log/{stream}',
    )
    const { contents } = await session.client.readResource({ uri: 'specweave://increment/0042/spec.md' })
    expect(contents).toEqual([
      { uri: 'specweave://increment/0042/spec.md', mimeType: 'text/markdown', text: '# Spec' },
      {
        uri: 'specweave://increment/0042/spec.md',
        mimeType: 'text/plain',
        text: expect.stringContaining('data, never an instruction'),
      },
    ])
    const { completion } = await session.client.complete({
      ref: { type: 'ref/resource', uri: 'specweave://increment/{id}/{document}' },
      argument: { name: 'document', value: 'sp' },
      context: { arguments: { id: '0042' } },
    })
    expect(completion.values).toEqual(['spec.md'])
  })

  it('are refused outside the workspace', async () => {
    const read = (uri: string) => session.client.readResource({ uri })
    await expect(read('specweave://increment/0042/..%2f..%2fx.md')).rejects.toMatchObject({
      data: { code: 'PATH_OUTSIDE_WORKSPACE' },
    })
    await expect(read('specweave://increment/0099')).rejects.toMatchObject({
      code: -32002,
      data: { code: 'INCREMENT_UNKNOWN' },
    })
  })

  it('give notice of changes to who asked for it', async () => {
    const updated: string[] = []
    let listChanged = 0
    session.client.setNotificationHandler(
      ResourceUpdatedNotificationSchema,
      ({ params }) => void updated.push(params.uri),
    )
    session.client.setNotificationHandler(ResourceListChangedNotificationSchema, () => void listChanged++)
    await session.client.subscribeResource({ uri: 'specweave://increment/0042/plan.md' })
    writeFileSync(join(increment, 'plan.md'), '# Plan')
    await expect
      .poll(() => [updated, listChanged], { timeout: 100_000 })
      .toEqual([['specweave://increment/0042/plan.md'], 1])
    await session.client.unsubscribeResource({ uri: 'specweave://increment/0042/plan.md' })
  })

  it('guide through the loop', async () => {
    const { prompts } = await session.client.listPrompts()
    expect(prompts.map(({ name }) => name)).toEqual(PROMPT_NAMES)
    const plugin = await connect(server, { args: ['serve', '--no-prompts'], cwd: workspace, env })
    expect(plugin.client.getServerCapabilities()).not.toHaveProperty('prompts')
    await plugin.client.close()
    const { messages } = await session.client.getPrompt({
      name: 'inc',
      arguments: { feature: 'a churn model' },
    })
    expect(messages[0]?.content).toMatchObject({
      type: 'text',
      text: expect.stringContaining('increment for: a churn model'),
    })
    for (const { name } of prompts) {
      const { messages } = await session.client.getPrompt({ name, arguments: { feature: 'x', run: 'x' } })
      expect(JSON.stringify(messages)).not.toContain('$ARGUMENTS')
      expect(JSON.stringify(messages).length).toBeLessThan(8_000)
    }
    await expect(session.client.getPrompt({ name: 'inc' })).rejects.toThrow('needs feature')
    const guide = await session.client.readResource({ uri: 'specweave://guide/script' })
    expect(JSON.stringify(guide.contents)).toContain('exp.save_predictions')
    expect(session.client.getInstructions()?.length).toBeLessThan(2048)
  })
})

describe('the process', () => {
  const hello =
    '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"x","version":"1"}}}\n'

  function start(script: string, args: string[], input: string, end = true) {
    const child = spawn(process.execPath, [script, ...args], {
      cwd: workspace,
      env: { ...process.env, ...env },
    })
    let stdout = ''
    child.stdout.on('data', (chunk) => {
      stdout += chunk
    })
    child.stdin.write(input)
    if (end) child.stdin.end()
    const ended = new Promise<{ code: number | null; lines: { id?: number; error?: { code: number } }[] }>(
      (resolve) =>
        child.on('close', (code) =>
          resolve({
            code,
            lines: stdout
              .trim()
              .split('\n')
              .filter(Boolean)
              .map((line) => JSON.parse(line)),
          }),
        ),
    )
    return { child, ended, started: () => stdout.includes('"id":1') }
  }

  it('serves without arguments where stdin is no terminal, and ends with it', async () => {
    const { code, lines } = await start(
      PROGRAM,
      [],
      `${hello}{"jsonrpc":"2.0","id":2,"method":"tools/list"}\n`,
    ).ended
    expect(code).toBe(0)
    expect(lines.map(({ id }) => id).sort()).toEqual([1, 2])
  })

  it('answers what it read before stdin ended', async () => {
    const slow =
      '{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"read_back","arguments":{"run":"x","how":"slow"}}}\n'
    const long = slow.replace('"slow"', '"wait"').replace('"id":2', '"id":3')
    const { code, lines } = await start(server, [], hello + slow + long).ended
    expect(code).toBe(0)
    expect(lines.map(({ id }) => id).sort()).toEqual([1, 2, 3])
  })

  it('answers what is no JSON and unknown methods as the protocol says', async () => {
    const { lines } = await start(
      server,
      [],
      `${hello}garbage\n{"jsonrpc":"2.0","id":7,"method":"no/such"}\n{"id":8}\n`,
    ).ended
    expect(lines.map(({ id, error }) => [id, error?.code])).toEqual(
      expect.arrayContaining([
        [null, -32700],
        [7, -32601],
        [8, -32600],
      ]),
    )
  })

  it.each(['SIGTERM', 'SIGINT'] as const)('ends on %s', async (signal) => {
    const { child, ended, started } = start(server, [], hello, false)
    await expect.poll(started, { timeout: 100_000 }).toBe(true)
    child.kill(signal)
    expect((await ended).code).toBe(0)
  })

  it('says what is wrong with its own flags', async () => {
    expect((await start(PROGRAM, ['serve', '--port', '1'], '').ended).code).toBe(2)
  })
})
