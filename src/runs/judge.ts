import type { Liveness, ProcessIdentity } from '../adapters/process/identity.ts'
import type { RunState } from '../core/run-state.ts'
import type { RunFacts } from './record.ts'

export interface Judgement {
  state: RunState
  reason?: string
  /** Whether a live supervisor looks after the run; `dead`: it has to be adopted. */
  owner: 'none' | 'alive' | 'dead' | 'foreign'
}

/**
 * The state of a run from the facts of its folder: pure, so that every process that looks comes to the same answer.
 * @param alive judges a process; must be asked before `exit.json` is read the last time, or an ending would look lost.
 * @param leftovers whether processes of the run outlive its wrapper.
 */
export function judgeRun(
  facts: RunFacts,
  alive: (identity: ProcessIdentity) => Liveness,
  leftovers: () => boolean = () => false,
): Judgement {
  if (facts.end) {
    const owner = facts.unfinished ? (facts.claim ? alive(facts.claim) : 'dead') : 'none'
    return { state: facts.end.state, reason: facts.end.reason ?? undefined, owner }
  }
  if (facts.record.made_by !== 'lab') return judgeScript(facts, alive)
  if (facts.started?.never)
    return { ...facts.started.never, owner: facts.claim ? alive(facts.claim) : 'dead' }
  if (facts.started && isCopy(facts, facts.started.stdout))
    return { state: 'lost', reason: 'copied', owner: 'none' }
  if (!facts.claim) {
    if (facts.stop) return { state: 'stopped', reason: facts.stop.reason, owner: 'dead' }
    if (facts.started || facts.exit) return { state: facts.exit ? 'evaluating' : 'running', owner: 'dead' }
    return { state: 'queued', owner: 'none' }
  }
  const owner = alive(facts.claim)
  if (!facts.started) return { state: 'starting', owner }
  if (facts.exit) return { state: 'evaluating', owner }
  const process = alive(facts.started)
  if (process === 'foreign') return { state: 'running', reason: 'on another machine', owner: 'foreign' }
  if (process === 'alive' || leftovers()) return { state: 'running', owner }
  return { state: 'lost', reason: 'its process ended without leaving an exit code', owner }
}

/** A run made by the SDK alone has no supervisor: its script says how it ended, or it is lost. */
function judgeScript(facts: RunFacts, alive: (identity: ProcessIdentity) => Liveness): Judgement {
  const { status, started } = facts
  if (status && status.value !== 'running') {
    // Nobody supervised it: whoever looks first has it scored.
    if (facts.unscored) return { state: 'evaluating', owner: facts.claim ? alive(facts.claim) : 'dead' }
    return {
      state: status.value === 'succeeded' ? 'succeeded' : 'failed',
      reason: status.reason,
      owner: 'none',
    }
  }
  if (!started) return { state: 'lost', reason: 'its script left no process to look for', owner: 'none' }
  if (isCopy(facts, started.events)) return { state: 'lost', reason: 'copied', owner: 'none' }
  const process = alive(started)
  if (process === 'foreign') return { state: 'running', reason: 'on another machine', owner: 'foreign' }
  if (process === 'alive') return { state: 'running', owner: 'none' }
  if (facts.stop) return { state: 'stopped', reason: facts.stop.reason, owner: 'none' }
  return { state: 'lost', reason: 'its script ended without saying how', owner: 'none' }
}

/** Whose log nobody recorded is not ours either: its processes may be anybody's. */
function isCopy(facts: RunFacts, recorded: { dev: number; ino: number } | undefined): boolean {
  return facts.inode !== undefined && recorded?.ino !== facts.inode.ino
}
