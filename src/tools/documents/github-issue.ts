import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Issues, issuesOf } from '../../adapters/github/issues.ts'
import { type GithubRepository, githubRepository } from '../../adapters/github/remote.ts'
import { githubToken } from '../../adapters/github/token.ts'
import { withLock } from '../../adapters/process/lock.ts'
import { canonicalJson } from '../../core/canonical-json.ts'
import { Refusal } from '../../core/errors.ts'
import { type ModelFigures, modelFigures } from '../../core/model-figures.ts'
import { safeText } from '../../core/untrusted-text.ts'
import { judge } from '../../increments/gates.ts'
import { type GithubLink, githubLink, linkIssue } from '../../increments/github-link.ts'
import type { IncrementRef } from '../../increments/load.ts'
import { type IssueFacts, renderFiguresComment, renderIssue } from '../../reports/issue-text.ts'
import { inline } from '../../reports/markdown-text.ts'
import { putIntoFile } from '../../reports/write-documents.ts'
import type { Index } from '../../store/index-db.ts'
import type { Workspace } from '../../store/workspace.ts'
import type { ToolContext } from '../context.ts'
import { gatherFacts } from '../verdict/increment-facts.ts'
import { bestSoFar } from './increment-progress.ts'

export interface KeptIssue {
  increment: string
  outcome: 'created' | 'commented' | 'unchanged' | 'written'
  issue?: number
  url?: string
  path?: string
  notes?: string[]
}

/** Those of an increment's documents that somebody who reads its issue opens. */
const FILES = ['spec.md', 'plan.md', 'tests.md', 'experiments/comparison.md', 'COMPLETION-SUMMARY.md']

/** Where the text goes that nobody could post. */
const TEXT_FILE = join('reports', 'github-issue.md')

/** Makes an increment's issue, brings it up to the figures, or writes its text where it cannot be posted. */
export async function keepIssue(
  workspace: Workspace,
  index: Index,
  increment: IncrementRef,
  asked: string | undefined,
  context: ToolContext,
): Promise<KeptIssue> {
  // Refused before anything is posted that could not be linked.
  githubLink(increment)
  const repository = await githubRepository(workspace.root)
  const facts = issueFacts(workspace, index, increment, repository)
  const title = safeText(asked ?? facts.title)
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 256)
  const token = 'none' in repository ? undefined : await githubToken(repository.host)
  if ('none' in repository || token === undefined) {
    const why =
      'none' in repository
        ? repository.none
        : `there is no token for ${repository.host}: set GITHUB_TOKEN, or \`gh auth login\``
    return writeText(increment, title, renderIssue(facts), why)
  }
  refuseElsewhere(increment, repository)
  const issues = await issuesOf(repository, token, context.signal)
  // Two calls at once would make two issues.
  return withLock(join(workspace.layout.reservations, `github-${increment.id}.lock`), () =>
    linked(workspace, increment, issues, { title, asked, facts }),
  )
}

interface Wanted {
  title: string
  asked: string | undefined
  facts: IssueFacts & { title: string }
}

async function linked(
  workspace: Workspace,
  increment: IncrementRef,
  issues: Issues,
  { title, asked, facts }: Wanted,
): Promise<KeptIssue> {
  const { figures } = facts
  const link = githubLink(increment)
  const keep = (found: GithubLink, outcome: KeptIssue['outcome'], notes: string[] = []): KeptIssue => {
    linkIssue(increment, { ...found, figures, synced: new Date().toISOString() })
    return { increment: increment.id, outcome, issue: found.issue, url: found.url, notes }
  }
  // Hidden in what is posted: a call whose answer got lost finds by it what came through all the same.
  const marker = `<!-- specweave-ml issue ${hash(`${workspace.config.id ?? ''} ${increment.folder}`)} -->`
  const told = `<!-- specweave-ml figures ${hash(canonicalJson(figures))} -->`
  if (!link) {
    const before = await issues.find((body) => body.includes(marker))
    if (!before) {
      const made = await issues.create(title, safeText(`${renderIssue(facts)}\n\n${marker}\n${told}`))
      return keep({ issue: made.number, url: made.url }, 'created')
    }
    return keep({ issue: before.number, url: before.url }, 'unchanged', [
      `issue #${before.number} was made by a call before and is linked now`,
    ])
  }
  const notes =
    asked === undefined ? [] : [`the increment has its issue #${link.issue}; the title was not used`]
  if (link.figures && canonicalJson(link.figures) === canonicalJson(figures))
    return { increment: increment.id, outcome: 'unchanged', issue: link.issue, url: link.url, notes }
  if (await issues.hasComment(link.issue, link.synced, (body) => body.includes(told)))
    return keep(link, 'unchanged', notes)
  await issues.comment(link.issue, safeText(`${renderFiguresComment(link.figures, facts)}\n\n${told}`))
  return keep(link, 'commented', notes)
}

/** A number means another issue in another repository. */
function refuseElsewhere(increment: IncrementRef, { host, owner, name }: GithubRepository): void {
  const { url = '' } = githubLink(increment) ?? {}
  const here = `https://${host}/${owner}/${name}/`
  if (url === '' || url.toLowerCase().startsWith(here.toLowerCase())) return
  throw new Refusal(
    'GITHUB_REFUSED',
    `${increment.id} is linked to ${url}, and the Git remote is ${here}. Nothing was changed.`,
    {
      next: [
        {
          person: `edit ${increment.relative}/metadata.json`,
          why: 'github.url is to name the repository where the issue is now; without github, another issue is made',
        },
      ],
    },
  )
}

function issueFacts(
  workspace: Workspace,
  index: Index,
  increment: IncrementRef,
  repository: GithubRepository | { none: string },
): IssueFacts & { title: string } {
  const facts = gatherFacts(workspace, index, increment)
  const verdict = judge(facts.gate)
  const shown = facts.runs.find(({ run }) => run === verdict.candidate) ?? bestSoFar(facts).best
  const figures: ModelFigures = modelFigures(
    { status: facts.increment.status, verdict: verdict.verdict },
    shown,
    facts.ranking?.metric,
  )
  return {
    increment: increment.id,
    title: facts.title,
    folder: increment.folder,
    status: facts.increment.status,
    problem: facts.front.ml.problem,
    verdict,
    askedBefore: facts.askedBefore,
    runs: facts.runs,
    dataset: facts.dataset,
    looks: facts.looks,
    figures,
    files: FILES.filter((file) => existsSync(join(increment.path, file))).map(
      (file) => `${increment.relative}/${file}`,
    ),
    ...('none' in repository ? {} : { filesAt: filesAt(repository) }),
  }
}

/** HEAD of what was pushed is the default branch. */
function filesAt({ host, owner, name, folder }: GithubRepository): string {
  return [`https://${host}`, owner, name, 'blob', 'HEAD', ...(folder === '' ? [] : [folder])].join('/')
}

function writeText(increment: IncrementRef, title: string, body: string, why: string): KeptIssue {
  const block = { name: 'github-issue', opening: `# ${inline(title)}`, body: safeText(body) }
  const { outcome } = putIntoFile(increment.path, TEXT_FILE, block)
  const edited = outcome === 'conflict' ? ['a person edited its text: it was left as it is'] : []
  return {
    increment: increment.id,
    outcome: 'written',
    path: `${increment.relative}/${TEXT_FILE}`,
    notes: [`nothing was posted: ${why}`, ...edited],
  }
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}
