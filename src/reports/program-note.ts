/** Said once in a document that shows commands of ours: its readers may have nothing installed. */
export const PROGRAM_NOTE =
  '`specweave-ml` is the program of SpecWeave ML: a command where its package is installed, `node dist/main.js` in the folder of its plugin.'
