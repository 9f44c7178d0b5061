import { describe, expect, it } from 'vitest'
import {
  isSecretName,
  MASK,
  maskCommand,
  maskEnvironment,
  maskText,
  secretValues,
} from '../../src/core/secrets.ts'

describe('names', () => {
  it.each([
    'API_KEY',
    'openai-api-key',
    'DB_PASSWORD',
    'GITHUB_TOKEN',
    'aws_secret_access_key',
    'AUTH',
    'SENTRY_DSN',
  ])('%s is a secret', (name) => expect(isSecretName(name)).toBe(true))

  it.each(['max_tokens', 'n_tokens', 'tokenizer', 'token_count', 'author', 'learning_rate', 'key', 'PATH'])(
    '%s is none',
    (name) => expect(isSecretName(name)).toBe(false),
  )

  it.each(['AWS_SESSION_TOKEN', 'ADMIN_TOKEN', 'LOGIN_TOKEN', 'Authorization', 'AUTHOR_TOKEN'])(
    '%s is a secret too',
    (name) => expect(isSecretName(name)).toBe(true),
  )

  it('--max-tokens is none', () => expect(isSecretName('--max-tokens')).toBe(false))
})

describe('masking', () => {
  it('finds what is assigned within what is said of another name', () => {
    expect(maskText('FAILED: password=swordfish', [])).toBe(`FAILED: password=${MASK}`)
    expect(maskText('url=db:token=abc&lr=0.1', [])).toBe(`url=db:token=${MASK}&lr=0.1`)
  })

  it('takes long enough values, the longest first', () => {
    expect(
      secretValues({
        A_TOKEN: 'abcdef',
        B_TOKEN: 'abcdefgh',
        C_TOKEN: 'abc',
        PATH: '/usr/bin',
        D_TOKEN: undefined,
      }),
    ).toEqual(['abcdefgh', 'abcdef'])
  })

  it('masks values, assignments, known keys and passwords of addresses in text', () => {
    expect(maskText('a hunter22 b', ['hunter22'])).toBe(`a ${MASK} b`)
    expect(maskText('{"password": "x y", password=abc;', [])).toBe(
      `{"password": "${MASK} y", password=${MASK};`,
    )
    expect(maskText(`key sk-${'a'.repeat(20)} end`, [])).toBe(`key ${MASK} end`)
    expect(maskText('postgres://ada:pw@db/x', [])).toBe(`postgres://ada:${MASK}@db/x`)
    expect(maskText('loss 0.1 at step 3', [])).toBe('loss 0.1 at step 3')
  })

  it('masks the values of flags', () => {
    expect(maskCommand(['x', '--api-key', 'abc', '--lr', '0.1', '--token=t', 'PASSWORD=p'], [])).toEqual([
      'x',
      '--api-key',
      MASK,
      '--lr',
      '0.1',
      `--token=${MASK}`,
      `PASSWORD=${MASK}`,
    ])
    expect(maskCommand(['--password', '--verbose'], [])).toEqual(['--password', '--verbose'])
    expect(maskCommand([], [])).toEqual([])
  })

  it('masks variables by name, and secrets in the rest', () => {
    expect(maskEnvironment({ API_KEY: 'a', URL: 'https://u:p@h', HOME: '/root' })).toEqual({
      API_KEY: MASK,
      URL: `https://u:${MASK}@h`,
      HOME: '/root',
    })
  })

  it('masks a bearer header', () => {
    expect(maskText('Authorization: Bearer abcdefghij', [])).not.toContain('abcdefghij')
  })
})
