import type { Workspace } from '../store/workspace.ts'

/** What the person at a client is asked: yes or no, and why. */
export interface PersonQuestion {
  message: string
  /** Whether a reason has to be given with a yes. */
  reason: boolean
}

export interface PersonAnswer {
  yes: boolean
  reason?: string
}

/** What a host gives to a tool for one call. */
export interface ToolContext {
  /** The workspace that the host found; refuses with WORKSPACE_MISSING where there is none. */
  workspace(): Promise<Workspace>
  /** Where `create_increment` may make a workspace: the client's root or the working folder. */
  home: { folder: string; named: boolean }
  /** Aborted when the caller gave up. Work that was begun for a run goes on. */
  signal: AbortSignal
  /** Progress of a call that takes long, for people and clients that show it. */
  progress(message: string, fraction?: number): void
  /**
   * Asks the person at the client; missing where the client cannot. It may take as long as people do.
   * @returns `undefined` where they turned the question away.
   */
  askPerson?(question: PersonQuestion): Promise<PersonAnswer | undefined>
}
