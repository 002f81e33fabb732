import type { Role, Scope } from '@postern/contract'

export type Place = { country: string; city?: string; lat?: string; lon?: string }
export type ClientDevice = {
  type: 'desktop' | 'mobile' | 'tablet' | 'bot' | 'command line' | 'unknown'
  platform: string
  browser: string
}
/** Where a call came from. `thumbprint`: of the key whose proof (RFC 9449) the edge has verified; 32 bytes. */
export type Source = {
  address: string | null
  place: Place | null
  device: ClientDevice
  thumbprint?: Buffer
  idempotency?: { key: string; requestHash: Buffer }
}

/** A session that is good now, with what is true of its person now: as one statement read it. */
export type LiveSession = {
  id: string
  userId: string
  username: string
  displayName: string
  keyThumbprint: Buffer
  scope: 'full' | 'recovery'
  acr: 'aal1' | 'aal2' | 'phr' | 'phrh'
  amr: string[]
  provedAt: Date
  idleExpiresAt: Date
  expiresAt: Date
  codeId: string | null
  deviceId: string | null
  deviceName: string | null
  roles: Role[]
  /** Authentication of the last 5 minutes, by the database's clock. */
  fresh: boolean
  /** Policy demands a second factor, and the session proved one only. */
  mustStepUp: boolean
  /** A call of its person was last written down more than 30 s ago. */
  touch: boolean
  /** The TOTP key is older than policy allows. */
  renewal: boolean
  recoveryCodesLeft: number
  /** Its newest cookie: not shown by the browser yet, shown since a moment ago, for a while, or so long that it is to be changed. */
  cookie: 'unshown' | 'new' | 'kept' | 'due'
}

/** A service token that is good now. */
export type LiveToken = {
  id: string
  name: string
  scopes: Scope[]
  role: Role
  createdByName: string
  /** RFC 3339, as they are shown. */
  createdAt: string
  expiresAt: string
  lastUsedAt: string | null
}

/** Who acts. Permission is asked of the database again where the deed is done. */
export type Actor = { source: Source } & (
  | { kind: 'stranger' }
  | { kind: 'user'; id: string; username: string; displayName: string; session: LiveSession }
  | { kind: 'enrolling'; id: string; username: string; displayName: string; signInId: string; browserHash: Buffer }
  | ({ kind: 'token' } & LiveToken)
  | { kind: 'host'; name: string }
)
export type PersonActor = Extract<Actor, { kind: 'user' | 'enrolling' }>

/**
 * The role by which somebody acts; a stranger has none. Host commands are the root of trust. A token acts by its scopes:
 * one for enrolment reaches plain users only, whoever made it.
 */
export const roleOf = (actor: Actor): Role | undefined => {
  if (actor.kind === 'host') return 'owner'
  if (actor.kind === 'token')
    return actor.scopes.includes('operator') ? 'operator' : actor.scopes.includes('auditor') ? 'auditor' : 'user'
  if (actor.kind === 'user')
    return (['owner', 'operator', 'auditor'] as const).find((role) => actor.session.roles.includes(role)) ?? 'user'
  return undefined
}

/** Who made a version: a person by id, so that erasing reaches the name; else a token's or the host's name. */
export type By = { byId: string | null; byName: string | null }
export const byOf = (actor: Actor): By => ({
  byId: actor.kind === 'user' || actor.kind === 'enrolling' ? actor.id : null,
  byName: actor.kind === 'host' || actor.kind === 'token' ? actor.name : null,
})
