/** One task of tasks.md. */
export interface Task {
  /** `T-003` */
  id: string
  title: string
  state: 'open' | 'done' | 'skipped'
  /** Why it was skipped. */
  reason?: string
  /** 1-based, of its heading or list item. */
  line: number
}

const HEADING = /^#{2,4}\s+(T-\d{3,}):?\s+(.*?)\s*$/
const ITEM = /^\s*[-*]\s+\[([ xX])\]\s+\**(T-\d{3,})\**:?\**\s+(.*?)\s*$/
const STATUS = /^\s*(?:[-*]\s+)?\*\*Status\*\*:\s*(?:\[([ xX])\]\s*)?(.*?)\s*$/i
const SKIPPED = /\bskipped\b\s*(?::|-|–|—|\()?\s*(.*?)\)?\s*$/i

/**
 * Reads tasks.md: `### T-001: ...` with a `**Status**: [ ] pending` line below it, and `- [ ] T-001: ...`. A task is
 * skipped where its status, or its list item, says `skipped: <reason>`. The first mention of an id counts.
 */
export function parseTasks(text: string): Task[] {
  const tasks: Task[] = []
  let current: Task | undefined
  let fence: string | undefined
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const tick = /^\s{0,3}(`{3,}|~{3,})/.exec(line)?.[1]
    if (tick && fence === undefined) fence = tick
    else if (tick && fence && tick.startsWith(fence)) fence = undefined
    if (fence) continue
    const heading = HEADING.exec(line)
    const item = heading ? null : ITEM.exec(line)
    if (heading) {
      current = { id: heading[1]!, title: heading[2]!, state: 'open', line: index + 1 }
      add(tasks, current)
    } else if (item) {
      current = undefined
      add(tasks, fromItem(item, index + 1))
    } else if (/^#{1,3}\s/.test(line)) {
      current = undefined
    } else if (current) {
      const status = STATUS.exec(line)
      if (status) {
        Object.assign(current, stateOf(status[1], status[2] ?? ''))
        current = undefined
      }
    }
  }
  return tasks
}

function fromItem(item: RegExpExecArray, line: number): Task {
  const text = item[3]!
  const skipped = /^(.*?)[\s,;.:(—–-]+skipped:\s*(.+?)\)?$/i.exec(text)
  if (skipped) return { id: item[2]!, title: skipped[1]!, state: 'skipped', reason: skipped[2]!, line }
  return { id: item[2]!, title: text, state: item[1] === ' ' ? 'open' : 'done', line }
}

function stateOf(box: string | undefined, words: string): Pick<Task, 'state' | 'reason'> {
  const skipped = SKIPPED.exec(words)
  if (skipped && /skipped/i.test(words))
    return skipped[1] ? { state: 'skipped', reason: skipped[1] } : { state: 'open' }
  if (box !== undefined) return { state: box === ' ' ? 'open' : 'done' }
  return { state: /^(?:completed?|done)\b/i.test(words) ? 'done' : 'open' }
}

function add(tasks: Task[], task: Task): void {
  if (!tasks.some(({ id }) => id === task.id)) tasks.push(task)
}

/** What the records say, as far as a tick can be held against it. */
export interface TaskFacts {
  datasetRegistered: boolean
  /** Baseline runs that ended as succeeded. */
  baselines: number
  /** Other runs that ended as succeeded. */
  candidates: number
  /** The candidate has a measured number on the sealed test split. */
  looked: boolean
}

export interface Contradiction {
  task: string
  problem: string
}

const PROOFS: Readonly<Record<string, (facts: TaskFacts) => string | undefined>> = {
  'T-001': ({ datasetRegistered }) =>
    datasetRegistered ? undefined : 'no dataset is registered, so nothing was profiled',
  'T-003': ({ baselines }) => (baselines > 0 ? undefined : 'no baseline run has succeeded'),
  'T-004': ({ candidates }) => (candidates > 0 ? undefined : 'no run other than baselines has succeeded'),
  'T-005': ({ candidates }) =>
    candidates > 1 ? undefined : 'fewer than two candidate runs have succeeded, so no setting was compared',
  'T-006': ({ looked }) => (looked ? undefined : 'no run was evaluated on the sealed test set'),
}

/**
 * Ticks of T-001 to T-009, as `create_increment` numbers them, that the records contradict. Tasks that only a person can
 * judge (features, explanation, deployment, the A/B plan) are never contradicted.
 */
export function contradictions(tasks: readonly Task[], facts: TaskFacts): Contradiction[] {
  return tasks.flatMap(({ id, state }) => {
    const problem = state === 'done' ? PROOFS[id]?.(facts) : undefined
    return problem ? [{ task: id, problem: `${id} is ticked, but ${problem}` }] : []
  })
}
