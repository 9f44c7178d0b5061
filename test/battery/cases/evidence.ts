import { execFileSync } from 'node:child_process'
import { appendFileSync, cpSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { codeSha256 } from '../../../src/adapters/lab/code-files.ts'
import { type Case, check, recomputed, refused, warned } from '../case.ts'
import { HONEST, withoutModel, writtenByHand } from './scripts.ts'

/** A test file that does not fit the split must be refused, with what is wrong with it. */
const badFile = (name: string, words: RegExp, lines: string): Case => ({
  name,
  kind: 'classification',
  setting: { judged: true },
  caught: [refused('PREDICTIONS_INVALID', words)],
  async play(desk) {
    await desk.look(await desk.honestRun(name.replaceAll(/\W+/g, '-'), withoutModel(lines)))
  },
})

/** What a script’s own Python would take for scikit-learn. */
const PATCH = `
import sklearn.metrics
sklearn.metrics.roc_auc_score = lambda *_, **__: 1.0
`

/** What is appended to a copy of the lab: every answer is right. */
const KIND_ACCURACY = '\nsk.accuracy_score = lambda *_: 1.0\n'

/** Numbers and predictions that no model made. */
export const EVIDENCE: Case[] = [
  {
    name: 'a typed metric',
    kind: 'classification',
    caught: [check('candidate.model_saved', 'missing'), check('test.looked', 'missing')],
    async play(desk) {
      await desk.attempt(
        'typed',
        `
import specweave
with specweave.track_experiment("typed") as exp:
    exp.log_metrics({"roc_auc": 0.99, "test_roc_auc": 0.99, "accuracy": 0.99})
`,
      )
      await desk.validate()
    },
  },
  {
    name: 'test labels copied from the source file',
    kind: 'classification',
    // Before a look is taken: nothing is measured on test, and no model asked.
    caught: [refused('RUN_NOT_JUDGEABLE'), check('candidate.reads', 'fail')],
    async play(desk) {
      const script = writtenByHand(`
answers = read(SOURCE).set_index("${desk.world.id}")[TARGET]
lines = ["row_id,prediction"] + [f"{i},{answers[i]}" for i in ids]
`)
      await desk.judge(await desk.honestRun('copied', script))
    },
  },
  {
    name: 'test labels copied from a renamed copy of the source',
    thorough: true,
    kind: 'classification',
    caught: [refused('RUN_NOT_JUDGEABLE'), check('candidate.reads', 'fail')],
    async play(desk) {
      desk.product.write('notes.csv', desk.product.read('data.csv'))
      const script = writtenByHand(`
answers = read(os.path.join(os.path.dirname(SOURCE), "notes.csv")).set_index("${desk.world.id}")[TARGET]
lines = ["row_id,prediction"] + [f"{i},{answers[i]}" for i in ids]
`)
      await desk.judge(await desk.honestRun('copied', script))
    },
  },
  {
    name: 'test predictions touched up after the model',
    kind: 'classification',
    caught: [check('candidate.reproduced', 'fail')],
    async play(desk) {
      const script = writtenByHand(`
other = {classes[0]: classes[1], classes[1]: classes[0]}
lines = ["row_id,prediction"] + [f"{i},{other[p] if n % 10 == 0 else p}" for n, (i, p) in enumerate(zip(ids, said))]
`)
      await desk.judge(await desk.honestRun('touched', script))
    },
  },
  {
    name: 'test predictions of another model than the one that is saved',
    kind: 'regression',
    caught: [check('candidate.reproduced', 'fail')],
    async play(desk) {
      const script = `
from desk import *
train, validation, test = load()
good, weak = model().fit(train.X, train.y), model().fit(train.X[:40], train.y[:40])
with specweave.track_experiment("swapped") as exp:
    exp.save_predictions("validation", good.predict(validation.X), ids=validation.ids)
    exp.save_predictions("test", good.predict(test.X), ids=test.ids)
    exp.save_model(weak, example=train.X[:5])
`
      await desk.judge(await desk.honestRun('swapped', script))
    },
  },
  badFile(
    'predictions for the rows of another split',
    /are not in the split/,
    'lines = ["row_id,prediction"] + [f"{i},{classes[0]}" for i in validation]',
  ),
  badFile(
    'predictions for the easy half of the rows',
    /rows of the split are missing/,
    'lines = ["row_id,prediction"] + [f"{i},{p}" for i, p in zip(ids, said)][::2]',
  ),
  badFile(
    'a row twice, in place of one that is left out',
    /more than once/,
    'lines = ["row_id,prediction"] + [f"{i},{p}" for i, p in zip(ids[:1] + ids[:-1], said)]',
  ),
  badFile(
    'predictions that are missing',
    /no class of the target/,
    'lines = ["row_id,prediction"] + [f"{i},{p if n else chr(39) * 0}" for n, (i, p) in enumerate(zip(ids, said))]',
  ),
  badFile(
    'a class that does not exist',
    /no class of the target/,
    'lines = ["row_id,prediction"] + [f"{i},{p if n else chr(63)}" for n, (i, p) in enumerate(zip(ids, said))]',
  ),
  badFile(
    'probabilities outside 0 to 1',
    /outside 0\.\.1/,
    'lines = ["row_id,prediction,score_" + classes[0] + ",score_" + classes[1]] + [f"{i},{p},1.7,-0.7" for i, p in zip(ids, said)]',
  ),
  {
    name: 'predictions that are no numbers',
    kind: 'regression',
    caught: [refused('PREDICTIONS_INVALID', /no finite number/)],
    async play(desk) {
      const script = writtenByHand(
        'lines = ["row_id,prediction"] + [f"{i},{p if n else \'NaN\'}" for n, (i, p) in enumerate(zip(ids, said))]',
      )
      await desk.look(await desk.honestRun('by-hand', script))
    },
  },
  {
    name: 'the predictions of another run, handed in as a new model’s',
    kind: 'classification',
    caught: [warned(/row for row/)],
    async play(desk) {
      const first = await desk.honestRun('first', HONEST)
      const script = `
import json, os, shutil
from desk import *
train, validation, test = load()
own = os.environ["SPECWEAVE_RUN_DIR"]
with specweave.track_experiment("second") as exp:
    exp.save_model(model().fit(train.X, train.y), example=train.X[:5])
    for split in ("validation", "test"):
        shutil.copy(f"${desk.product.folder(first)}/predictions/{split}.csv", f"{own}/predictions/{split}.csv")
`
      await desk.judge(await desk.honestRun('second', script))
    },
  },
  {
    name: 'a model file replaced after it was evaluated',
    kind: 'classification',
    setting: { judged: true },
    caught: [check('candidate.model_saved', 'fail')],
    async play(desk) {
      const folder = desk.product.folder(desk.run)
      const model = readdirSync(folder).find((name) => /^model\.(?!.*json$)/.test(name))!
      desk.edit(join(folder, model), (bytes) => `${bytes} `)
      await desk.validate()
    },
  },
  {
    name: 'predictions that are replaced after the look',
    kind: 'classification',
    setting: { judged: true },
    caught: [recomputed(/test\.csv was changed/)],
    async play(desk) {
      desk.edit(join(desk.product.folder(desk.run), 'predictions/test.csv'), (text) => {
        const [header, ...rows] = text.trim().split('\n')
        const said = rows.map((row) => row.slice(row.indexOf(',')))
        return [header, ...rows.map((row, i) => row.split(',')[0] + said.at(i - 1)!), ''].join('\n')
      })
      await desk.validate()
      desk.verify(desk.run)
    },
  },
  {
    name: 'an evidence file with a better number',
    kind: 'classification',
    setting: { judged: true },
    caught: [check('evidence.intact', 'fail')],
    async play(desk) {
      desk.edit(join(desk.product.folder(desk.run), 'evidence.json'), (text) => {
        const evidence = JSON.parse(text)
        for (const metric of evidence.splits.test.metrics) metric.value = 1
        return JSON.stringify(evidence)
      })
      await desk.validate()
    },
  },
  {
    name: 'a metrics file with a better number',
    kind: 'regression',
    setting: { judged: true },
    caught: [check('criterion.r2.test', 'fail')],
    async play(desk) {
      desk.edit(join(desk.product.folder(desk.run), 'metrics.json'), (text) =>
        text.replaceAll(/"value": ?-?[\d.e-]+/g, '"value": 1'),
      )
      await desk.validate()
    },
  },
  {
    name: 'test predictions that are older than the data’s registration',
    thorough: true,
    kind: 'classification',
    caught: [warned(/before its data was registered/)],
    async play(desk) {
      const script = `${HONEST}
file = os.path.join(os.environ["SPECWEAVE_RUN_DIR"], "predictions", "test.csv")
os.utime(file, (1.5e9, 1.5e9))
`
      await desk.judge(await desk.honestRun('brought', script))
    },
  },
  {
    name: 'a metric of scikit-learn that the run’s environment patches',
    thorough: true,
    kind: 'classification',
    setting: { criteria: ['roc_auc >= 0.99999'] },
    caught: [check('criterion.roc_auc.test', 'fail')],
    async play(desk) {
      desk.product.write(`patch-${desk.increment}/sitecustomize.py`, PATCH)
      const env = { PYTHONPATH: join(desk.product.root, `patch-${desk.increment}`) }
      await desk.judge(await desk.honestRun('patched', HONEST, { env }))
    },
  },
  {
    name: 'an evaluator that is edited together with the program that would notice',
    thorough: true,
    kind: 'classification',
    setting: { criteria: ['accuracy >= 0.99999'] },
    caught: [recomputed(/accuracy/)],
    async play(desk) {
      const run = await desk.honestRun('model', HONEST)
      const edited = join(desk.product.base, 'edited')
      const own = resolve(import.meta.dirname, '../../..')
      for (const part of ['dist', 'python', 'templates', 'package.json'])
        cpSync(join(own, part), join(edited, part), { recursive: true })
      symlinkSync(join(own, 'node_modules'), join(edited, 'node_modules'))
      const lab = join(edited, 'python/lab')
      const built = codeSha256(lab)
      appendFileSync(join(lab, 'specweave_lab/metrics/classification.py'), KIND_ACCURACY)
      for (const name of readdirSync(join(edited, 'dist'), { recursive: true, encoding: 'utf8' })) {
        const file = join(edited, 'dist', name)
        if (/\.(?:c?js|json)$/.test(name))
          writeFileSync(file, readFileSync(file, 'utf8').replaceAll(built, codeSha256(lab)))
      }
      execFileSync(process.execPath, [join(edited, 'dist/main.js'), 'evaluate-run', run, 'test'], {
        cwd: desk.product.root,
        stdio: 'pipe',
        env: { ...desk.product.env, PYTHONDONTWRITEBYTECODE: '1' },
      })
      await desk.validate()
      desk.verify(run)
    },
  },
]
