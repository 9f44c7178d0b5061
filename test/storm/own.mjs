// What the scripts say of themselves: their own lists, read anew.
import { join } from 'node:path'
import { list, readLines } from './arena.mjs'

/**
 * Every process of a script, by its own list.
 * @returns {{key: string, pid: number, folder: string, run: string | undefined, main: boolean, kind?: string,
 *   points: {name: string, step: number, value: number, t: number}[], lines: string[], score?: number, exit?: number, whole: boolean}[]}
 */
export function ownLists(arena) {
  return list(arena.own).flatMap((name) => {
    const facts = readLines(join(arena.own, name))
    const begun = facts.filter(({ start, child }) => (start ?? child) !== undefined)
    const exit = facts.find((fact) => fact.exit !== undefined)?.exit
    const [key] = name.split('~')
    const folder = begun[0]?.start ?? begun[0]?.child ?? ''
    return [
      {
        key,
        pid: Number(/~(\d+)/.exec(name)[1]),
        folder,
        run: arena.runOf(folder),
        inCopy: arena.copy !== undefined && folder.startsWith(`${arena.copy}/`),
        main: begun[0]?.start !== undefined,
        kind: begun[0]?.kind,
        t: begun[0]?.t,
        points: facts.flatMap(({ point, t }) =>
          point ? [{ name: point[0], step: point[1], value: point[2], t }] : [],
        ),
        lines: facts.flatMap(({ line }) => (line === undefined ? [] : [line])),
        lastT: facts.reduce((last, { t }) => t ?? last, undefined),
        score: facts.find(({ score }) => score !== undefined)?.score,
        exit,
        /** It ended in good order: what could not be written was waited for. A child that leaves by _exit() waits for nothing. */
        orderly: begun[0]?.start !== undefined && exit !== undefined && begun[0]?.kind !== 'crash',
        /** It said that it ends, so that nothing can be between a write and its acknowledgement. */
        whole: exit !== undefined || facts.some(({ done }) => done),
      },
    ]
  })
}
