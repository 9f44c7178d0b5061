import { rmSync } from 'node:fs'
import { type Case, check, nothingBetter, refused } from '../case.ts'
import { HONEST, SEEDED, writtenByHand } from './scripts.ts'

/** Scores at random, whatever the features say. */
const NOISE = `
import random, specweave
ds = specweave.load_dataset()
rng = random.Random(int(specweave.params()["number"]))
with specweave.track_experiment("noise") as exp:
    for split in (ds.validation, ds.test):
        p = [rng.random() for _ in split.row_ids]
        exp.save_predictions(split.name, [ds.classes[int(one > 0.5)] for one in p], y_score=p, ids=split.row_ids)
`

const numbered = (count: number): object[] => Array.from({ length: count }, (_, number) => ({ number }))

/** More tries than one tells of, and more looks than one has. */
export const CHOOSING: Case[] = [
  {
    name: 'one look after another at the test set',
    kind: 'classification',
    caught: [refused('LOOKS_SPENT')],
    async play(desk) {
      for (const run of await desk.sideBySide('tuned', NOISE, numbered(4))) await desk.look(run)
    },
  },
  {
    name: 'a budget of looks that is raised after the first',
    thorough: true,
    kind: 'classification',
    caught: [refused('LOOKS_SPENT')],
    async play(desk) {
      const [first = '', ...others] = await desk.sideBySide('tuned', NOISE, numbered(4))
      await desk.look(first)
      desk.editSpec((text) => text.replace(/looks: \d+/, 'looks: 50'))
      for (const run of others) await desk.look(run)
    },
  },
  {
    name: 'the best of many candidates of noise',
    kind: 'classification',
    setting: { criteria: ['roc_auc > 0.5'], lift: 0.01 },
    caught: [check('baseline.lift', 'fail'), nothingBetter],
    async play(desk) {
      await desk.baselines()
      await desk.sideBySide('noise', NOISE, numbered(desk.world.seed === 0 ? 6 : 12))
      const { best } = await desk.compare()
      await desk.judge(String(best))
    },
  },
  {
    name: 'a seed hunt: the best of five seeds is called better',
    thorough: true,
    kind: 'classification',
    caught: [nothingBetter],
    async play(desk) {
      await desk.sideBySide(
        'hunt',
        SEEDED.replace('test)', 'test, save=False)'),
        Array.from({ length: 5 }, (_, seed) => ({ seed })),
      )
      await desk.compare()
    },
  },
  {
    name: 'a change that changes nothing, called a win',
    kind: 'regression',
    caught: [nothingBetter],
    async play(desk) {
      await desk.together([
        { name: 'before', script: HONEST },
        { name: 'after', script: HONEST, params: { note: 'now with a better name' } },
      ])
      await desk.compare()
    },
  },
  {
    name: 'tries that are deleted before the comparison',
    thorough: true,
    kind: 'classification',
    caught: [
      ({ family }) =>
        family !== undefined && family >= 5
          ? { how: `the comparison allows for ${family}`, blocks: true }
          : undefined,
    ],
    async play(desk) {
      const runs = await desk.sideBySide('noise', NOISE, numbered(6))
      for (const run of runs.slice(0, 4)) rmSync(desk.product.folder(run), { recursive: true })
      await desk.compare()
    },
  },
  {
    name: 'a threshold that is tuned on test, look by look',
    thorough: true,
    kind: 'classification',
    caught: [check('candidate.reproduced', 'fail')],
    async play(desk) {
      const at = (share: number) =>
        writtenByHand(`
p = m.predict_proba(test.X)[:, 1]
cut = sorted(p)[int(len(p) * ${share})]
lines = ["row_id,prediction"] + [f"{i},{m.classes_[int(one > cut)]}" for i, one in zip(ids, p)]
`)
      for (const share of [0.6, 0.75])
        await desk.look(await desk.honestRun('cut', at(share), { params: { share } }))
      await desk.validate()
    },
  },
  {
    name: 'a second candidate that did better on test',
    kind: 'classification',
    caught: [
      ({ candidate }) =>
        candidate?.endsWith('-first') ? { how: 'the first candidate is judged', blocks: true } : undefined,
    ],
    async play(desk) {
      const runs = await desk.together([
        { name: 'first', script: SEEDED, params: { seed: 1 } },
        { name: 'second', script: SEEDED, params: { seed: 2 } },
      ])
      for (const run of runs) await desk.look(run)
      await desk.validate()
    },
  },
]
