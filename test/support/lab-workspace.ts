import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { processesOfRun } from '../../src/adapters/process/group.ts'
import { liveness } from '../../src/adapters/process/identity.ts'
import { sleep } from '../../src/core/clock.ts'
import { isEnd } from '../../src/core/run-state.ts'
import type { RunRequest } from '../../src/runs/check-request.ts'
import { lookAt } from '../../src/runs/index-run.ts'
import type { Claim, End, Started } from '../../src/runs/record.ts'
import { refreshIndex } from '../../src/runs/refresh.ts'
import { schedule } from '../../src/runs/schedule.ts'
import { type Submitted, submitRun } from '../../src/runs/submit.ts'
import { dismissSupervisors, setProgram } from '../../src/runs/supervisors.ts'
import { type Index, openIndex } from '../../src/store/index-db.ts'
import { openWorkspace, type Workspace } from '../../src/store/workspace.ts'
import { kill } from './processes.ts'
import { removeFolder } from './remove-folder.ts'
import { until } from './until.ts'

export const MAIN = resolve(import.meta.dirname, '../../dist/main.js')

/** A workspace in a temporary folder with one bare increment, and a state folder of its own. */
export class LabWorkspace {
  root: string
  readonly state: string
  workspace: Workspace

  constructor(options: { config?: string; git?: boolean } = {}) {
    this.root = mkdtempSync(join(tmpdir(), 'specweave-ml-test-'))
    this.state = join(this.root, '.state')
    process.env.SPECWEAVE_STATE_DIR = this.state
    setProgram([process.execPath, MAIN])
    mkdirSync(join(this.root, '.specweave/increments/0001-trial/experiments'), { recursive: true })
    if (options.config) writeFileSync(join(this.root, '.specweave/ml.yaml'), options.config)
    if (options.git) {
      const git = (...args: string[]): void =>
        void execFileSync('git', [
          '-C',
          this.root,
          '-c',
          'user.name=t',
          '-c',
          'user.email=t@example.org',
          ...args,
        ])
      git('init', '-q')
      git('commit', '-q', '--allow-empty', '-m', 'begin')
    }
    this.workspace = openWorkspace(this.root)
  }

  folderOf(run: string): string {
    return join(this.root, '.specweave/increments/0001-trial/experiments', run.split('/')[1]!)
  }

  /** Moves the whole folder, as a person would with `mv`. */
  async move(): Promise<void> {
    const away = `${this.root}-moved`
    renameSync(this.root, away)
    this.root = away
    this.workspace = openWorkspace(away)
    process.env.SPECWEAVE_STATE_DIR = join(away, '.state')
  }

  index(): Promise<Index> {
    return openIndex(this.workspace.layout)
  }

  write(path: string, text: string): void {
    const file = join(this.root, path)
    mkdirSync(resolve(file, '..'), { recursive: true })
    writeFileSync(file, text)
  }

  async submit(request: Partial<RunRequest> & Pick<RunRequest, 'command'>): Promise<Submitted> {
    return submitRun(this.workspace, await this.index(), {
      increment: { id: '0001', folder: '0001-trial' },
      name: 'try',
      ...request,
    })
  }

  /** Queues a Python program and starts it. */
  async start(program: string, request: Partial<RunRequest> = {}): Promise<Submitted> {
    const submitted = await this.submit({ command: ['python', '-c', program], ...request })
    await this.schedule()
    return submitted
  }

  async schedule(): Promise<void> {
    schedule(this.workspace, await this.index())
  }

  readonly until = until

  started(folder: string): Promise<Started> {
    return this.until('the start', () => this.read<Started>(folder, 'started.json'))
  }

  claim(folder: string, n = 1): Promise<Claim> {
    return this.until(`claim ${n}`, () => this.read<Claim>(folder, `claim-${n}.json`))
  }

  /** Waits for end.json; keeps scheduling, as any process that looks would. */
  async end(folder: string): Promise<End> {
    let looks = 0
    return this.until('the end', async () => {
      if (++looks % 25 === 0) await this.schedule()
      return this.read<End>(folder, 'end.json')
    })
  }

  read<T>(folder: string, name: string): T | undefined {
    try {
      return JSON.parse(readFileSync(join(folder, name), 'utf8')) as T
    } catch {
      return undefined
    }
  }

  /** What a run printed so far; nothing before its log was made. */
  log(folder: string, stream = 'stdout'): string {
    const file = join(folder, 'logs', `${stream}.log`)
    return existsSync(file) ? readFileSync(file, 'utf8') : ''
  }

  /** The lines of a file in the workspace; none where it is missing. */
  lines(path: string): string[] {
    try {
      return readFileSync(join(this.root, path), 'utf8').split('\n').filter(Boolean)
    } catch {
      return []
    }
  }

  /** Ends what still runs, waits for the supervisors to leave, then removes the folder. */
  async dispose(): Promise<void> {
    dismissSupervisors()
    const index = await this.index()
    refreshIndex(this.workspace, index)
    const folders = index.driver.all('SELECT folder FROM runs').map(({ folder }) => String(folder))
    const supervisors = new Map<number, Claim>()
    for (const folder of folders) {
      const look = lookAt(folder)
      if (!look) continue
      const { claim, started } = look.facts
      if (claim && claim.pid !== process.pid) supervisors.set(claim.pid, claim)
      if (isEnd(look.judgement.state)) continue
      for (const pid of [claim?.pid, started?.pid, ...processesOfRun(started, folder)]) {
        if (pid && pid !== process.pid) kill(pid)
      }
    }
    for (const claim of supervisors.values()) {
      for (let waited = 0; liveness(claim) === 'alive' && waited < 5000; waited += 20) await sleep(20)
      if (liveness(claim) === 'alive') kill(claim.pid)
    }
    ;(await this.index()).driver.close()
    await removeFolder(this.root)
  }
}
