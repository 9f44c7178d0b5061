import { main } from '../../src/hosts/mcp/main.ts'
import { sampleTools } from './sample-tools.ts'

await main(process.argv.slice(2), async () => sampleTools)
