import { ErrorCode } from '@modelcontextprotocol/sdk/types.js'

interface Issue {
  path: (string | number)[]
  message: string
}

/**
 * The SDK answers a request of a wrong shape with its validator's dump, as an internal error: here it is said in words,
 * as the caller's mistake. Every other error stays as it is.
 */
export function inWords<E extends { code: number; message: string }>(error: E): E {
  const issues = issuesIn(error.message)
  if (!issues) return error
  const said = issues.slice(0, 5).map(({ path, message }) => {
    const problem = message.replace(/^Invalid input: /, '').replace('expected record', 'expected object')
    return `${path.join('.') || 'the request'}: ${problem}`
  })
  return {
    ...error,
    code: ErrorCode.InvalidParams,
    message: `The request has the wrong shape: ${said.join('; ')}.`,
  }
}

function issuesIn(message: string): Issue[] | undefined {
  const dump = /\[\s*\{[\s\S]*\}\s*\]$/.exec(message)?.[0]
  if (!dump) return undefined
  try {
    const issues = JSON.parse(dump) as Issue[]
    return issues.every(({ path, message }) => Array.isArray(path) && typeof message === 'string')
      ? issues
      : undefined
  } catch {
    return undefined
  }
}
