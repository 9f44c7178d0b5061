import { relative } from 'node:path'
import { parseArgs } from 'node:util'
import type { Index } from '../../../store/index-db.ts'
import type { Workspace } from '../../../store/workspace.ts'
import type { CliCommand } from '../cli-command.ts'
import { EXIT } from '../exit-codes.ts'

interface Finding {
  level: 'ok' | 'note' | 'problem'
  text: string
}

const ok = (text: string): Finding => ({ level: 'ok', text })
const note = (text: string): Finding => ({ level: 'note', text })
const problem = (text: string): Finding => ({ level: 'problem', text })

export const doctor: CliCommand = {
  name: 'doctor',
  summary:
    'Looks at Node, SQLite, Python, the lab, Git, GPUs, the index, the ledger and leftovers; mends what it can',
  examples: ['specweave-ml doctor'],
  no: 'it finds a problem',
  async run(argv, io) {
    parseArgs({ args: argv, options: {} })
    const findings: Finding[] = [ok(`Node ${process.versions.node} on ${process.platform}-${process.arch}`)]
    const workspace = await io
      .context()
      .workspace()
      .catch((cause: Error) => void findings.push(note(cause.message)))
    for (const look of [sqlite, python, lab, git, gpus])
      findings.push(
        ...(await guarded(() => look(workspace?.root ?? process.cwd(), workspace?.config.interpreter))),
      )
    if (workspace) {
      findings.push(ok(`workspace ${workspace.layout.folder}`))
      for (const look of [index, ledger, leftovers]) findings.push(...(await guarded(() => look(workspace))))
    }
    const { green, yellow, red } = io.colours
    const mark = { ok: green('ok     '), note: yellow('note   '), problem: red('problem') }
    for (const { level, text } of findings) io.out(`${mark[level]}  ${text}`)
    return findings.some(({ level }) => level === 'problem') ? EXIT.refused : EXIT.done
  },
}

async function guarded(look: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await look()
  } catch (cause) {
    return [problem(cause instanceof Error ? cause.message : String(cause))]
  }
}

async function sqlite(): Promise<Finding[]> {
  const { openSqlite } = await import('../../../store/sqlite/driver.ts')
  const driver = await openSqlite(':memory:', { busyTimeoutMs: 1000 })
  const version = driver.get('SELECT sqlite_version() AS v')?.v
  driver.close()
  return [ok(`SQLite ${version} by ${driver.name}`)]
}

async function python(root: string, configured: string | undefined): Promise<Finding[]> {
  const [{ projectInterpreter }, { pythonEnvironment }] = await Promise.all([
    import('../../../adapters/python/interpreter.ts'),
    import('../../../adapters/python/environment.ts'),
  ])
  const interpreter = projectInterpreter(root, configured)
  const environment = await pythonEnvironment(interpreter.path)
  if (!environment) return [problem(`${interpreter.path} (${interpreter.from}) does not run`)]
  return [
    ok(
      `scripts run with Python ${environment.python}, ${environment.interpreter} (${interpreter.from}), ${Object.keys(environment.packages).length} packages`,
    ),
  ]
}

async function lab(): Promise<Finding[]> {
  const { findLab } = await import('../../../adapters/lab/environment.ts')
  const { labCodeProblem } = await import('../../../adapters/lab/code.ts')
  const [found, changed] = [findLab(), labCodeProblem()]
  return [
    ...(changed ? [problem(changed)] : []),
    found
      ? ok(`lab: Python ${found.version} in ${found.folder}`)
      : note('the lab is not set up; `specweave-ml setup` makes it, as does the first call that needs it'),
  ]
}

async function git(root: string): Promise<Finding[]> {
  const { readWorkingTree } = await import('../../../adapters/git/working-tree.ts')
  const tree = await readWorkingTree(root)
  return [
    tree
      ? ok(`Git: ${tree.branch ?? 'no branch'} at ${tree.sha?.slice(0, 12) ?? 'no commit yet'}`)
      : note('not in Git: runs keep only a copy of their script'),
  ]
}

async function gpus(): Promise<Finding[]> {
  const { listGpus } = await import('../../../adapters/gpu/nvidia.ts')
  const found = listGpus()
  return found.length === 0
    ? [note('no GPU (nvidia-smi lists none)')]
    : found.map(({ index, name }) => ok(`GPU ${index}: ${name}`))
}

async function index(workspace: Workspace): Promise<Finding[]> {
  const [{ openIndex }, { IndexDamaged }] = await Promise.all([
    import('../../../store/index-db.ts'),
    import('../../../store/index-trouble.ts'),
  ])
  const findings: Finding[] = []
  let opened = await openIndex(workspace.layout)
  try {
    const check = opened.driver.all('PRAGMA quick_check').map((row) => String(row.quick_check))
    if (check[0] !== 'ok') throw new IndexDamaged(check[0])
  } catch (cause) {
    if (!(cause instanceof IndexDamaged)) throw cause
    const { discardIndexFile, inodeOf } = await import('../../../store/index-replacement.ts')
    discardIndexFile(opened.file, inodeOf(opened.file))
    opened = await openIndex(workspace.layout)
    findings.push(note(`the index was damaged (${cause.message}): it was made anew from the files`))
  }
  return [...findings, ...(await runs(workspace, opened))]
}

const CARE_WITHIN_MS = 20_000

/** Runs that nobody looks after get a supervisor, and are waited for where all that is missing is their end. */
async function runs(workspace: Workspace, index: Index): Promise<Finding[]> {
  const [{ schedule }, { showHiddenGroups }, { liveness, isStopped }, { sleep }] = await Promise.all([
    import('../../../runs/schedule.ts'),
    import('../../../runs/hidden-groups.ts'),
    import('../../../adapters/process/identity.ts'),
    import('../../../core/clock.ts'),
  ])
  const found = schedule(workspace, index)
  let now = found
  for (
    const until = performance.now() + CARE_WITHIN_MS;
    now.orphans.length > 0 && performance.now() < until;
  ) {
    await sleep(100)
    now = schedule(workspace, index)
  }
  const count = Number(index.driver.get("SELECT count(*) AS n FROM runs WHERE increment <> ''")?.n)
  const left = new Set(now.orphans.map(({ run }) => run))
  return [
    ok(`index: ${count} runs, ${now.live.length} not ended`),
    ...found.orphans.map(({ run, facts }) =>
      left.has(run)
        ? problem(
            `${run}: its supervisor is gone, and no other took it over within ${CARE_WITHIN_MS / 1000} s`,
          )
        : note(
            facts.end
              ? `${run}: its end was not wholly written down; it is now`
              : `${run}: its supervisor was gone; another looks after it`,
          ),
    ),
    ...showHiddenGroups(index).map(({ run, folder }) =>
      note(
        `${run}: its seeds have all ended, and an earlier version hid them from Git; Git sees them now: git add '${relative(workspace.root, folder)}', and commit`,
      ),
    ),
    ...now.live.flatMap(({ run, facts: { claim } }) =>
      claim && liveness(claim) === 'alive' && isStopped(claim.pid)
        ? [note(`${run}: its supervisor is suspended; kill -CONT ${claim.pid} lets it go on`)]
        : [],
    ),
  ]
}

async function ledger(workspace: Workspace): Promise<Finding[]> {
  const { readLedger } = await import('../../../evidence/ledger.ts')
  const { lines, problems } = readLedger(workspace)
  if (problems.length === 0)
    return [ok(`ledger: ${lines.length} line${lines.length === 1 ? '' : 's'}, all verified`)]
  return problems.map(({ file, line, what }) => problem(`${file}${line ? `:${line}` : ''}: ${what}`))
}

/** What a process that was killed in the middle of making something leaves. */
async function leftovers({ layout }: Workspace): Promise<Finding[]> {
  const { removeLeftovers } = await import('../../../store/leftovers.ts')
  return removeLeftovers(layout).map((path) =>
    note(`removed ${path}, left by a process that ended in the middle`),
  )
}
