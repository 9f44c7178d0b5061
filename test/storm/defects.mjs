// Planted defects: each is a change of the program that the storm must find.

/** @type {{name: string, file: string, find: string, replace: string, why: string, imports?: string}[]} */
export const DEFECTS = [
  {
    name: 'claim-not-exclusive',
    file: 'src/runs/claim.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is text of the program
    find: 'return createExclusive(join(folder, `claim-${number}.json`), `${JSON.stringify(claim)}\\n`)\n    ? claim\n    : undefined',
    replace:
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is text of the program
      'if (existsSync(join(folder, `claim-${number}.json`))) return undefined\n  writePlainly(join(folder, `claim-${number}.json`), `${JSON.stringify(claim)}\\n`)\n  return claim',
    imports: "import { writeFileSync as writePlainly } from 'node:fs'",
    why: 'looks whether a claim is there and then writes it: two may do so at once',
  },
  {
    name: 'death-by-heartbeat',
    file: 'src/runs/facts.ts',
    find: 'if (claim) facts.claim = { ...claim, n: highest }',
    replace: `if (claim) {
      const file = join(folder, \`claim-\${highest}.json\`)
      if (claim.pid === process.pid) touch(file, new Date(), new Date())
      const silent = Date.now() - statSync(file).mtimeMs > 1000
      facts.claim = { ...claim, ...(silent ? { start_time: '' } : {}), n: highest }
    }`,
    imports: "import { utimesSync as touch } from 'node:fs'",
    why: 'a supervisor whose claim was not touched for a second counts as dead',
  },
  {
    name: 'dropped-tail',
    file: 'src/runs/ingest.ts',
    find: 'const hash = windowHash(fd, progress.offset)',
    replace: 'progress.offset = size\n    const hash = windowHash(fd, progress.offset)',
    why: 'takes a torn last line for read',
  },
  {
    name: 'lost-exit',
    file: 'src/runs/supervise.ts',
    find: 'facts = readFacts(folder)\n    if (!facts || facts.end) return\n    if (facts.started) break\n',
    replace:
      'facts = claimed.adopted && found.started ? found : readFacts(folder)\n    if (!facts || facts.end) return\n    if (facts.started) break\n',
    why: 'one who adopted a run judges it by what he read at first, before its exit code came',
  },
  {
    name: 'double-start',
    file: 'src/adapters/process/wrapper.ts',
    find: '1) exit 125 ;;',
    replace: '1) ours=1 ;;',
    why: 'a wrapper that finds started.json starts the command nevertheless',
  },
]
