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

/** Who acts. Permission is asked of the database again where the deed is done. */
export type Actor = { source: Source } & (
  | { kind: 'stranger' }
  | {
      kind: 'user'
      id: string
      username: string
      displayName: string
      sessionId: string
      sessionHash: Buffer
      scope: 'full' | 'recovery'
      acr: string
      roles: Role[]
      /** Authentication of the last 5 minutes, by the database's clock. */
      fresh: boolean
      /** Policy demands a second factor, and the session proved one only. */
      mustStepUp: boolean
      codeId: string | null
    }
  | { kind: 'enrolling'; id: string; username: string; displayName: string; signInId: string; browserHash: Buffer }
  | { kind: 'token'; id: string; name: string; scopes: Scope[]; role: Role; makerId: string | null }
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
    return (['owner', 'operator', 'auditor'] as const).find((role) => actor.roles.includes(role)) ?? 'user'
  return undefined
}
