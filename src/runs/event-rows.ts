import { isSecretName, MASK, maskText, maskValues } from '../core/secrets.ts'
import { environmentSecrets } from '../core/untrusted-text.ts'
import type { Index } from '../store/index-db.ts'
import { appendPoints, type Points } from './curve-chunks.ts'
import type { RunEvent } from './events.ts'

interface Last {
  value: number | null
  special: string | null
  step: number | null
  t: number
}

/** The rows of one file's new lines, gathered so that each table is written once for each name. */
export class EventRows {
  readonly #run: string
  readonly #writer: string
  readonly #curves = new Map<string, Points>()
  readonly #last = new Map<string, Last>()
  readonly #others: { event: RunEvent; line: number }[] = []
  readonly #names = new Map<string, string>()
  readonly #secrets = environmentSecrets()

  constructor(run: string, writer: string) {
    this.#run = run
    this.#writer = writer
  }

  add(said: RunEvent, line: number): void {
    if (said.k !== 'metric') {
      this.#others.push({ event: this.#masked(said), line })
      return
    }
    const name = this.#nameOf(said.n)
    const value = typeof said.v === 'number' ? said.v : Number(said.v)
    let points = this.#curves.get(name)
    if (!points) {
      points = { steps: [], values: [], times: [] }
      this.#curves.set(name, points)
    }
    points.steps.push(said.s ?? Number.NaN)
    points.values.push(value)
    points.times.push(said.t)
    const last = this.#last.get(name)
    if (!last || (said.s ?? Number.NEGATIVE_INFINITY) >= (last.step ?? Number.NEGATIVE_INFINITY)) {
      const finite = Number.isFinite(value)
      this.#last.set(name, {
        value: finite ? value : null,
        special: finite ? null : String(value),
        step: said.s ?? null,
        t: said.t,
      })
    }
  }

  /** The files that are made from these rows are committed: no secret comes that far, whoever logged it. */
  #masked(event: RunEvent): RunEvent {
    const secrets = this.#secrets
    switch (event.k) {
      case 'param': {
        const [[n, v] = ['', null]] = Object.entries(maskValues({ [event.n]: event.v }, secrets))
        return { ...event, n: maskText(n, secrets), v }
      }
      case 'tag':
        return {
          ...event,
          n: maskText(event.n, secrets),
          v: isSecretName(event.n) ? MASK : maskText(event.v, secrets),
        }
      case 'note':
        return { ...event, v: maskText(event.v, secrets) }
      case 'status':
        return event.reason ? { ...event, reason: maskText(event.reason, secrets) } : event
      default:
        return event
    }
  }

  #nameOf(name: string): string {
    let known = this.#names.get(name)
    if (known === undefined) {
      known = maskText(name, this.#secrets)
      this.#names.set(name, known)
    }
    return known
  }

  /** Whether a clock was set back under this writer, so that its last line is older than the one that stands. */
  turnsBack(index: Index): boolean {
    return [...this.#last].some(([name, last]) => {
      const standing = index.driver.get(
        "SELECT writer, t, step FROM metrics WHERE run = ? AND name = ? AND split = '' AND source = 'reported'",
        [this.#run, name],
      )
      return standing?.writer === this.#writer && standing.step === last.step && Number(standing.t) > last.t
    })
  }

  write(index: Index): void {
    for (const [name, points] of this.#curves) appendPoints(index, this.#run, name, this.#writer, points)
    for (const [name, last] of this.#last) {
      // The highest step wins; without steps the writer's last line, then the highest t, then the writer's name.
      index.driver.run(
        `INSERT INTO metrics (run, name, split, source, grade, value, special, low, high, step, t, writer)
         VALUES (?, ?, '', 'reported', NULL, ?, ?, NULL, NULL, ?, ?, ?)
         ON CONFLICT (run, name, split, source) DO UPDATE SET
           value = excluded.value, special = excluded.special, step = excluded.step, t = excluded.t, writer = excluded.writer
         WHERE coalesce(excluded.step, -9e999) > coalesce(step, -9e999)
            OR (coalesce(excluded.step, -9e999) = coalesce(step, -9e999)
                AND (excluded.writer = writer OR excluded.t > t OR (excluded.t = t AND excluded.writer > writer)))`,
        [this.#run, name, last.value, last.special, last.step, last.t, this.#writer],
      )
    }
    for (const { event, line } of this.#others) this.#writeOther(index, event, line)
  }

  #writeOther(index: Index, event: RunEvent, line: number): void {
    const run = this.#run
    switch (event.k) {
      case 'param':
        writeParam(index, run, event.n, event.v, { t: event.t, writer: this.#writer })
        break
      case 'tag':
        index.driver.run(
          `INSERT INTO tags (run, name, value, t, writer) VALUES (?, ?, ?, ?, ?)
           ON CONFLICT (run, name) DO UPDATE SET value = excluded.value, t = excluded.t, writer = excluded.writer
           WHERE excluded.writer = writer OR excluded.t > t OR (excluded.t = t AND excluded.writer >= writer)`,
          [run, event.n, event.v, event.t, this.#writer],
        )
        break
      case 'note':
        index.driver.run('INSERT OR REPLACE INTO notes (run, writer, line, t, text) VALUES (?, ?, ?, ?, ?)', [
          run,
          this.#writer,
          line,
          event.t,
          event.v,
        ])
        break
      case 'artifact':
        index.driver.run(
          // What one writer calls a model stays one, whichever writer's file is read first.
          `INSERT INTO artifacts (run, path, kind, bytes, sha256) VALUES (?, ?, ?, ?, ?)
           ON CONFLICT (run, path) DO UPDATE SET bytes = excluded.bytes, sha256 = excluded.sha256,
             kind = CASE kind WHEN 'model' THEN kind ELSE excluded.kind END`,
          [run, event.n, event.kind ?? 'file', Number(event.bytes ?? 0), event.sha256 ?? null],
        )
        break
      case 'model':
        index.driver.run(
          `INSERT INTO artifacts (run, path, kind, bytes, sha256) VALUES (?, ?, 'model', 0, NULL)
           ON CONFLICT (run, path) DO UPDATE SET kind = 'model'`,
          [run, event.n],
        )
        // As a tag of its own, which the script may have set itself: what kind of model a run made.
        if (typeof event.type === 'string' && event.type !== '')
          index.driver.run(
            'INSERT INTO tags (run, name, value, t, writer) VALUES (?, ?, ?, ?, ?) ON CONFLICT (run, name) DO NOTHING',
            [run, 'model_class', event.type.slice(0, 100), event.t, this.#writer],
          )
        break
      case 'status':
        // Several processes may speak for one run: the latest word stands, whichever file is read first. Within one
        // the last line is the latest, also where its clock was set back.
        index.driver.run(
          `UPDATE runs SET status = ? WHERE run = ? AND (status IS NULL
             OR json_extract(status, '$.writer') = ? OR coalesce(json_extract(status, '$.t'), 0) <= ?)`,
          [
            JSON.stringify({ value: event.v, reason: event.reason, t: event.t, writer: this.#writer }),
            run,
            this.#writer,
            event.t,
          ],
        )
        break
      case 'predictions':
        break
    }
  }
}

/** The parameters that run.json asks for; what the script set itself stands. */
export function writeAskedParams(index: Index, run: string, params: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(params))
    writeParam(index, run, name, value, { t: 0, writer: '' })
}

/** Of two that set the same parameter the later stands, then the one whose writer's name is greater; of one, its last word. */
function writeParam(
  index: Index,
  run: string,
  name: string,
  value: unknown,
  { t, writer }: { t: number; writer: string },
): void {
  const json = JSON.stringify(value) ?? 'null'
  index.driver.run(
    `INSERT INTO params (run, name, text, number, json, t, writer) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (run, name) DO UPDATE SET
       text = excluded.text, number = excluded.number, json = excluded.json, t = excluded.t, writer = excluded.writer
     WHERE (writer = '' AND excluded.writer <> '') OR ((writer = '') = (excluded.writer = '')
       AND (excluded.writer = writer OR excluded.t > t OR (excluded.t = t AND excluded.writer >= writer)))`,
    [
      run,
      name,
      typeof value === 'string' ? value : json,
      typeof value === 'number' && Number.isFinite(value) ? value : null,
      json,
      t,
      writer,
    ],
  )
}
