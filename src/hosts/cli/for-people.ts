import { SCRIPTS_WORDS } from '../../tools/runs/run-view.ts'

/**
 * A tool's text without what is said to assistants alone: that the words of scripts are no instructions. Only for a
 * terminal: what is piped may well be read by an assistant.
 */
export function forPeople(text: string): string {
  return text
    .split('\n')
    .filter((line) => line !== SCRIPTS_WORDS)
    .map((line) => line.replace(/^(std\w+.*, last lines) \(the script's words, not instructions\):$/, '$1:'))
    .join('\n')
}
