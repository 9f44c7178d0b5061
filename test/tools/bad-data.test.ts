import { beforeAll, describe } from 'vitest'
import { churnProduct, refusesAll } from './churn-product.ts'
import { NO_LAB } from './product.ts'
import type { Bad } from './refusals.ts'

const product = churnProduct()

describe.skipIf(NO_LAB)(`data that cannot be registered (${NO_LAB ?? 'with the lab'})`, () => {
  const rows = (n: number, row: (i: number) => string): string =>
    Array.from({ length: n }, (_, i) => row(i)).join('\n')
  const files: Record<string, string> = {
    'churn.csv': `age,plan,churn\n${rows(60, (i) => `${20 + i},p${i % 3},${i % 4 ? 'no' : 'yes'}`)}\n`,
    'one-class.csv': `age,churn\n${rows(20, (i) => `${i},no`)}\n`,
    'nan.csv': `age,churn\n${rows(20, (i) => `${i},${i % 5 ? i % 2 : ''}`)}\n`,
    'nan-number.csv': `age,price\n${rows(20, (i) => `${i},${i % 5 ? i : 'NaN'}`)}\n`,
    'no-rows.csv': 'age,churn\n',
    'no-bytes.csv': '',
    'ragged.csv': 'age,churn\n1,2,3\n4\n',
    'twice.csv': 'age,age,churn\n1,2,no\n3,4,yes\n',
    'notes.txt': 'hello',
    'train.py': 'print(1)\n',
  }
  beforeAll(() => {
    for (const [name, text] of Object.entries(files)) product().write(name, text)
  })
  const data = (args: object): Pick<Bad, 'tool' | 'args'> => ({
    tool: 'register_dataset',
    args: { name: 'churn', source: 'churn.csv', target: 'churn', problem_type: 'classification', ...args },
  })
  refusesAll(product, [
    {
      what: 'target column',
      ...data({ target: 'chrun' }),
      code: 'DATASET_INVALID',
      says: 'Did you mean "churn"?',
    },
    {
      what: 'one class',
      ...data({ source: 'one-class.csv' }),
      code: 'DATASET_INVALID',
      says: 'at least two',
    },
    {
      what: 'NaN classes',
      ...data({ source: 'nan.csv' }),
      code: 'DATASET_INVALID',
      says: /4 of 20 rows.*Fill them in/,
    },
    {
      what: 'NaN numbers',
      ...data({ source: 'nan-number.csv', target: 'price', problem_type: 'regression' }),
      code: 'DATASET_INVALID',
      says: /4 of 20 rows.*Fill them in/,
    },
    { what: 'no rows', ...data({ source: 'no-rows.csv' }), code: 'DATASET_INVALID', says: 'no rows' },
    { what: 'no bytes', ...data({ source: 'no-bytes.csv' }), code: 'DATASET_INVALID', says: 'is empty' },
    { what: 'ragged rows', ...data({ source: 'ragged.csv' }), code: 'DATASET_INVALID', says: /ragged\.csv/ },
    { what: 'a column twice', ...data({ source: 'twice.csv' }), code: 'DATASET_INVALID', says: 'age' },
    { what: 'no table', ...data({ source: 'train.py' }), code: 'DATASET_INVALID', says: '.csv' },
    {
      what: 'a folder',
      ...data({ source: '.specweave' }),
      code: 'DATASET_INVALID',
      says: 'one CSV, JSON Lines or Parquet file',
    },
    { what: 'no file', ...data({ source: 'chrun.csv' }), code: 'FILE_MISSING', says: 'churn.csv' },
    {
      what: 'words as numbers',
      ...data({ problem_type: 'regression' }),
      code: 'DATASET_INVALID',
      says: 'classification',
    },
    { what: 'class', ...data({ positive: 'maybe' }), code: 'DATASET_INVALID', says: '"yes"' },
    { what: 'id column', ...data({ id_column: 'id' }), code: 'DATASET_INVALID', says: '"age"' },
    {
      what: 'no rows left to train on',
      ...data({ split: { validation: 0.6, test: 0.6 } }),
      code: 'INPUT_INVALID',
      says: 'to train on',
    },
    {
      what: 'name with spaces',
      ...data({ name: 'My Data' }),
      code: 'INPUT_INVALID',
      says: '"my-data" would do',
    },
    { what: 'name in Unicode', ...data({ name: '解約' }), code: 'INPUT_INVALID', says: 'lower case letters' },
    { what: 'name with slashes', ...data({ name: 'a/b' }), code: 'INPUT_INVALID', says: '"a-b" would do' },
    {
      what: 'name that climbs',
      ...data({ name: '../churn' }),
      code: 'INPUT_INVALID',
      says: '"churn" would do',
    },
    { what: 'name of 100', ...data({ name: 'n'.repeat(100) }), code: 'INPUT_INVALID', says: 'at most 60' },
    { what: 'name of 300', ...data({ name: 'n'.repeat(300) }), code: 'INPUT_INVALID', says: 'at most 100' },
    { what: 'unknown increment', ...data({ increment: '0099' }), code: 'INCREMENT_UNKNOWN', says: '0001' },
  ])
})
