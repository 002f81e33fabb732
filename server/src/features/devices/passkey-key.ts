import { createPublicKey, type KeyObject } from 'node:crypto'
import { decodeCredentialPublicKey } from '@simplewebauthn/server/helpers'

/**
 * The key of a passkey, of its COSE_Key. Throws for all but what our algorithms mean (WebAuthn Level 3 §5.8.5): ES256 on P-256,
 * EdDSA on Ed25519, RS256 with 2048 bits or more and the exponent that everybody has. A point that is not on the curve, or a
 * number cut short, is no key either.
 */
export const keyOf = (cose: Uint8Array): KeyObject => {
  const parameters = decodeCredentialPublicKey(new Uint8Array(cose)) as unknown as Map<number, unknown>
  const bytes = (label: number, length?: number): string => {
    const value = parameters.get(label)
    if (!(value instanceof Uint8Array) || (length && value.length !== length)) throw new Error('a part of the key is missing')
    return Buffer.from(value).toString('base64url')
  }
  const [kty, alg, curve] = [1, 3, -1].map((label) => parameters.get(label))
  if (alg === -7 && kty === 2 && curve === 1)
    return createPublicKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', x: bytes(-2, 32), y: bytes(-3, 32) } })
  if (alg === -8 && kty === 1 && curve === 6)
    return createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: bytes(-2, 32) } })
  if (alg === -257 && kty === 3) {
    const key = createPublicKey({ format: 'jwk', key: { kty: 'RSA', n: bytes(-1), e: bytes(-2) } })
    const { modulusLength = 0, publicExponent } = key.asymmetricKeyDetails ?? {}
    if (modulusLength >= 2_048 && publicExponent === 65_537n) return key
  }
  throw new Error('the key is none of its algorithm')
}
