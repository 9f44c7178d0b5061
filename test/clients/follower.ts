/** A call that a text names: `create_increment {"title": "..."}`. */
export interface NamedCall {
  tool: string
  arguments: Record<string, unknown>
}

/**
 * The simplest assistant: it knows no tool, and makes the calls that texts name, in their order, one after the other. Where the last
 * answer has a `next`, that comes first.
 */
export class Follower {
  /** What the user would answer when asked: values of arguments, and of `<placeholders>`. */
  readonly #answers: Readonly<Record<string, unknown>>
  readonly #deaf: boolean
  readonly made: NamedCall[] = []
  readonly #pending = new Set<string>()
  #planned: NamedCall[] = []

  /** @param deaf no `next` is heard */
  constructor(answers: Readonly<Record<string, unknown>>, deaf = false) {
    this.#answers = answers
    this.#deaf = deaf
  }

  /** A command or a skill: what it names is to be done. */
  read(text: string, argumentsText: string): void {
    this.#planned = callsIn(text).map((call) => this.#filled(call, argumentsText))
  }

  /** @returns the next call, or `undefined` where nothing that was read names another. */
  after(answer: string | undefined, offered: readonly string[]): NamedCall | undefined {
    const last = this.made.at(-1)
    const deaf = this.#deaf
    // It goes on as a job, and is asked for again when that has ended.
    if (last && answer && /"job":\s*"job-/.test(answer)) this.#pending.add(JSON.stringify(last))
    // A verdict that waits for something is asked for again when that has ended.
    if (last?.tool === 'validate_increment' && nextOf(answer)[0]?.tool === 'get_run')
      this.#pending.add(JSON.stringify(last))
    const next = (deaf ? [] : nextOf(answer)).map((call) => this.#filled(call, ''))
    const call = [...next, ...this.#planned].find((one) => offered.includes(one.tool) && !this.#isDone(one))
    if (!call) return undefined
    this.#planned = this.#planned.filter((one) => one.tool !== call.tool)
    this.made.push(call)
    return call
  }

  /**
   * The tools of the calls up to the end of the loop. A call that is made again counts once, and waiting for a job not at all: how
   * often either is needed is a matter of the machine.
   */
  get loop(): string[] {
    const end = this.made.findIndex(({ tool }) => tool === 'complete_increment')
    const calls = this.made.slice(0, end + 1).filter((call) => !/"job-/.test(JSON.stringify(call)))
    const once = new Map(calls.map((call) => [JSON.stringify(call), call.tool]))
    return [...once.values()]
  }

  /** A run is waited for again; all else once. */
  #isDone(call: NamedCall): boolean {
    const same = this.made.filter((one) => JSON.stringify(one) === JSON.stringify(call)).length
    const again = call.tool === 'get_run' || this.#pending.has(JSON.stringify(call))
    return same > (again ? 20 : 0) || hasPlaceholder(call)
  }

  #filled({ tool, arguments: given }: NamedCall, argumentsText: string): NamedCall {
    const filled = Object.entries(given).map(([name, value]) => {
      if (value === '<feature>') return [name, argumentsText]
      return [name, this.#answers[name] ?? value]
    })
    return { tool, arguments: Object.fromEntries(filled) }
  }
}

function hasPlaceholder(call: NamedCall): boolean {
  return /"<[^"]*>"/.test(JSON.stringify(call))
}

/** Every `name {json}` in a text. */
export function callsIn(text: string): NamedCall[] {
  const calls: NamedCall[] = []
  for (const match of text.matchAll(/\b([a-z]+(?:_[a-z]+)+) (?=\{)/g)) {
    const json = wholeObject(text.slice(match.index + match[0].length))
    if (json) calls.push({ tool: match[1]!, arguments: json })
  }
  return calls
}

function wholeObject(text: string): Record<string, unknown> | undefined {
  for (let end = text.indexOf('}'); end !== -1 && end < 5000; end = text.indexOf('}', end + 1)) {
    try {
      return JSON.parse(text.slice(0, end + 1)) as Record<string, unknown>
    } catch {
      // The object goes on.
    }
  }
  return undefined
}

/** The calls of an answer's `next`, whether the client hands on the text or the structured content. */
function nextOf(answer: string | undefined): NamedCall[] {
  if (!answer) return []
  try {
    const { next = [] } = JSON.parse(answer) as { next?: Partial<NamedCall>[] }
    return next.flatMap(({ tool, arguments: given }) => (tool ? [{ tool, arguments: given ?? {} }] : []))
  } catch {
    return callsIn(answer)
  }
}
