import { appendFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NO_LAB } from '../tools/product.ts'
import { type Case, outcomeOf } from './case.ts'
import { Office } from './office.ts'
import type { Kind } from './world.ts'

/** `npm run battery` plays drawn variants too, and takes the outcomes down. */
const FROM = Number(process.env.SPECWEAVE_BATTERY_FROM ?? 0)
const VARIANTS = Number(process.env.SPECWEAVE_BATTERY_VARIANTS ?? 0)
const SEED = Number(process.env.SPECWEAVE_BATTERY_SEED ?? 1)
const TAKEN_DOWN = process.env.SPECWEAVE_BATTERY_OUT
const THOROUGH = TAKEN_DOWN !== undefined

/** Plays cases as tests, those of a kind in one workspace. A test file for each group, so that two workers share them. */
export function play(group: string, all: readonly Case[]): void {
  const cases = all.filter(({ thorough }) => THOROUGH || !thorough)
  describe.skipIf(NO_LAB)(group, () => {
    for (let variant = FROM; variant <= VARIANTS; variant++)
      for (const kind of new Set(cases.map((one) => one.kind)))
        describe(variant === 0 ? kind : `${kind}, variant ${variant}`, () =>
          playKind(
            cases.filter((one) => one.kind === kind),
            kind,
            variant,
          ),
        )
  })
}

function playKind(cases: readonly Case[], kind: Kind, variant: number): void {
  let office: Office
  beforeAll(() => {
    office = new Office(kind, variant === 0 ? 0 : SEED * 100 + variant)
  })
  afterAll(() => office.dispose())

  // No it.each: it would cut the names short, and `--case` asks for them.
  for (const one of cases) it(one.name, () => playCase(one, office, variant))
}

async function playCase(one: Case, office: Office, variant: number): Promise<void> {
  const began = performance.now()
  const desk = await office.desk(one.name, one.setting)
  await one.play(desk).finally(() => desk.restore())
  const outcome = outcomeOf(one, desk.said, variant)
  if (TAKEN_DOWN) {
    const { data, loader, model } = office.world
    const seconds = Math.round((performance.now() - began) / 100) / 10
    const line = { ...outcome, data, loader, model, seconds, said: desk.said }
    appendFileSync(TAKEN_DOWN, `${JSON.stringify(line)}\n`)
  }
  // Other data or another model may give it away, such as by a perfect score.
  const unnoticed = variant === 0 ? /^missed$/ : /^(?:missed|named)$/
  const wanted = one.missed ? unnoticed : one.caught ? /^(?:blocked|named)$/ : /^passed$/
  expect(outcome.result, outcome.how).toMatch(wanted)
}
