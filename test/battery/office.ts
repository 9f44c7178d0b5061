import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { Product } from '../tools/product.ts'
import { HONEST } from './cases/scripts.ts'
import { Desk, type Setting } from './desk.ts'
import { BATTERY_PYTHON, type Kind, makeWorld, PYTHON, type World } from './world.ts'

const METRICS = { classification: 'roc_auc', regression: 'r2', time_series: 'mae' } as const

/** Of the shared increment: what tempts one to edit. */
const HARD = {
  classification: ['roc_auc >= 0.99999', 'recall >= 0.99999'],
  regression: ['r2 >= 0.99999'],
  time_series: ['mae <= 0.00001'],
}

/** The workspace of one world, in which each case gets an increment of its own. */
export class Office {
  readonly product: Product
  readonly world: World
  /** Of the increments that cases share which only touch what is there. */
  readonly #judged = new Map<true | 'bare', { increment: string; run: string }>()

  constructor(kind: Kind, seed: number) {
    this.product = new Product(`id: battery\ninterpreter: ${PYTHON}\nlimits: {cpus: 1}\n`)
    this.world = makeWorld(kind, seed, join(this.product.root, 'data.csv'))
    copyFileSync(join(BATTERY_PYTHON, 'desk.py'), join(this.product.root, 'desk.py'))
  }

  /** @param criteria what is asked; a rate that every honest model of the world reaches, where the case does not say */
  async desk(title: string, setting: Setting = {}): Promise<Desk> {
    if (!setting.judged) return this.#newDesk(title, setting)
    let judged = this.#judged.get(setting.judged)
    if (!judged) {
      judged = await this.#judgedIncrement(setting.judged === 'bare')
      this.#judged.set(setting.judged, judged)
    }
    const desk = new Desk(this, METRICS[this.world.kind])
    return Object.assign(desk, judged)
  }

  async #judgedIncrement(bare: boolean): Promise<{ increment: string; run: string }> {
    const criteria = bare ? [] : HARD[this.world.kind]
    const first = await this.#newDesk('honest work that falls short', { criteria, lift: 0.9 })
    if (!bare) await first.baselines()
    const run = await first.honestRun('model', HONEST)
    await first.look(run)
    await this.product.settled()
    return { increment: first.increment, run }
  }

  async #newDesk(title: string, setting: Setting): Promise<Desk> {
    const { kind } = this.world
    const easy = { classification: 'roc_auc >= 0.55', regression: 'r2 >= 0.05', time_series: 'mae <= 100' }[
      kind
    ]
    const desk = new Desk(this, METRICS[kind])
    const { increment } = await desk.call('create_increment', {
      title,
      problem_type: kind,
      success_metrics: setting.criteria ?? [easy],
      baseline_lift: setting.lift ?? 0.05,
    })
    desk.increment = increment as string
    if (setting.register !== false) {
      const { dataset } = await desk.register()
      if (!dataset) throw new Error(`not registered: ${JSON.stringify(desk.said.refusals)}`)
    }
    return desk
  }

  dispose(): Promise<void> {
    return this.product.dispose()
  }
}
