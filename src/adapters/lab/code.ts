import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Refusal } from '../../core/errors.ts'
import { readJson } from '../files.ts'
import { packageRoot } from '../package-root.ts'
import { codeFiles, codeSha256 } from './code-files.ts'
import { labPackage } from './environment.ts'

/** The build puts the hash of the lab's code in its place; from the sources there is no build to compare with. */
declare const LAB_CODE_SHA256: string | undefined

/** The hash that this program was built with. */
export const BUILT_LAB_SHA256 = typeof LAB_CODE_SHA256 === 'undefined' ? undefined : LAB_CODE_SHA256

/** The lab's Python code as it lies there now, beside the code that this program was built for. */
export interface LabCode {
  sha256: string
  /** `undefined` where this program runs from its sources. */
  built: string | undefined
}

let remembered: { signature: string; sha256: string } | undefined

/** Looked at anew at each call; read again where any file is another by inode, size or times. */
export function labCode(): LabCode {
  const folder = labPackage()
  const files = codeFiles(folder)
  const signature = files.map((file) => `${file.path}\0${file.signature}`).join('\n')
  if (remembered?.signature !== signature) remembered = { signature, sha256: codeSha256(folder, files) }
  return { sha256: remembered.sha256, built: BUILT_LAB_SHA256 }
}

/** Neither the code of this process's build, nor that of a build which replaced program and lab while it runs. */
export function isEdited({ sha256, built }: LabCode): boolean {
  return built !== undefined && sha256 !== built && !isUpgraded(sha256)
}

/** `lab.json` of the build: what the program on disk was built for. */
interface BuildRecord {
  lab_sha256: string
}

/**
 * A run may last longer than a version: whoever started before the build on disk goes on with the lab of that build. A
 * process that starts later goes by its own hash alone.
 */
function isUpgraded(sha256: string): boolean {
  const file = join(packageRoot(), 'dist', 'lab.json')
  const written = statSync(file, { throwIfNoEntry: false })?.ctimeMs ?? 0
  return written > performance.timeOrigin && readJson<BuildRecord>(file)?.lab_sha256 === sha256
}

/** A sentence with what is wrong and what mends it; `undefined` where the lab is the one of this build. */
export function labCodeProblem(code: LabCode = labCode()): string | undefined {
  if (!isEdited(code)) return undefined
  const hashes = `SHA-256 ${code.sha256.slice(0, 12)}..., built with ${code.built?.slice(0, 12)}...`
  return `The lab's own code, python/lab of the installed package, is not the one that this program was built with (${hashes}): an edited evaluator can say anything. ${
    isCheckout() ? 'In a checkout, `npm run build` takes your changes up' : 'Install the package again'
  }`
}

function isCheckout(): boolean {
  return existsSync(join(packageRoot(), 'src', 'main.ts'))
}

/** @throws Refusal LAB_CHANGED: nothing is measured by code that is not the build's. */
export function requireLabCode(code: LabCode = labCode()): void {
  const problem = labCodeProblem(code)
  if (problem === undefined) return
  throw new Refusal('LAB_CHANGED', `${problem}. Nothing is measured until then.`, {
    next: isCheckout()
      ? [{ person: 'npm run build', why: 'in the checkout: builds the program for the code as it is now' }]
      : [{ person: 'specweave-ml verify', why: 'shows what was changed, and since when it was seen' }],
  })
}
