import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
// @ts-expect-error a script without types
import { buildProgram } from '../../scripts/build.mjs'
import { ROOT } from './mcp-client.ts'

interface Metafile {
  outputs: Record<
    string,
    {
      bytes: number
      entryPoint?: string
      imports: { path: string; kind: string; external?: boolean }[]
      inputs: Record<string, { bytesInOutput: number }>
    }
  >
}

let metafile: Metafile

const outdir = join(ROOT, 'node_modules', '.cache', 'specweave-ml', `start-up-${process.pid}`)

beforeAll(async () => {
  metafile = await buildProgram({ outdir })
})

afterAll(() => rmSync(outdir, { recursive: true, force: true }))

/** Packages and bytes that are loaded with a source file, before anything is asked of it. */
function loadedWith(source: string): { packages: string[]; bytes: number } {
  const entry = Object.keys(metafile.outputs).find((path) => metafile.outputs[path]?.entryPoint === source)
  if (!entry) throw new Error(`${source} has no chunk of its own`)
  const seen = new Set<string>()
  const visit = (path: string) => {
    if (seen.has(path)) return
    seen.add(path)
    for (const { path: next, kind, external } of metafile.outputs[path]?.imports ?? [])
      if (kind === 'import-statement' && !external) visit(next)
  }
  visit(entry)
  const outputs = [...seen].map((path) => metafile.outputs[path]!)
  // Of what the build leaves out, a line may stand in a chunk.
  const inputs = outputs.flatMap((output) =>
    Object.entries(output.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 100),
  )
  const packages = inputs.flatMap(([path]) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? [])
  return {
    packages: [...new Set(packages)].sort(),
    bytes: outputs.reduce((sum, { bytes }) => sum + bytes, 0),
  }
}

describe('what a start loads', () => {
  it('is next to nothing in the entry', () => {
    expect(loadedWith('src/main.ts')).toMatchObject({ packages: [] })
    expect(loadedWith('src/main.ts').bytes).toBeLessThan(5_000)
  })

  it('is the SDK and zod in the server', () => {
    expect(loadedWith('src/hosts/mcp/main.ts').packages).toEqual([
      '@modelcontextprotocol/sdk',
      'fastest-levenshtein',
      'zod',
    ])
    expect(loadedWith('src/hosts/mcp/main.ts').bytes).toBeLessThan(700_000)
  })

  it('is zod alone with the registry: tools load what is heavy when they are called', () => {
    const light = ['fastest-levenshtein', 'zod']
    expect(loadedWith('src/tools/registry.ts').packages.filter((name) => !light.includes(name))).toEqual([])
  })
})
