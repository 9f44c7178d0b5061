import { Refusal } from '../core/errors.ts'

/** With the lines that a script lacks, with and without the SDK. */
export function predictionsMissing(run: string, split: string, because = ''): Refusal {
  return new Refusal(
    'PREDICTIONS_MISSING',
    [
      `${run} handed in no predictions for ${split}${because && ` ${because}`}, so nothing can be measured. The script lacks`,
      `  exp.save_predictions("${split}", model.predict(ds.${split}.features))   # with the SDK`,
      `or writes predictions/${split}.csv (row_id,prediction[,score_<class>...]) into its SPECWEAVE_RUN_DIR.`,
    ].join('\n'),
    { missing: [`predictions/${split}.csv`] },
  )
}
