import type { Endpoint } from '@postern/contract'
import type { FastifyRequest } from 'fastify'
import { type ActDeps, EventDraft, type Tally } from '../../features/events/index.ts'
import { mayCall } from '../../features/policies/index.ts'
import { refuseUnbound, type SessionReader } from '../../features/sessions/index.ts'
import { findSignIn, toSignIn } from '../../features/sign-in/index.ts'
import { looksLikeServiceToken, type TokenReader } from '../../features/users/index.ts'
import type { Actor, ClientDevice, LiveSession, LiveToken, Place, Source } from '../../platform/actor.ts'
import { clientDevice } from '../../platform/client-device.ts'
import type { Places } from '../../platform/places.ts'
import { Refusal } from '../../platform/refusal.ts'
import { clientAddress } from './address.ts'
import { type CookieNames, cookieOf } from './cookies.ts'
import { BadProof, type Proofs } from './proof.ts'

export type AuthenticateDeps = ActDeps & {
  sessions: SessionReader
  tokens: TokenReader
  proofs: Proofs
  places: Places
  tally: Tally
  cookies: CookieNames
  trusted: (address: string) => boolean
}

/** What was called, as the record names it. */
type Asked = { method: Endpoint['method']; path: string }

export const sourceOf = (deps: AuthenticateDeps, request: Pick<FastifyRequest, 'socket' | 'headers'>): Source => {
  const address = clientAddress(request.socket.remoteAddress, request.headers, deps.trusted)
  return new RequestSource(address, clientDevice(request.headers['user-agent']), deps.places)
}
class RequestSource implements Source {
  readonly address: string | null
  readonly device: ClientDevice
  readonly #places: Places
  #place: Place | null | undefined
  declare thumbprint?: Buffer
  declare idempotency?: { key: string; requestHash: Buffer }
  constructor(address: string | null, device: ClientDevice, places: Places) {
    this.address = address
    this.device = device
    this.#places = places
  }
  /** Looked up for those who ask: only what goes on record does. */
  get place(): Place | null {
    this.#place ??= this.#places(this.address)
    return this.#place
  }
}
const tokenAsActor = (token: LiveToken, source: Source): Extract<Actor, { kind: 'token' }> => ({
  kind: 'token',
  id: token.id,
  name: token.name,
  scopes: token.scopes,
  role: token.role,
  createdByName: token.createdByName,
  createdAt: token.createdAt,
  expiresAt: token.expiresAt,
  lastUsedAt: token.lastUsedAt,
  source,
})
export const userActor = (session: LiveSession, source: Source): Extract<Actor, { kind: 'user' }> => ({
  kind: 'user',
  id: session.userId,
  username: session.username,
  displayName: session.displayName,
  session,
  source,
})

/**
 * Who calls, by what the call carries; throws where the endpoint needs more. Nothing here decides a change: act() asks again.
 * `giveCookie` puts a newer cookie of the session on the answer, whatever that will be; without it none is made.
 */
export const authenticate = async (
  deps: AuthenticateDeps,
  request: FastifyRequest,
  endpoint: Endpoint,
  giveCookie?: (cookie: string) => void,
): Promise<Actor> => {
  const source = sourceOf(deps, request)
  const stranger: Actor = { kind: 'stranger', source }
  const { needs } = endpoint
  if (needs === 'public') return stranger
  const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1]
  if (bearer !== undefined && needs !== 'browser' && needs !== 'sign-in') return tokenActor(deps, stranger, bearer, endpoint)

  const proof = readProof(deps, request, request.url.split('?')[0] as string)
  if (proof.thumbprint) source.thumbprint = proof.thumbprint
  if (needs === 'browser' || needs === 'sign-in') {
    if (proof.thumbprint) return stranger
    throw new Refusal('session-binding', proof.why, { detail: 'This call needs a DPoP proof by the browser’s key (RFC 9449).' })
  }
  const cookie = cookieOf(request, deps.cookies.session)
  const shown = cookie ? await deps.sessions.find(cookie) : undefined
  const own = shown && proof.thumbprint?.equals(shown.session.keyThumbprint) ? shown : undefined
  // an old copy is a copy, too: without the key it ends the session that it was of
  if (shown && !own && shown.is !== 'over')
    return refuseUnbound(
      deps,
      shown.session,
      stranger,
      proof.thumbprint !== undefined || !isForeign(request),
      proof.thumbprint ? 'a proof by another key' : proof.why,
    )
  if (cookie && (own?.is === 'newest' || own?.is === 'earlier')) {
    const { session } = own
    const actor = userActor(session, source)
    const newer = giveCookie && (await deps.sessions.rotate(cookie, own))
    if (newer) giveCookie(newer)
    const refusal = mayCall(actor, endpoint)
    if (refusal) await turnAway(deps, actor, endpoint, refusal)
    if (request.headers['postern-background'] !== 'true') session.idleExpiresAt = await deps.sessions.touch(session)
    return actor
  }
  const enrolling =
    endpoint.enrolling && proof.thumbprint ? await enrollingActor(deps, request, source, proof.thumbprint) : undefined
  if (enrolling) return enrolling
  // A call may have been under way while its browser got a newer cookie: what it holds now is not taken back.
  const endsSession = cookie !== undefined && !own?.hasAnother
  if (own?.endedUnbound)
    throw new Refusal('session-binding', 'the session was ended: its cookie came without its key', {
      endsSession,
      detail: 'This session was used from somewhere else, so it was ended. Sign in again.',
    })
  throw new Refusal('no-session', 'nobody is signed in', { endsSession })
}

/** The browser marks it as a navigation, a subresource or foreign: it carried the cookie without anybody's script, and ends nothing. */
const isForeign = (request: FastifyRequest): boolean => {
  const mode = request.headers['sec-fetch-mode']
  const site = request.headers['sec-fetch-site']
  return mode === 'navigate' || mode === 'no-cors' || (site !== undefined && site !== 'same-origin')
}

const readProof = (deps: AuthenticateDeps, request: FastifyRequest, path: string): { thumbprint?: Buffer; why: string } => {
  const header = request.headers.dpop
  if (typeof header !== 'string') return { why: 'no proof' }
  try {
    return { thumbprint: deps.proofs.verify(header, request.method, path), why: '' }
  } catch (error) {
    if (error instanceof BadProof) return { why: `the proof does not hold: ${error.message}` }
    throw error
  }
}

const tokenActor = async (deps: AuthenticateDeps, stranger: Actor, bearer: string, endpoint: Endpoint): Promise<Actor> => {
  const actor = await machineActor(deps, stranger, bearer, endpoint)
  const refusal = mayCall(actor, endpoint)
  if (refusal) await turnAway(deps, actor, endpoint, refusal)
  return actor
}
/** The machine that a token is, also where what it asks for is no endpoint of the contract. A wrong one counts for its address. */
export const machineActor = async (
  deps: AuthenticateDeps,
  stranger: Actor,
  bearer: string,
  asked: Asked,
): Promise<Extract<Actor, { kind: 'token' }>> => {
  const found = looksLikeServiceToken(bearer) ? await deps.tokens.find(bearer) : undefined
  if (!found) {
    const event = new EventDraft(stranger, 'token.used', {
      detail: { code: 'no-session', why: 'no such token, or it has ended' },
    })
    event.outcome = 'failure'
    if (!(await deps.events.recordFailure(event)))
      throw new Refusal('rate-limited', 'too many failures from this address', { retryAfter: 60 })
    throw new Refusal('no-session', 'no such token, or it has ended')
  }
  const actor = tokenAsActor(found.token, stranger.source)
  // each use is on record: every change by its own event, the rest by one a minute, so that polling cannot fill the log
  if (found.first)
    await deps.events.record(new EventDraft(actor, 'token.used', { detail: { method: asked.method, path: asked.path } }))
  return actor
}

const enrollingActor = async (
  deps: AuthenticateDeps,
  request: FastifyRequest,
  source: Source,
  thumbprint: Buffer,
): Promise<Actor | undefined> => {
  const cookie = cookieOf(request, deps.cookies.signIn)
  if (!cookie) return undefined
  const browserHash = deps.keys.hash('sign-in', cookie)
  const row = await findSignIn(deps.db, browserHash)
  if (!row?.userId || !row.keyThumbprint.equals(thumbprint) || toSignIn(row).state !== 'enrolment-required') return undefined
  return {
    kind: 'enrolling',
    id: row.userId,
    username: row.person as string,
    displayName: row.displayName ?? '',
    signInId: row.id,
    browserHash,
    source,
  }
}

/** Refuses at the door what the actor's standing does not allow, and puts a want of rights on record. */
export const turnAway = async (deps: AuthenticateDeps, actor: Actor, asked: Asked, refusal: Refusal): Promise<never> => {
  if (refusal.code === 'not-allowed') {
    const event = new EventDraft(actor, 'request.denied', {
      detail: { method: asked.method, path: asked.path, why: refusal.why },
    })
    event.outcome = 'denied'
    await deps.events.record(event)
  }
  throw refusal
}
