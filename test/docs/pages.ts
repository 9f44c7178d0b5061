import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'

export const ROOT = resolve(import.meta.dirname, '../..')

export interface Page {
  /** Relative to the repository. */
  path: string
  text: string
}

/** A code block: its language, and its text without the fences. */
export interface Fence {
  page: string
  language: string
  text: string
}

/** Every page that people read: those at the root, and docs/. */
export function pages(): Page[] {
  const atRoot = ['README.md', 'CONTRIBUTING.md', 'AGENTS.md', 'CHANGELOG.md', 'ARCHITECTURE.md']
  const inDocs = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name))
  return [...atRoot, ...inDocs].map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }))
}

export function fences({ path, text }: Page): Fence[] {
  return [...text.matchAll(/^```(\w*)[^\n]*\n(.*?)^```/gms)].map(([, language = '', body = '']) => ({
    page: path,
    language,
    text: body,
  }))
}

export function withoutFences(text: string): string {
  return text.replace(/^```.*?^```/gms, '')
}

/** GitHub's anchor of a heading. */
export function anchors(text: string): Set<string> {
  return new Set(
    [...withoutFences(text).matchAll(/^#{1,6} +(.+)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replace(/\s/g, '-'),
    ),
  )
}

/** Targets of the links of a page that stay inside the repository. */
export function localLinks({ path, text }: Page): { target: string; file: string; anchor?: string }[] {
  return [...withoutFences(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [to = '', anchor] = target.split('#')
      const file = to === '' ? path : relative(ROOT, resolve(ROOT, path, '..', to))
      return { target, file, ...(anchor ? { anchor } : {}) }
    })
}

/** Command lines that begin with `specweave-ml`, from shell blocks (continued lines joined) and from the text. */
export function commandLines(page: Page): string[] {
  const typed = fences(page)
    .filter(({ language }) => language === 'sh' || language === 'console')
    .flatMap(({ language, text }) =>
      text
        .replace(/\\\n\s*/g, ' ')
        .split('\n')
        .filter((line) => language === 'sh' || line.startsWith('$ '))
        .map((line) => line.replace(/^\$ /, '').replace(/\s+#.*$/, '')),
    )
  const spoken = [...withoutFences(page.text).matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code)
  return [...typed, ...spoken]
    .map((line) => line.trim().replace(/^npx /, ''))
    .filter((line) => /^specweave-ml(?: |$)/.test(line))
}
