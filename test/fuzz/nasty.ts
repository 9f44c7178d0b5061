import fc from 'fast-check'

/** Texts that programs stumble over: in names, paths, terminals, SQL, JSON and regular expressions. */
export const NASTY_TEXTS = [
  '',
  ' ',
  '.',
  '..',
  '../../../../etc/passwd',
  '..\\..\\windows',
  '/etc/passwd',
  '/dev/zero',
  '/dev/stdin',
  '/proc/self/environ',
  '~/.ssh/id_rsa',
  'file:///etc/passwd',
  'link-out',
  'link-out/secret.txt',
  'pipe',
  'a\0b',
  '\0',
  'line\nbreak\r\nand\ttab',
  '\u001b[31mred\u001b[0m',
  '\u001b]52;c;ZXZpbA==\u0007',
  '\u001b]8;;https://example.org\u001b\\here\u001b]8;;\u001b\\',
  '\u009b2J\u009d0;title\u009c',
  'user\u202egnp.exe',
  '\u2066hidden\u2069',
  '\u200bzero\u200dwidth\ufeff',
  '\ud800',
  '\udfff half',
  '\u{1f9ea}\u{e0041}',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '{"a":',
  '[]',
  'null',
  'NaN',
  '-1',
  '1e999',
  '9007199254740993',
  "'; DROP TABLE runs; --",
  '%',
  '_%',
  '$(touch escaped)',
  '`touch escaped`',
  '; touch escaped',
  '{run_dir}',
  '{run_dir}/../../../../..',
  '{train}',
  '{__proto__}',
  '$&$1$$',
  '(a+)+$',
  'con',
  'archive.zip/../../evil',
  'model.zip',
  'x.tar.gz',
  '-rf',
  '--help',
  'é'.repeat(300),
  'a'.repeat(5000),
  'x/'.repeat(2000),
  '0001',
  '1',
  '#1',
  '0001-churn-model',
  '0001/exp-001-forest',
  'exp-001-forest',
  'forest',
  '0001/exp-999-none',
  '0001/exp-001-forest/s1',
  'job-001',
  'churn@1',
  'churn@99999999999999999999',
  'specweave://run/0001/exp-001-forest',
  'accuracy',
  'accuracy > 0.8',
  'accuracy>1e999',
  'lr=0.1',
  'data.csv',
  'roc_auc >= 85%',
  '2h',
  '9999999999999999999d',
  '-accuracy',
  '*',
]

/** Any text: well-formed, of lone surrogates, of control characters, huge now and then. */
export const nastyText: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...NASTY_TEXTS) },
  { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
  { weight: 2, arbitrary: fc.string({ maxLength: 30 }) },
  { weight: 2, arbitrary: fc.string({ unit: loneUnit(), maxLength: 20 }) },
  { weight: 1, arbitrary: fc.constantFrom(300, 2001, 100_001, 1_100_000).map((n) => 'w'.repeat(n)) },
)

/** UTF-16 units, so that halves of pairs stand alone, and control characters are frequent. */
function loneUnit(): fc.Arbitrary<string> {
  return fc
    .oneof(fc.integer({ min: 0, max: 0x9f }), fc.integer({ min: 0xd7f0, max: 0xe010 }), fc.constant(0x202e))
    .map((unit) => String.fromCharCode(unit))
}

export const nastyNumber: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(
    0,
    -0,
    1,
    -1,
    0.5,
    39.9,
    40,
    41,
    100,
    101,
    1e9,
    2 ** 31,
    2 ** 53,
    2 ** 53 + 2,
    1e300,
    -1e300,
  ),
  fc.constantFrom(Number.MAX_VALUE, Number.MIN_VALUE, 5e-324),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
)

/** Any JSON value, with keys that mean something to JavaScript, and now and then nested deeply. */
export const nastyJson: fc.Arbitrary<unknown> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.oneof(nastyText, nastyNumber, fc.boolean(), fc.constant(null)),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(nastyText, tie('value'), { maxKeys: 4 }),
      ),
    })).value,
  },
  { weight: 1, arbitrary: fc.constantFrom(20, 200).map((depth) => nested(depth)) },
)

function nested(depth: number): unknown {
  let value: unknown = 'deep'
  for (let i = 0; i < depth; i++) value = i % 2 ? [value] : { deeper: value }
  return value
}
