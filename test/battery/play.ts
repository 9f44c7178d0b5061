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

/** Cases of one kind, under headings. */
export type Groups = Readonly<Record<string, readonly Case[]>>

/**
 * Plays cases of a kind as tests, all in one workspace: a server, a lab and a registration take longer than a case. A few
 * test files, so that two workers share them.
 */
export function play(kind: Kind, groups: Groups): void {
  describe.skipIf(NO_LAB)(kind, () => {
    for (let variant = FROM; variant <= VARIANTS; variant++)
      if (variant === 0) playVariant(kind, groups, variant)
      else describe(`variant ${variant}`, () => playVariant(kind, groups, variant))
  })
}

function playVariant(kind: Kind, groups: Groups, variant: number): void {
  let office: Office
  beforeAll(() => {
    office = new Office(kind, variant === 0 ? 0 : SEED * 100 + variant)
  })
  afterAll(() => office.dispose())

  for (const [group, all] of Object.entries(groups)) {
    const cases = all.filter((one) => one.kind === kind && (THOROUGH || !one.thorough))
    // No it.each: it would cut the names short, and `--case` asks for them.
    if (cases.length > 0)
      describe(group, () => {
        for (const one of cases) it(one.name, () => playCase(one, office, variant))
      })
  }
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
