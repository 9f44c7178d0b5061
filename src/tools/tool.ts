import type { z } from 'zod'
import type { NextStep } from '../core/errors.ts'
import type { ToolContext } from './context.ts'

/** The four hints of the Model Context Protocol; clients decide by them whether to ask a person first. */
export interface ToolAnnotations {
  readOnlyHint: boolean
  destructiveHint: boolean
  idempotentHint: boolean
  openWorldHint: boolean
}

/** How the command line offers the tool to people. */
export interface ToolCommand {
  /** Input fields that may be given without a flag, in order. */
  positional?: string[]
  /** Complete command lines, shown by `--help`. */
  examples: string[]
  /** Which answers are a no, in words and as a test: the command then exits 1, so that CI stops. */
  no?: {
    when: string
    is(answer: Record<string, unknown>, given: Readonly<Record<string, unknown>>): boolean
  }
}

/**
 * One tool, known to every host: an MCP tool, a command of the CLI, a page of the reference.
 * A definition knows nothing of the MCP SDK.
 */
export interface Tool<Input extends z.ZodObject = z.ZodObject, Output extends z.ZodObject = z.ZodObject> {
  /** `verb_noun`; the file is named the same. */
  name: string
  title: string
  /** Under 2,048 characters: what it does, when to use it, what comes back. */
  description: string
  input: Input
  output: Output
  annotations: ToolAnnotations
  command: ToolCommand
  /** Refusals are thrown; everything else that is thrown is a defect. */
  handle(input: z.output<Input>, context: ToolContext): Promise<z.input<Output>>
  /** The same facts as text, for assistants and people. */
  render(output: z.output<Output>): string
}

export function defineTool<Input extends z.ZodObject, Output extends z.ZodObject>(
  tool: Tool<Input, Output>,
): Tool<Input, Output> {
  return tool
}

export type AnyTool = Tool<z.ZodObject, z.ZodObject>

export const READ_ONLY: ToolAnnotations = {
  readOnlyHint: true,
  destructiveHint: false,
  idempotentHint: true,
  openWorldHint: false,
}

export const WRITES: ToolAnnotations = {
  readOnlyHint: false,
  destructiveHint: false,
  idempotentHint: true,
  openWorldHint: false,
}

export function renderNext(next: readonly NextStep[] | undefined): string {
  if (!next?.length) return ''
  const lines = next.map((step) =>
    'tool' in step
      ? `- ${step.tool} ${JSON.stringify(step.arguments)}: ${step.why}`
      : `- ${step.person}: ${step.why}`,
  )
  return `\nNext:\n${lines.join('\n')}`
}
