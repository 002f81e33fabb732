import { createPublicKey, hash, type KeyObject, timingSafeEqual, verify } from 'node:crypto'
import { decodeProtectedHeader } from 'jose'
import type { Keys } from '../../platform/keys.ts'
import { Refusal } from '../../platform/refusal.ts'
import { Remembered } from '../../platform/remember.ts'

/** Seconds by which `iat` may be off; beyond that a nonce of ours stands in for the client's clock. */
const toleranceSeconds = 60
/** A nonce is an HMAC of its minute: every process knows it. Good for this minute and the four before. */
const nonceMinutes = 5
/** About 150 MB. A machine that can send so many signed calls in two minutes keeps this process busy anyhow. */
const mostTaken = 1_000_000

/** The proof was there but does not hold: an attacker's, or a broken client's. */
export class BadProof extends Error {}

/**
 * Verifies DPoP proofs (RFC 9449 §4.3): ES256 by the key in the header, `htm`, `htu` without query, `iat` or nonce, and
 * each `jti` once a process. Answers the key's thumbprint (RFC 7638, SHA-256). There is no `ath`: the cookie is HttpOnly.
 * jose reads a header, node:crypto verifies, in the loop: WebCrypto, which jose verifies with, costs more than twice as much (a job
 * in the thread pool each for key and signature), and handing a signature over takes as long as verifying it.
 */
export class Proofs {
  readonly #keys: Keys
  readonly #origins: readonly string[]
  /** By the encoded header, which a browser sends alike each time: what was found good in it is neither decoded nor judged again. */
  readonly #imported = new Remembered<{ key: KeyObject; thumbprint: Buffer }>(5_000)
  /** The `jti`s that were taken, by the minute in which their proof is good no longer. */
  readonly #taken = new Map<number, Set<string>>()
  constructor(keys: Keys, origins: readonly string[]) {
    this.#keys = keys
    this.#origins = origins
  }

  nonce(minute: number = Math.floor(Date.now() / 60_000)): string {
    return `${minute.toString(36)}.${this.#keys.hash('nonce', String(minute)).subarray(0, 16).toString('base64url')}`
  }
  #nonceHolds(nonce: unknown): boolean {
    if (typeof nonce !== 'string') return false
    const minute = Number.parseInt(nonce, 36)
    const now = Math.floor(Date.now() / 60_000)
    if (!(minute <= now && minute > now - nonceMinutes)) return false
    const right = this.nonce(minute)
    return right.length === nonce.length && timingSafeEqual(Buffer.from(right), Buffer.from(nonce))
  }

  /** Throws BadProof, or a Refusal `proof-stale` that carries a nonce. `path` is the request's path without its query. */
  verify(proof: string, method: string, path: string): Buffer {
    if (proof.length > 4_096) throw new BadProof('too long')
    let claims: Record<string, unknown>
    let thumbprint: Buffer
    try {
      const known = this.#keyOf(proof)
      thumbprint = known.thumbprint
      if (!signatureHolds(proof, known.key)) throw new BadProof('the signature is wrong')
      claims = claimsOf(proof)
    } catch (error) {
      throw new BadProof((error as Error).message)
    }
    if (claims.htm !== method) throw new BadProof('htm is of another method')
    if (!this.#origins.some((origin) => claims.htu === origin + path)) throw new BadProof('htu is another address')
    if (typeof claims.jti !== 'string' || claims.jti.length < 8 || claims.jti.length > 128) throw new BadProof('no jti')
    if (typeof claims.iat !== 'number') throw new BadProof('no iat')
    const byNonce = this.#nonceHolds(claims.nonce)
    const byClock = Math.abs(Date.now() / 1_000 - claims.iat) <= toleranceSeconds
    if (!byNonce && !byClock)
      throw new Refusal('proof-stale', 'iat is off by more than 60 s', {
        nonce: this.nonce(),
        detail: 'The clock of this device is off. Repeat the call with the nonce of this answer.',
      })
    const goodUntil = Math.max(
      byNonce ? (Number.parseInt(claims.nonce as string, 36) + nonceMinutes) * 60 : 0,
      byClock ? claims.iat + toleranceSeconds : 0,
    )
    // Browsers and proxies send a call again by themselves where its answer was lost. Whoever has the key signs a new proof
    // and goes on; whoever has only the proof can not.
    if (!this.#takeOnce(`${thumbprint.toString('latin1')}${claims.jti}`, goodUntil))
      throw new Refusal('proof-stale', 'jti was taken before', {
        nonce: this.nonce(),
        detail: 'This proof was used before. Repeat the call with a new one.',
      })
    return thumbprint
  }

  /** Remembered until the proof is good no longer, and no longer; where there is no room left, nothing is taken. */
  #takeOnce(jti: string, goodUntil: number): boolean {
    const now = Math.floor(Date.now() / 60_000)
    let size = 0
    for (const [minute, jtis] of this.#taken) {
      if (minute < now) this.#taken.delete(minute)
      else size += jtis.size
    }
    if (size >= mostTaken)
      throw new Refusal('unavailable', 'too many proofs are remembered', { retryAfter: 60, detail: 'Too many calls. Try again.' })
    const minute = Math.floor(goodUntil / 60)
    const jtis = this.#taken.get(minute)
    if (!jtis) this.#taken.set(minute, new Set([jti]))
    else if (jtis.has(jti)) return false
    else jtis.add(jti)
    return true
  }

  #keyOf(proof: string): { key: KeyObject; thumbprint: Buffer } {
    const header = proof.slice(0, proof.indexOf('.'))
    const known = this.#imported.get(header)
    if (known) return known
    const { jwk, alg, typ, crit } = decodeProtectedHeader(proof)
    // RFC 7515 §4.1.11: what is critical must be understood, and nothing is
    if (typ !== 'dpop+jwt' || crit !== undefined) throw new BadProof('not a DPoP proof')
    if (
      alg !== 'ES256' ||
      !jwk ||
      jwk.kty !== 'EC' ||
      jwk.crv !== 'P-256' ||
      typeof jwk.x !== 'string' ||
      typeof jwk.y !== 'string' ||
      !coordinate.test(jwk.x) ||
      !coordinate.test(jwk.y) ||
      'd' in jwk
    )
      throw new BadProof('not a P-256 public key')
    // throws where the point is not on the curve
    const key = publicKey(jwk.x, jwk.y)
    // RFC 7638 §3.2: the required members in lexical order
    const thumbprint = hash('sha256', `{"crv":"P-256","kty":"EC","x":"${jwk.x}","y":"${jwk.y}"}`, 'buffer')
    const imported = { key, thumbprint }
    // copied: a slice would keep the whole proof
    this.#imported.set(Buffer.from(header).toString(), imported)
    return imported
  }
}

/** What a proof whose signature holds says: JSON (RFC 7519 §7.2), an object. */
const claimsOf = (proof: string): Record<string, unknown> => {
  const claims: unknown = JSON.parse(
    Buffer.from(proof.slice(proof.indexOf('.') + 1, proof.lastIndexOf('.')), 'base64url').toString(),
  )
  if (typeof claims !== 'object' || claims === null || Array.isArray(claims)) throw new BadProof('its claims are no object')
  return claims as Record<string, unknown>
}

/** 32 bytes in base64url: node decodes leniently, and a key must have one thumbprint only. */
const coordinate = /^[\w-]{43}$/

/** ES256 (RFC 7518 §3.4): the signature is `r ‖ s`, 64 bytes, over everything before the last dot. */
const signatureHolds = (proof: string, key: KeyObject): boolean => {
  const [, , encoded = '', ...more] = proof.split('.')
  if (more.length > 0 || !/^[\w-]{86}$/.test(encoded)) return false
  const signed = Buffer.from(proof.slice(0, proof.lastIndexOf('.')))
  return verify('sha256', signed, key, toDer(Buffer.from(encoded, 'base64url')))
}

// Node 24 spends 40 µs and more on each options object it is given in the place of a key (it asks by an exception whether
// that is one): so a key is read from PEM and a signature verified in DER, which take plain values. 180 µs become 95.
/** RFC 5480: what stands before an uncompressed point of P-256 in a SubjectPublicKeyInfo. */
const spkiHead = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex')
const publicKey = (x: string, y: string): KeyObject => {
  const spki = Buffer.concat([spkiHead, Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])
  return createPublicKey(`-----BEGIN PUBLIC KEY-----\n${spki.toString('base64')}\n-----END PUBLIC KEY-----\n`)
}
/** `r ‖ s` as RFC 3279 §2.2.3 writes it: a SEQUENCE of two INTEGERs, without leading zeros, never negative. */
const toDer = (signature: Buffer): Buffer => {
  const r = toInteger(signature.subarray(0, 32))
  const s = toInteger(signature.subarray(32))
  return Buffer.concat([Buffer.of(0x30, r.length + s.length), r, s])
}
const toInteger = (bytes: Buffer): Buffer => {
  let from = 0
  while (from < bytes.length - 1 && bytes[from] === 0) from++
  const digits = bytes.subarray(from)
  return (digits[0] as number) < 0x80
    ? Buffer.concat([Buffer.of(0x02, digits.length), digits])
    : Buffer.concat([Buffer.of(0x02, digits.length + 1, 0), digits])
}
