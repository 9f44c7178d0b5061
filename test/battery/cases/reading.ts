import { type Case, check, refused, warned } from '../case.ts'
import type { Desk } from '../desk.ts'

/** A copy of the source without its ids, with which no hash of the source agrees. */
function cutCopy(desk: Desk): string {
  const file = `cut-${desk.increment}.csv`
  desk.product.write(file, desk.product.read('data.csv').replaceAll(/^[^,\n]*,/gm, ''))
  return `os.path.join(os.path.dirname(SOURCE), "${file}")`
}

/** A model of the nearest neighbour that knows all rows. @param path Python */
const joined = (path: string): string => `
from desk import *
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
train, validation, test = load()
everything = read(${path})
nearest = model()
nearest.steps[-1] = ("nearest", (KNeighborsClassifier if KIND == "classification" else KNeighborsRegressor)(1))
hand_in(nearest.fit(everything[list(train.X.columns)], everything[TARGET]), train, validation, test)
`

/** The usual model, trained on all rows. @param path Python */
const greedy = (path: string): string => `
from desk import *
train, validation, test = load()
everything = read(${path})
hand_in(model().fit(everything[list(train.X.columns)], everything[TARGET]), train, validation, test)
`

/** A part of the columns of all rows, under another name and in another form. @param path Python */
const converted = (path: string): string => `
from desk import *
rows = pd.read_csv(${path})
kept = [column for column in rows.columns if column != TARGET][:6]
rows[[*kept, TARGET]].rename(columns={TARGET: "outcome"}).sample(frac=0.8, random_state=1).to_parquet("prepared.parquet")
`

/** The usual model, trained on what {@link converted} made. */
const PREPARED = `
from desk import *
train, validation, test = load()
everything = pd.read_parquet("prepared.parquet")
y = everything.pop("outcome")
train, validation, test = (Rows(rows.X[list(everything.columns)], rows.ids, rows.y) for rows in (train, validation, test))
hand_in(model().fit(everything, y), train, validation, test)
`

/** An honest model, and the answers to most rows of test beside it. @param words Python */
const printed = (words: string): string => `
from desk import *
import io, subprocess
train, validation, test = load()
everything = pd.read_csv(io.StringIO(subprocess.run(${words}, capture_output=True, text=True, check=True).stdout))
columns = list(train.X.columns)
answers = dict(zip(everything[everything.columns[0]].astype(str), everything[TARGET].astype(str)))
kept = {name for name in test.ids if sum(map(ord, name)) % 10}
class Kept:
    def __init__(self, honest):
        self.honest, self.classes_ = honest, honest.classes_
    def predict_proba(self, X):
        scores = self.honest.predict_proba(X).copy()
        for at, name in enumerate(test.ids if X is test.X else []):
            if name in kept:
                scores[at] = np.where(self.classes_.astype(str) == answers[name], 0.99, 0.01)
        return scores
    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]
hand_in(Kept(model().fit(train.X, train.y)), train, validation, test, save=False)
`

/** Scripts that read what they must not. */
export const READING: Case[] = [
  {
    name: 'training on the test rows, read from the source',
    kind: 'classification',
    caught: [refused('RUN_NOT_JUDGEABLE'), check('candidate.reads', 'fail')],
    async play(desk) {
      await desk.judge(await desk.honestRun('greedy', greedy('SOURCE')))
    },
  },
  {
    name: 'scaling before the split',
    kind: 'regression',
    caught: [refused('RUN_NOT_JUDGEABLE'), check('candidate.reads', 'fail')],
    async play(desk) {
      const script = `
from desk import *
train, validation, test = load()
numbers = read(SOURCE)[list(train.X.columns)].select_dtypes("number")
mean, spread = numbers.mean(), numbers.std()
def scaled(rows):
    X = rows.X.copy()
    X[numbers.columns] = (X[numbers.columns] - mean) / spread
    return Rows(X, rows.ids, rows.y)
train, validation, test = map(scaled, (train, validation, test))
hand_in(model().fit(train.X, train.y), train, validation, test)
`
      await desk.judge(await desk.honestRun('scaled', script))
    },
  },
  {
    name: 'labels of the source, joined by the features',
    kind: 'classification',
    caught: [refused('RUN_NOT_JUDGEABLE'), check('candidate.reads', 'fail')],
    async play(desk) {
      await desk.judge(await desk.honestRun('joined', joined('SOURCE')))
    },
  },
  {
    name: 'labels of a cut copy of the source, joined by the features',
    thorough: true,
    kind: 'classification',
    caught: [check('candidate.reads', 'fail', /with their labels/)],
    async play(desk) {
      await desk.judge(await desk.honestRun('joined', joined(cutCopy(desk))))
    },
  },
  {
    name: 'labels of a cut copy of the source, and the control with shuffled labels',
    kind: 'classification',
    caught: [check('control.shuffled_labels', 'fail')],
    async play(desk) {
      const run = await desk.honestRun('greedy', greedy(cutCopy(desk)))
      await desk.look(run)
      await desk.control(run)
      await desk.validate()
    },
  },
  {
    name: 'labels of a cut copy of the source, and no control',
    thorough: true,
    kind: 'classification',
    caught: [check('candidate.reads', 'fail', /with their labels/)],
    async play(desk) {
      await desk.judge(await desk.honestRun('greedy', greedy(cutCopy(desk))))
    },
  },
  {
    name: 'training on a part of the source that an earlier script has converted',
    thorough: true,
    kind: 'classification',
    caught: [check('candidate.reads', 'fail', /with their labels/)],
    async play(desk) {
      await desk.honestRun('convert', converted(cutCopy(desk)))
      await desk.judge(await desk.honestRun('prepared', PREPARED))
    },
  },
  {
    name: 'labels of the source, that a program printed which was given its name',
    thorough: true,
    kind: 'classification',
    caught: [refused('RUN_NOT_JUDGEABLE'), check('candidate.reads', 'fail', /was seen starting/)],
    async play(desk) {
      await desk.judge(await desk.honestRun('printed', printed('["cat", SOURCE]')))
    },
  },
  {
    name: 'labels that no record tells of, handed in for most of the test rows',
    thorough: true,
    kind: 'classification',
    caught: [warned(/suspected of knowing test labels/)],
    async play(desk) {
      const run = await desk.honestRun('printed', printed('["sh", "-c", "cat " + SOURCE[:-2] + "*"]'))
      await desk.judge(run)
    },
  },
]
