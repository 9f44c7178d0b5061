import { existsSync } from 'node:fs'
import { join, posix } from 'node:path'
import { packageRoot } from '../../adapters/package-root.ts'
import { quote } from '../cli/quote.ts'
import { commandFiles, promptName, skillAddress, skillNames } from './packaged-texts.ts'

/**
 * A command or a skill as a client can follow it that has neither: slash commands become prompts, skills and the texts they refer to
 * become addresses, and a skill's own files become paths.
 * @param file where the text lies below the package, such as `skills/model-evaluator/SKILL.md`
 */
export function textForAnyClient(text: string, file: string): string {
  const prompts = commandFiles().map(promptName)
  const skills = skillNames()
  const [skillFolder = ''] = /^skills\/[^/]+/.exec(file) ?? []
  return text
    .replace(/(`?)\/[a-z-]+:([a-z-]+(?::[a-z-]+)*)\1/g, (found, _tick, command: string) => {
      const name = command.replaceAll(':', '-')
      return prompts.includes(name) ? `the prompt \`${name}\`` : found
    })
    .replace(/\b(the) skill (`?)([a-z-]+)\2/gi, (found, the, _tick, skill) =>
      skills.includes(skill) ? `${the} resource ${skillAddress(skill)}` : found,
    )
    .replace(/\]\(([\w./-]+\.md)\)/g, (found, link) => {
      const [, skill, reference] =
        /^skills\/([^/]+)\/(?:SKILL|references\/([^/]+))\.md$/.exec(posix.join(posix.dirname(file), link)) ??
        []
      return skill ? `](${skillAddress(skill, reference)})` : found
    })
    .replace(/(?<![\w/.])resources\/[\w./-]+/g, (found) => {
      const path = join(packageRoot(), skillFolder, found)
      return skillFolder !== '' && existsSync(path) ? quote(path) : found
    })
}
