import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Follower } from '../follower.ts'

interface Block {
  type: string
  text?: string
  id?: string
  name?: string
  content?: string | Block[]
  is_error?: boolean
}
interface Message {
  role: string
  content: string | Block[]
}
interface Request {
  model: string
  stream?: boolean
  messages: Message[]
  system?: string | Block[]
  tools?: { name: string }[]
}

/** Stands in for the messages API on loopback: a {@link Follower} answers, and what was sent is kept. */
export class MessagesStub {
  readonly requests: Request[] = []
  readonly #server: Server
  readonly #follower: Follower
  #number = 0
  #command = ''
  /** Whether a skill was asked for, whose text comes with the answer. */
  #skill = false

  constructor(follower: Follower) {
    this.#follower = follower
    this.#server = createServer((request, response) => {
      let body = ''
      request.on('data', (chunk) => {
        body += chunk
      })
      request.on('end', () => this.#answer(request.url ?? '', body, response))
    })
  }

  async listen(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  #answer(url: string, body: string, response: ServerResponse): void {
    if (!url.startsWith('/v1/messages') || url.includes('count_tokens')) {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"input_tokens": 1}')
      return
    }
    const request = JSON.parse(body) as Request
    this.requests.push(request)
    const block = this.#turn(request)
    const message = {
      id: `msg_${++this.#number}`,
      type: 'message',
      role: 'assistant',
      model: request.model,
      stop_sequence: null,
      usage: { input_tokens: 1, output_tokens: 1 },
    }
    const reason = block.type === 'tool_use' ? 'tool_use' : 'end_turn'
    if (!request.stream) {
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ ...message, content: [block], stop_reason: reason }))
      return
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const send = (type: string, data: object) =>
      response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`)
    send('message_start', { message: { ...message, content: [], stop_reason: null } })
    const { text, input, ...begun } = block as { text?: string; input?: object; type: string }
    send('content_block_start', {
      index: 0,
      content_block: block.type === 'text' ? { type: 'text', text: '' } : { ...begun, input: {} },
    })
    send('content_block_delta', {
      index: 0,
      delta:
        block.type === 'text'
          ? { type: 'text_delta', text }
          : { type: 'input_json_delta', partial_json: JSON.stringify(input) },
    })
    send('content_block_stop', { index: 0 })
    send('message_delta', {
      delta: { stop_reason: reason, stop_sequence: null },
      usage: { output_tokens: 1 },
    })
    send('message_stop', {})
    response.end()
  }

  #turn(request: Request): Record<string, unknown> & { type: string } {
    const said = (text: string) => ({ type: 'text', text })
    // Titles and summaries are asked for without tools.
    if (!request.tools?.length) return said('ok')
    const last = request.messages.findLast(({ role }) => role === 'user')
    const blocks = blocksOf(last?.content)
    const results = blocks.filter(({ type }) => type === 'tool_result')
    const command = blocks.find(({ text }) => text?.includes('<command-name>'))?.text
    const everything = [
      ...blocksOf(request.system),
      ...request.messages.flatMap(({ content }) => blocksOf(content)),
    ]
      .map(({ text }) => text ?? '')
      .concat(request.tools.map(({ name }) => name))
      .join('\n')
    if (this.#skill) {
      this.#skill = false
      this.#follower.read(
        blocks.map((block) => (block.type === 'tool_result' ? textOf(block) : (block.text ?? ''))).join('\n'),
        this.#command,
      )
      results.length = 0
    } else if (results.length === 0 && !command) {
      const words = blocks.at(-1)?.text ?? ''
      const skill = triggered(words, everything)
      if (skill && request.tools.some(({ name }) => name === 'Skill')) {
        this.#skill = true
        this.#command = words
        return this.#use('Skill', { skill })
      }
    }
    if (command) {
      const texts = blocks
        .filter(({ type, text }) => type === 'text' && !text?.startsWith('<'))
        .map(({ text }) => text)
      this.#command = /<command-args>([\s\S]*?)<\/command-args>/.exec(command)?.[1] ?? ''
      this.#follower.read(texts.join('\n'), this.#command.replace(/^"|"$/g, ''))
    }
    const full = new Map(
      [...everything.matchAll(/\b(mcp__\w+?__([a-z]+(?:_[a-z]+)*))\b/g)].map(([, name = '', short = '']) => [
        short,
        name,
      ]),
    )
    const answer = results.map(textOf).join('\n') || undefined
    const loaded = new Set(request.tools.map(({ name }) => name))
    const waiting = this.#waiting
    this.#waiting = undefined
    const call = waiting ?? this.#follower.after(answer, [...full.keys()])
    if (!call) return said('Nothing that I was told names another call.')
    const name = full.get(call.tool) ?? call.tool
    if (!waiting && !loaded.has(name) && loaded.has('ToolSearch') && !this.#searched.has(name)) {
      this.#waiting = call
      this.#searched.add(name)
      return this.#use('ToolSearch', { query: `select:${name}`, max_results: 1 })
    }
    return this.#use(name, call.arguments)
  }

  readonly #searched = new Set<string>()
  #waiting: { tool: string; arguments: Record<string, unknown> } | undefined

  #use(name: string, input: object) {
    return { type: 'tool_use', id: `toolu_${++this.#number}`, name, input }
  }
}

function blocksOf(content: string | Block[] | undefined): Block[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : (content ?? [])
}

function textOf({ content }: Block): string {
  return blocksOf(content)
    .map(({ text }) => text ?? '')
    .join('\n')
}

/** The skill of ours whose description holds, in quotes, words that the user said. */
function triggered(words: string, everything: string): string | undefined {
  for (const [, name, description = ''] of everything.matchAll(/^- (sw:[\w-]+): (.*)$/gm))
    for (const [, trigger = ''] of description.matchAll(/"([^"]+)"/g))
      if (words.toLowerCase().includes(trigger.toLowerCase())) return name
  return undefined
}
