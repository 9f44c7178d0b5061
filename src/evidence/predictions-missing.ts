import { Refusal } from '../core/errors.ts'

/** With the lines that a script lacks, with and without the SDK. */
export function predictionsMissing(run: string, split: string, because = ''): Refusal {
  const lines =
    split === 'folds'
      ? [
          '  exp.save_predictions("folds", [predicted of each fold of ds.folds(5)])   # with the SDK',
          'or writes predictions/folds.csv (row_id,prediction,fold[,score_<class>...]) into its SPECWEAVE_RUN_DIR.',
        ]
      : [
          `  exp.save_predictions("${split}", model.predict(ds.${split}.features))   # with the SDK`,
          `or writes predictions/${split}.csv (row_id,prediction[,score_<class>...]) into its SPECWEAVE_RUN_DIR.`,
        ]
  return new Refusal(
    'PREDICTIONS_MISSING',
    [
      `${run} handed in no predictions for ${split}${because && ` ${because}`}, so nothing can be measured. The script lacks`,
      ...lines,
    ].join('\n'),
    { missing: [`predictions/${split}.csv`] },
  )
}
