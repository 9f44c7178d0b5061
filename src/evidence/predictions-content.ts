import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { Refusal } from '../core/errors.ts'

/**
 * SHA-256, hex, of what a `.gz` file holds: the same as of the file that was compressed.
 * @throws Refusal PREDICTIONS_INVALID where it is no whole gzip file.
 */
export async function contentSha256(path: string): Promise<string> {
  const hash = createHash('sha256')
  try {
    await pipeline(createReadStream(path), createGunzip(), hash)
  } catch (cause) {
    if (!isDamage(cause)) throw cause
    throw new Refusal('PREDICTIONS_INVALID', `${basename(path)} is damaged: it cannot be decompressed.`, {
      cause,
      next: [{ person: `git checkout -- '${path}'`, why: 'brings back the file that was committed' }],
    })
  }
  return hash.digest('hex')
}

function isDamage(cause: unknown): boolean {
  return String((cause as NodeJS.ErrnoException).code ?? '').startsWith('Z_')
}
