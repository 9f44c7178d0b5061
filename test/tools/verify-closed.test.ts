import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Clone, Clones, edit } from './clone.ts'
import { git } from './git.ts'
import { type JudgedWorkspace, judgedWorkspace } from './judged-workspace.ts'
import { NO_LAB } from './product.ts'

describe.skipIf(NO_LAB)(`verify, of what was closed (${NO_LAB ?? 'with the lab'})`, () => {
  let made: JudgedWorkspace
  const clones = new Clones()
  beforeAll(async () => {
    made = await judgedWorkspace()
  })
  afterAll(() => clones.remove())

  const clone = (): Clone => clones.of(made.product.root)
  const status = (to: string) => (text: string) => text.replace('"status": "completed"', `"status": "${to}"`)

  it.each([[[]], [['--recompute']]])(
    'names an increment that the ledger holds a verdict of, and whose folder is gone: verify %s',
    (args) => {
      const place = clone()
      rmSync(place.increment('0001'), { recursive: true })
      const { code, stdout, stderr } = place.verify(...args)
      expect(code).toBe(1)
      expect(stderr).toMatch(
        /^0001: in the ledger with the verdict PASS \(\d verdicts?, 1 look, closed as completed on \S+\), and its folder is not on disk$/m,
      )
      expect(stdout.trimEnd().split('\n').at(-1)).toBe(
        `0001 PASS (NOT PROVEN: not on disk): ${made.candidate}; looks 1`,
      )
      expect(stdout).not.toContain('had to be proven')
    },
  )

  it('names one whose spec.md is gone, and one that was put aside, which it does not judge', () => {
    const place = clone()
    const folder = place.increment('0001')
    rmSync(join(folder, 'spec.md'))
    expect(place.verify()).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^0001: in the ledger with .* spec\.md in 0001-\S+ is gone, or has no `ml` block$/m,
      ),
    })
    const archive = join(folder, '../_archive')
    mkdirSync(archive)
    renameSync(folder, join(archive, basename(folder)))
    expect(place.verify()).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(
        /^warning: 0001: in the ledger .* its folder lies in _archive\/0001-\S+: not compared$/m,
      ),
    })
  })

  it('begins nothing anew under the number of one that was deleted', () => {
    const place = clone()
    rmSync(place.increment('0001'), { recursive: true })
    const create = (...args: string[]) =>
      place.cli('create-increment', 'Another model', '--problem-type', 'classification', ...args)
    expect(create('--id', '1').stderr).toContain('0001 exists already in the ledger')
    expect(create().stdout).toContain('increment 0002 in ')
  })

  it.each(['abandoned', 'active'])('says so where a completed increment is said to be %s', (other) => {
    const place = clone()
    edit(join(place.increment('0001'), 'metadata.json'), status(other))
    expect(place.verify()).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('0001 PASS (NOT PROVEN)'),
      stderr: expect.stringMatching(
        new RegExp(
          `^0001: metadata\\.json says that it is ${other}, and the ledger holds that it was closed as completed on `,
        ),
      ),
    })
  })

  it('treats what the ledger holds as closed as closed, and puts the status back where it is asked to', () => {
    const place = clone()
    const metadata = join(place.increment('0001'), 'metadata.json')
    edit(metadata, status('active'))
    edit(join(place.increment('0001'), 'spec.md'), (text) => text.replace('value: 0.75', 'value: 0.7'))
    const ledger = () => {
      const folder = join(place.root, '.specweave/ledger')
      return readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'))
    }
    const before = ledger()
    expect(place.cli('validate-increment', '0001').stdout).toContain(
      'It stays closed: it was judged again, and nothing is recorded',
    )
    expect(place.cli('get-increment', '0001').stdout).toMatch(/^0001 .*: completed, /)
    const closed = place.cli('complete-increment', '0001', '--outcome', 'not_passed', '--reason', 'other')
    expect([closed.code, closed.stdout]).toEqual([
      0,
      expect.stringContaining('its status in metadata.json, which was active, was put back'),
    ])
    expect(ledger()).toEqual(before)
    git(place.root, 'checkout', '-q', '--', place.increment('0001').concat('/spec.md'))
    expect(place.verify()).toMatchObject({ code: 0, stderr: '' })
    rmSync(metadata)
    expect(place.verify()).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('0001: metadata.json is gone, and the ledger holds that it was closed'),
    })
  })

  it('misses a summary that was deleted', () => {
    const place = clone()
    rmSync(join(place.increment('0001'), 'COMPLETION-SUMMARY.md'))
    expect(place.verify()).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^0001: COMPLETION-SUMMARY\.md is gone, which its completion on /),
    })
  })

  it('says that it compares no status that something else wrote', () => {
    const place = clone()
    const folder = join(place.root, '.specweave/ledger')
    const file = join(folder, readdirSync(folder).find((name) => name.endsWith('.jsonl')) ?? '')
    edit(file, (text) => text.replace(/^.*"increment\.completed".*\n/gm, ''))
    rmSync(join(place.increment('0001'), 'COMPLETION-SUMMARY.md'))
    expect(place.verify()).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringMatching(
        /^note: 0001: metadata\.json says that it is completed, .*: not compared/m,
      ),
    })
  })
})
