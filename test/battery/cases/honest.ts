import type { Case } from '../case.ts'
import { HONEST, SEEDED } from './scripts.ts'

/** Work as it should be done: each must pass, with nothing held against it. */
export const HONEST_WORK: Case[] = [
  {
    name: 'a classifier, chosen on validation and looked at once',
    thorough: true,
    kind: 'classification',
    async play(desk) {
      await desk.baselines()
      await desk.judge(await desk.honestRun('model', HONEST))
    },
  },
  {
    name: 'a regression, chosen on validation and looked at once',
    thorough: true,
    kind: 'regression',
    async play(desk) {
      await desk.baselines()
      await desk.judge(await desk.honestRun('model', HONEST))
    },
  },
  {
    name: 'three tries, the best of which is looked at',
    thorough: true,
    kind: 'classification',
    async play(desk) {
      await desk.baselines()
      await desk.sideBySide('model', SEEDED, [{ seed: 1 }, { seed: 2 }, { seed: 3 }])
      const { best } = await desk.compare()
      await desk.judge(String(best))
    },
  },
  {
    name: 'a script that fails twice before it works',
    thorough: true,
    kind: 'regression',
    async play(desk) {
      await desk.baselines()
      await desk.attempt('model', 'raise SystemExit(1)')
      await desk.attempt('model', 'import nothing_of_this_name')
      await desk.judge(await desk.honestRun('model', HONEST))
    },
  },
  {
    name: 'exploration of the whole source, and a candidate that keeps to its splits',
    kind: 'classification',
    async play(desk) {
      await desk.baselines()
      const explore = `
from desk import *
with specweave.track_experiment("eda") as exp:
    frame = read(SOURCE)
    exp.log_metric("rows", len(frame))
`
      const [, model = ''] = await desk.together([
        { name: 'eda', script: explore },
        { name: 'model', script: HONEST },
      ])
      await desk.judge(model)
    },
  },
  {
    name: 'the same predictions evaluated twice',
    thorough: true,
    kind: 'classification',
    async play(desk) {
      await desk.baselines()
      const run = await desk.honestRun('model', HONEST)
      await desk.look(run)
      await desk.judge(run)
    },
  },
  {
    name: 'criteria that are changed before any look',
    thorough: true,
    kind: 'classification',
    setting: { criteria: ['roc_auc >= 0.999'] },
    async play(desk) {
      await desk.baselines()
      desk.editSpec((text) => text.replace('0.999', '0.55'))
      await desk.judge(await desk.honestRun('model', HONEST))
    },
  },
  {
    name: 'no test predictions: the saved model makes them',
    kind: 'regression',
    async play(desk) {
      await desk.baselines()
      const script = `
from desk import *
train, validation, test = load()
m = model().fit(train.X, train.y)
with specweave.track_experiment("saved") as exp:
    exp.save_predictions("validation", m.predict(validation.X), ids=validation.ids)
    exp.save_model(m, example=train.X[:5])
`
      await desk.judge(await desk.honestRun('model', script))
    },
  },
  {
    name: 'a threshold that is tuned within train and saved with the model',
    thorough: true,
    kind: 'classification',
    async play(desk) {
      await desk.baselines()
      const script = `
from desk import *
from sklearn.model_selection import TunedThresholdClassifierCV
train, validation, test = load()
m = TunedThresholdClassifierCV(model(), scoring="balanced_accuracy", cv=3).fit(train.X, train.y)
hand_in(m, train, validation, test)
`
      await desk.judge(await desk.honestRun('model', script))
    },
  },
  {
    name: 'features that are made from others within the saved pipeline',
    thorough: true,
    kind: 'regression',
    async play(desk) {
      await desk.baselines()
      const script = `
from desk import *
from sklearn.preprocessing import PolynomialFeatures
train, validation, test = load()
m = model()
m.steps.insert(2, ("squares", PolynomialFeatures(2, include_bias=False)))
hand_in(m.fit(train.X, train.y), train, validation, test)
`
      await desk.judge(await desk.honestRun('model', script))
    },
  },
  {
    name: 'the order of rows is another in the file that is handed in',
    thorough: true,
    kind: 'classification',
    async play(desk) {
      await desk.baselines()
      const script = `
from desk import *
train, validation, test = load()
m = model().fit(train.X, train.y)
def turned(rows):
    return Rows(rows.X[::-1].reset_index(drop=True), rows.ids[::-1], rows.y)
hand_in(m, turned(train), turned(validation), turned(test))
`
      await desk.judge(await desk.honestRun('model', script))
    },
  },
  {
    name: 'the splits in one file, which an earlier script has made of them',
    thorough: true,
    kind: 'classification',
    async play(desk) {
      await desk.baselines()
      const cache = `
from desk import *
train, validation, test = load()
parts = [rows.X.assign(row_id=rows.ids, part=part) for part, rows in zip(("train", "validation", "test"), (train, validation, test))]
together = pd.concat(parts)
together["label"] = pd.concat([train.y, validation.y, pd.Series([None] * len(test.ids), dtype=object)]).to_numpy()
together.to_csv("cache.csv", index=False)
`
      const script = `
from desk import *
together = pd.read_csv("cache.csv")
def part(name):
    some = together[together["part"] == name]
    return Rows(some.drop(columns=["row_id", "part", "label"]), list(some["row_id"]), some["label"])
train, validation, test = map(part, ("train", "validation", "test"))
hand_in(model().fit(train.X, train.y), train, validation, test)
`
      await desk.honestRun('cache', cache)
      await desk.judge(await desk.honestRun('model', script))
    },
  },
  {
    name: 'a forecast by what is known at the time, split by time',
    kind: 'time_series',
    async play(desk) {
      await desk.baselines()
      await desk.judge(await desk.honestRun('model', HONEST))
    },
  },
  {
    name: 'a model that passes the control with shuffled labels',
    kind: 'classification',
    async play(desk) {
      await desk.baselines()
      const run = await desk.honestRun('model', HONEST)
      await desk.look(run)
      await desk.control(run)
      await desk.validate()
    },
  },
]
