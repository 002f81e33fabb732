import type { claimCode, confirmEnrolment, Out, RefusalReason, RequestOptions } from '@postern/contract'

/**
 * What the tab keeps of one code: its secret (out of the address bar at once), what the claim brought (a key is shown once by the
 * server, so that a reload must not lose it), recovery codes until somebody says that they have them, and how a request ended.
 */
export type Claim = Out<typeof claimCode>
export type KeyClaim = Extract<Claim, { kind: 'enrol-totp' }>
export type DeviceClaim = Extract<Claim, { kind: 'enrol-device' }>
export type RequestClaim = Extract<Claim, { kind: 'sign-in' | 'approve' }>
export const isRequest = (claim: Claim): claim is RequestClaim => claim.kind === 'sign-in' || claim.kind === 'approve'
export type Confirmed = Out<typeof confirmEnrolment>
/** How a request ended on this phone. */
export type Over =
  | {
      how:
        | 'approved'
        | 'declined'
        | 'dead'
        | 'expired'
        | 'elsewhere'
        | 'tampered'
        | 'stale'
        | 'camera'
        | 'another'
        | 'replaced'
        | 'withdrawn'
        | 'revoked'
        | 'device'
      /** Of what ended by itself, or by who asked: “this was not me” can be said of it still. */
      confirm?: string
    }
  | { how: 'refused'; why: RefusalReason | undefined }
  /** `until`: when the phone is shown requests again, by this page’s clock. */
  | { how: 'often'; until: number }
  | { how: 'not-me'; confirm: string; options?: RequestOptions | undefined }
export type Kept = {
  id: string
  secret: string
  issuer?: string
  claim?: Claim
  /** Of the link for the first operator. */
  first?: true
  factor?: 'device'
  confirmed?: Confirmed
  over?: Over
}

const place = 'postern-code'
const read = (): Kept | undefined => {
  try {
    return JSON.parse(sessionStorage.getItem(place) ?? 'null') ?? undefined
  } catch {
    return undefined
  }
}
let current: Kept | undefined
export const takenCode = (): Kept | undefined => current

/** What stands behind the `#`. Where it is no escaped text it stands for itself: no code of ours, which the server says. */
const secretIn = (fragment: string): string => {
  try {
    return decodeURIComponent(fragment)
  } catch {
    return fragment
  }
}
/** The code this page was opened for: the fragment leaves the address bar, history and whatever shows them. */
export const takeCode = (): Kept | undefined => {
  const id = /^\/c\/([^/]+)$/.exec(location.pathname)?.[1]
  const secret = secretIn(location.hash.slice(1))
  if (location.hash) history.replaceState(null, '', location.pathname)
  const before = read()
  if (!id) return undefined
  if (secret && !(before?.id === id && before.secret === secret)) keep({ id, secret })
  else if (before?.id === id) current = before
  return current
}
export const keep = (kept: Kept) => {
  current = kept
  try {
    sessionStorage.setItem(place, JSON.stringify(kept))
  } catch {
    // Storage is blocked: the page then holds it until it is closed.
  }
}
export const forget = () => {
  try {
    sessionStorage.removeItem(place)
  } catch {
    // Nothing was kept.
  }
}

/** Codes that this very browser used, by id and never with a secret: a second opening is then told in softer words. */
const own = 'postern-used-codes'
type Stage = 'claimed' | 'confirmed' | 'ended'
const ownCodes = (): Record<string, Stage> => {
  try {
    return JSON.parse(localStorage.getItem(own) ?? '{}')
  } catch {
    return {}
  }
}
export const markOwn = (id: string, stage: Stage) => {
  try {
    localStorage.setItem(own, JSON.stringify({ ...Object.fromEntries(Object.entries(ownCodes()).slice(-19)), [id]: stage }))
  } catch {
    // Only the words of a second opening depend on it.
  }
}
export const usedHere = (id: string): Stage | undefined => ownCodes()[id]
