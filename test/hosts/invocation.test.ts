import { mkdirSync, mkdtempSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { localiseCommands } from '../../src/hosts/calls/person-commands.ts'
import { invocation } from '../../src/hosts/cli/invocation.ts'

const home = realpathSync(mkdtempSync(join(tmpdir(), 'specweave-invocation-')))
const project = join(home, 'my project')
const bin = join(project, 'node_modules', '.bin')
const onPath = join(home, 'bin')
for (const folder of [bin, onPath, join(project, 'dist')]) mkdirSync(folder, { recursive: true })
writeFileSync(join(project, 'dist', 'main.js'), '')
for (const folder of [bin, onPath])
  symlinkSync(join(project, 'dist', 'main.js'), join(folder, 'specweave-ml'))

describe('invocation', () => {
  it('is the bare name where that is on the PATH', () => {
    const start = { script: join(onPath, 'specweave-ml'), cwd: home, path: `/usr/bin:${onPath}`, npx: false }
    expect(invocation(start)).toBe('specweave-ml')
    expect(invocation({ ...start, path: '/usr/bin' })).toBe('bin/specweave-ml')
  })

  it('goes through npx inside the project that has it', () => {
    const start = { script: join(bin, 'specweave-ml'), cwd: join(project, 'dist'), path: '', npx: false }
    expect(invocation(start)).toBe('npx specweave-ml')
    expect(invocation({ ...start, cwd: home })).toBe(`'${join(bin, 'specweave-ml')}'`)
  })

  it('names Node and the script otherwise, in full for a reader elsewhere', () => {
    const start = { script: join(project, 'dist', 'main.js'), cwd: project, path: '', npx: false }
    expect(invocation(start)).toBe('node dist/main.js')
    expect(invocation({ ...start, npx: true })).toBe('npx specweave-ml')
    expect(invocation(start, { anywhere: true })).toBe(`node '${join(project, 'dist', 'main.js')}'`)
  })

  it('sees through the link that npx makes to a checkout', () => {
    const cache = join(home, '_npx', '5eec', 'node_modules', '.bin')
    mkdirSync(cache, { recursive: true })
    symlinkSync(join(project, 'dist', 'main.js'), join(cache, 'specweave-ml'))
    const start = { script: join(cache, 'specweave-ml'), cwd: project, path: cache, npx: true }
    expect(invocation(start)).toBe('npx specweave-ml')
    expect(invocation({ ...start, cwd: home })).toBe("node 'my project/dist/main.js'")
  })

  it('is put in front of the commands for people, wherever they stand', () => {
    const answer = {
      next: [{ person: 'specweave-ml approve 0042', why: 'specweave-ml' }],
      checks: [{ message: 'see `specweave-ml verify`', next: { person: 'ls' } }],
      missing: ['see `specweave-ml verify`'],
      logs: { stdout: ['`specweave-ml verify`'] },
    }
    expect(localiseCommands(answer, 'node dist/main.js')).toEqual({
      next: [{ person: 'node dist/main.js approve 0042', why: 'specweave-ml' }],
      checks: [{ message: 'see `node dist/main.js verify`', next: { person: 'ls' } }],
      missing: ['see `node dist/main.js verify`'],
      // What a script printed is data.
      logs: { stdout: ['`specweave-ml verify`'] },
    })
  })
})
