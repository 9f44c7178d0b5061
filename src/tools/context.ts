import type { Workspace } from '../store/workspace.ts'

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
}
