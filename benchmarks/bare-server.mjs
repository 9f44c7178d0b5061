// The floor of every figure over stdio: a server of SDK v1 with one tool that does nothing.
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js'

const server = new Server({ name: 'bare', version: '1.0.0' }, { capabilities: { tools: {} } })
server.setRequestHandler(ListToolsRequestSchema, () => ({
  tools: [{ name: 'nothing', description: 'Does nothing.', inputSchema: { type: 'object' } }],
}))
server.setRequestHandler(CallToolRequestSchema, () => ({
  content: [{ type: 'text', text: '{"runs":[],"total":0}' }],
  structuredContent: { runs: [], total: 0 },
}))
process.stdin.on('end', () => process.exit(0))
await server.connect(new StdioServerTransport())
