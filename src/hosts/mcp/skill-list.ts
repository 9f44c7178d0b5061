import { parse } from 'yaml'
import { referenceNames, skillAddress, skillNames } from './packaged-texts.ts'
import type { PromptFile } from './prompts.ts'
import type { ResourceEntry } from './resource-list.ts'
import { headingOf, readSkill } from './skill-texts.ts'

/** When a skill is to be used, as its front matter says. */
function trigger(front: string): string {
  return (parse(front) as { description?: string }).description ?? ''
}

/** Skills as resources, each followed by the texts that it refers to. */
export function skillEntries(): ResourceEntry[] {
  return skillNames().flatMap((skill) => {
    const text = readSkill(skill)
    return [
      { ...entry(skill), title: headingOf(text), description: trigger(text.front) },
      ...referenceNames(skill).map((reference) => ({
        ...entry(skill, reference),
        title: headingOf(readSkill(skill, reference)),
      })),
    ]
  })
}

function entry(...names: [skill: string, reference?: string]): ResourceEntry {
  return { uri: skillAddress(...names), name: `skill/${names.join('/')}`, mimeType: 'text/markdown' }
}

/** Skills as prompts, for clients that have none. */
export function skillPrompts(): PromptFile[] {
  return skillNames().map((name) => {
    const text = readSkill(name)
    return {
      name,
      title: headingOf(text),
      description: trigger(text.front),
      arguments: [],
      body: text.body,
    }
  })
}
