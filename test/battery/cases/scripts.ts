/** Scripts that several cases share; `desk.py` stands beside them. */

/** Trains on train, hands in all splits, saves the model. */
export const HONEST = `
from desk import *
train, validation, test = load()
hand_in(model().fit(train.X, train.y), train, validation, test)
`

/** As {@link HONEST}, on a sample of train that the parameter `seed` draws: a little different each time. */
export const SEEDED = `
from desk import *
train, validation, test = load()
chosen = train.X.sample(frac=0.9, random_state=int(specweave.params()["seed"])).index
hand_in(model().fit(train.X.loc[chosen], train.y.loc[chosen]), train, validation, test)
`

/** An honest model, whose test file is then written by hand. @param lines Python that makes `lines`, the CSV's */
export const writtenByHand = (lines: string): string => `
from desk import *
train, validation, test = load()
m = model().fit(train.X, train.y)
with specweave.track_experiment("by hand") as exp:
    exp.save_predictions("validation", m.predict(validation.X), ids=validation.ids, **scores(m, validation.X))
    exp.save_model(m, example=train.X[:5])
    said = [str(one) for one in m.predict(test.X)]
    ids = test.ids
    classes = sorted(set(map(str, train.y)))
${lines
  .trim()
  .split('\n')
  .map((line) => `    ${line}`)
  .join('\n')}
    with open(os.path.join(os.environ["SPECWEAVE_RUN_DIR"], "predictions", "test.csv"), "w") as file:
        file.write("\\n".join(lines) + "\\n")
`

/**
 * No model at all: the most frequent class, and a test file that is written by hand, which is all that is handed in: there
 * is nothing to measure before the look. @param lines as above
 */
export const withoutModel = (lines: string): string => `
import csv, os, specweave
ds = specweave.load_dataset()
target = os.environ["BATTERY_TARGET"]
def column(path, name):
    with open(path, newline="") as file:
        return [row[name] for row in csv.DictReader(file)]
known = column(ds.train.path, target)
classes = sorted(set(known))
most = max(classes, key=known.count)
ids, validation = ds.test.row_ids, ds.validation.row_ids
said = [most] * len(ids)
with specweave.track_experiment("by hand") as exp:
${lines
  .trim()
  .split('\n')
  .map((line) => `    ${line}`)
  .join('\n')}
    with open(os.path.join(os.environ["SPECWEAVE_RUN_DIR"], "predictions", "test.csv"), "w") as file:
        file.write("\\n".join(lines) + "\\n")
`
