import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js'
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base'
import { afterAll, expect, it } from 'vitest'
import { tools } from '../../src/tools/registry.ts'
import { Follower } from '../clients/follower.ts'
import { makePlace } from '../clients/place.ts'
import { connect, PROGRAM } from '../hosts/mcp-client.ts'
import { pluginTexts } from './plugin-texts.ts'

const place = makePlace()
afterAll(() => place.remove())

/** What the user would say when asked. */
const ANSWERS = {
  problem_type: 'classification',
  success_metrics: ['roc_auc >= 0.75'],
  source: 'churn/churn.csv',
  target: 'churn',
  name: 'churn',
}

it('the loop is carried by the texts of the commands and by next, in few calls and few tokens', async () => {
  const { client } = await connect(PROGRAM, { cwd: place.project, env: place.env })
  const follower = new Follower(ANSWERS)
  const offered = tools.map(({ name }) => name)
  const commands = pluginTexts('commands')
  const tokens: [what: string, count: number][] = []
  const count = (what: string, text: string) => tokens.push([what, countTokens(text)])
  try {
    for (const name of ['inc', 'do', 'validate', 'done']) {
      const { body } = commands.find(({ path }) => path === `commands/${name}.md`)!
      count(`/sw:${name}`, body)
      follower.read(body, name === 'inc' ? 'build a churn model' : '')
      let answer: string | undefined
      for (let call = follower.after(answer, offered); call; call = follower.after(answer, offered)) {
        const result = (await client.callTool({
          name: call.tool,
          arguments: call.arguments,
        })) as CallToolResult
        answer = JSON.stringify(result.structuredContent)
        const [first] = result.content
        // A client hands on the one or the other.
        const text = first?.type === 'text' ? first.text : ''
        count(`${call.tool} asked`, JSON.stringify(call))
        count(`${call.tool} answered`, countTokens(answer) > countTokens(text) ? answer : text)
      }
    }
  } finally {
    await client.close()
  }
  const { loop } = follower
  expect(loop).toContain('complete_increment')
  const metadata = readFileSync(
    join(place.project, '.specweave/increments/0001-churn-model/metadata.json'),
    'utf8',
  )
  expect(JSON.parse(metadata)).toMatchObject({ status: 'completed' })
  expect(loop.length, loop.join()).toBeLessThanOrEqual(15)
  const total = tokens.reduce((sum, [, size]) => sum + size, 0)
  console.log(
    `the loop: ${loop.length} calls (${follower.made.length} with what was repeated and asked after it), ${total} tokens (o200k): ${tokens.map(([what, size]) => `${what} ${size}`).join(', ')}`,
  )
  expect(total).toBeLessThanOrEqual(25_000)
})
