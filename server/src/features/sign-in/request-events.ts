import type * as contract from '@postern/contract'
import { deniedReasons, type Out, type RequestEvent } from '@postern/contract'
import type { Actor } from '../../platform/actor.ts'
import type { Standing } from './request-watch.ts'
import { requireSignIn, type SignInDeps } from './sign-in.ts'

type Told = Out<typeof contract.signInEvents>
const heartbeatMs = 15_000

/** What has become of a request by now, in order; the last of them ends it where `ends`. */
const happened = ({ state, why, scanned, claimed, revoked, leftMs }: Standing): { events: Told[]; ends: boolean } => {
  const events: Told[] = [...(scanned ? [{ type: 'scanned' as const }] : []), ...(claimed ? [{ type: 'claimed' as const }] : [])]
  const last = (told: Told) => ({ events: [...events, told], ends: true })
  const denied = (reason: string | null) => {
    const named = deniedReasons.find((each) => each === reason)
    return last({ type: 'denied', ...(named ? { reason: named } : {}) })
  }
  if (state === 'denied' || state === 'failed') return denied(why)
  if (state === 'collected') return last({ type: 'approved' })
  // also what was approved: nobody can collect it any more
  if (revoked) return denied('revoked')
  if (leftMs <= 0) return last({ type: 'expired' })
  if (state === 'approved') return last({ type: 'approved' })
  return { events, ends: false }
}

/**
 * Server-Sent Events of a waiting screen. Always told from the row, from its beginning: whoever comes back after a gap, on
 * whatever process, hears what they missed. A new code begins anew; the stream ends with the request, or with the sign-in.
 */
export const requestEvents = async (
  deps: SignInDeps,
  actor: Actor,
  token: string | undefined,
  signal: AbortSignal,
): Promise<AsyncIterable<string>> => {
  const { row } = await requireSignIn(deps, actor, token)
  return follow(deps, row.id, signal)
}
async function* follow(deps: SignInDeps, signInId: string, signal: AbortSignal): AsyncIterable<string> {
  const watch = deps.requests.listen(signInId)
  let codeId: string | undefined
  let told: RequestEvent[] = []
  try {
    yield 'retry: 1000\n: ready\n\n'
    while (!signal.aborted) {
      const now = await deps.requests.read(signInId)
      if (!now) return
      let waitMs = heartbeatMs
      if (now.codeId !== null) {
        if (now.codeId !== codeId) [codeId, told] = [now.codeId, []]
        const { events, ends } = happened(now)
        for (const event of events)
          if (!told.includes(event.type)) {
            told.push(event.type)
            yield `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
          }
        if (ends) return
        waitMs = Math.min(waitMs, Math.max(20, now.leftMs + 5))
      }
      if (now.over) return
      const before = Date.now()
      await watch.next(waitMs, signal)
      if (Date.now() - before >= heartbeatMs - 10) yield ': still here\n\n'
    }
  } finally {
    watch.close()
  }
}
