import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { RealClient, ROOT } from './client.ts'
import { HttpBridge } from './http-bridge.ts'

const suite = RealClient.find('conformance')!

/** What the suite asks of a server made for it, and what stands for it here. */
const OURS = {
  'test://static-text': 'specweave://guide/script',
  'test://watched-resource': 'specweave://guide/script',
  test_simple_prompt: 'status',
  test_error_handling: 'stop_run',
  test_simple_text: 'list_runs',
}
const PASSING = [
  'server-initialize',
  'ping',
  'completion-complete',
  'tools-list',
  'tools-call-simple-text',
  'tools-call-error',
  'server-sse-multiple-streams',
  'resources-list',
  'resources-read-text',
  'resources-subscribe',
  'resources-unsubscribe',
  'prompts-list',
  'prompts-get-simple',
]
/** They need tools, prompts and resources whose answers are the suite's own, or what this server does not offer. */
const NOT_APPLICABLE: Readonly<Record<string, string>> = {
  'logging-set-level': 'no logging notifications are sent',
  'tools-call-image': 'no tool answers with an image',
  'tools-call-audio': 'no tool answers with sound',
  'tools-call-embedded-resource': 'no tool embeds a resource',
  'tools-call-mixed-content': 'no tool answers with images',
  'tools-call-with-logging': 'no logging notifications are sent',
  'tools-call-with-progress':
    "asks for three steps of a tool of the suite's own; test/hosts/mcp-server.test.ts tries progress",
  'tools-call-sampling': 'sampling is never asked for',
  'tools-call-elicitation': "a tool of the suite's own; test/tools/elicitation.test.ts tries approvals",
  'elicitation-sep1034-defaults': "a tool of the suite's own",
  'elicitation-sep1330-enums': "a tool of the suite's own",
  'resources-read-binary': 'every resource is text',
  'resources-templates-read': "a template of the suite's own",
  'prompts-get-with-args': "a prompt of the suite's own",
  'prompts-get-embedded-resource': 'no prompt embeds a resource',
  'prompts-get-with-image': 'no prompt shows an image',
  'dns-rebinding-protection': "of HTTP, which only the test's bridge speaks",
}

describe('the conformance suite of the protocol, 2025-11-25', () => {
  afterAll(() => suite.remove())

  it('passes in every scenario that applies', async () => {
    const bridge = new HttpBridge(
      process.execPath,
      [join(ROOT, 'dist/main.js'), 'serve', '--workspace', suite.project],
      { cwd: suite.project, env: suite.env },
      OURS,
    )
    try {
      const url = await bridge.listen()
      const { stdout } = await suite.run(['server', '--url', url, '--spec-version', '2025-11-25'])
      const found = [...stdout.matchAll(/^([✓✗]) ([\w-]+): \d+ passed/gm)]
      const named = (mark: string) => found.filter(([, one]) => one === mark).map(([, , name]) => name)
      expect(named('✓')).toEqual(expect.arrayContaining(PASSING))
      // A scenario that is new is looked at: it applies, or it is said why not.
      for (const name of named('✗')) expect(Object.keys(NOT_APPLICABLE), stdout).toContain(name)
    } finally {
      await bridge.close()
    }
  })
})
