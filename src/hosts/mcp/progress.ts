import type { ServerNotification } from '@modelcontextprotocol/sdk/types.js'

/** Progress notices for a call whose client asked for them; the numbers only ever rise, as the protocol wants. */
export function progressNotices(
  token: string | number | undefined,
  send: (notification: ServerNotification) => Promise<void>,
): (message: string, fraction?: number) => void {
  if (token === undefined) return () => {}
  let last = 0
  let inFractions = false
  return (message, fraction) => {
    if (fraction !== undefined && Number.isFinite(fraction)) {
      if (!inFractions) last = 0
      inFractions = true
      last = Math.max(last + 1e-6, Math.min(fraction, 1))
    } else {
      last += inFractions ? 1e-6 : 1
    }
    const params = { progressToken: token, progress: last, message, ...(inFractions ? { total: 1 } : {}) }
    send({ method: 'notifications/progress', params }).catch(() => {})
  }
}
