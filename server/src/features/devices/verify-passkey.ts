import { createHash, verify } from 'node:crypto'
import type { Assertion, Registration } from '@postern/contract'
import { verifyAuthenticationResponse, verifyRegistrationResponse } from '@simplewebauthn/server'
import { chainIn } from './attestation-chain.ts'
import { keyOf } from './passkey-key.ts'

/** COSE algorithms that are taken, best first: EdDSA, ES256, RS256 (WebAuthn Level 3 §5.8.5). */
export const algorithms = [-8, -7, -257]
/** WebAuthn Level 3 §7.1 step 25: longer ids are refused. Bytes. */
const longestId = 1_023

/** The answer of an authenticator does not hold; `message` says why, for the record alone. */
export class BadPasskey extends Error {
  /** Whose credential it names, which it has not proved to hold. */
  readonly of: { id: string; userId: string; username: string } | undefined
  constructor(why: string, of?: BadPasskey['of']) {
    super(why)
    this.of = of
  }
}

type Party = { challenge: string; origins: readonly string[]; rpId: string }
export type NewPasskey = {
  credentialId: Buffer
  /** COSE_Key. */
  publicKey: Buffer
  signCount: number
  be: boolean
  bs: boolean
  aaguid: string
  transports: string[]
  /** Attestation statement format; `none` where the authenticator says nothing of itself. */
  format: string
  /** Its statement ends at a root that the library brings, so that the AAGUID is true. Of all others it is what the client chose to send. */
  attested: boolean
  /** The certificates of its statement: whether they lead to a root that the operators hold is asked where that decides. */
  chain: Buffer[]
}

/**
 * WebAuthn Level 3 §7.1, with user verification. The library checks the answer's form, challenge, origin, rpId hash, flags,
 * algorithm and attestation statement; what it leaves to us is asked here: no frame of another origin, the id's length, and
 * that the id of the credential is the one in the authenticator data.
 */
export const verifyRegistration = async (
  registration: Registration,
  { challenge, origins, rpId }: Party,
): Promise<NewPasskey> => {
  requireOwnFrame(registration.response.clientDataJSON)
  const { verified, registrationInfo } = await holds(() =>
    verifyRegistrationResponse({
      response: registration as never,
      expectedChallenge: challenge,
      expectedOrigin: [...origins],
      expectedRPID: rpId,
      requireUserVerification: true,
      supportedAlgorithmIDs: algorithms,
    }),
  )
  if (!verified) throw new BadPasskey('the attestation does not hold')
  const { credential, aaguid, fmt, credentialDeviceType, credentialBackedUp } = registrationInfo
  const credentialId = Buffer.from(credential.id, 'base64url')
  if (credentialId.length === 0 || credentialId.length > longestId) throw new BadPasskey('the credential id is too long')
  await holds(async () => keyOf(credential.publicKey))
  if (credential.id !== registration.id) throw new BadPasskey('the credential id is another one')
  return {
    credentialId,
    publicKey: Buffer.from(credential.publicKey),
    signCount: credential.counter,
    be: credentialDeviceType === 'multiDevice',
    bs: credentialBackedUp,
    aaguid,
    transports: (registration.response.transports ?? []).filter((each) => transports.has(each)),
    format: fmt,
    attested: traced.has(fmt),
    chain: chainIn(registration.response.attestationObject),
  }
}
/**
 * Formats whose chain the library asks to end at the maker's root, which it brings. Of the rest it takes what is signed by
 * anybody: by the passkey itself, or by a certificate that was made for it.
 */
export const tracedFormats = ['android-key', 'android-safetynet', 'apple'] as const
const traced: ReadonlySet<string> = new Set(tracedFormats)
const transports = new Set(['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb'])

export type KnownPasskey = {
  credentialId: Buffer
  publicKey: Buffer
  be: boolean
  /** 16 bytes of the person's id, as given at registration. */
  userHandle: Buffer
}
/**
 * WebAuthn Level 3 §7.2, with user verification. `identified`: the person was known before, so that the authenticator need not
 * say whose the credential is; else it must. The signature counter is judged by the statement that uses the device.
 */
export const verifyAssertion = async (
  assertion: Assertion,
  known: KnownPasskey,
  { challenge, origins, rpId, identified }: Party & { identified: boolean },
): Promise<{ signCount: number; bs: boolean }> => {
  requireOwnFrame(assertion.response.clientDataJSON)
  if (!Buffer.from(assertion.id, 'base64url').equals(known.credentialId)) throw new BadPasskey('another credential')
  const { userHandle } = assertion.response
  if (userHandle ? !Buffer.from(userHandle, 'base64url').equals(known.userHandle) : !identified)
    throw new BadPasskey(userHandle ? 'the user handle is another person’s' : 'no user handle')
  const { verified, authenticationInfo } = await holds(() =>
    verifyAuthenticationResponse({
      response: assertion as never,
      expectedChallenge: challenge,
      expectedOrigin: [...origins],
      expectedRPID: rpId,
      credential: { id: known.credentialId.toString('base64url'), publicKey: new Uint8Array(known.publicKey), counter: 0 },
      requireUserVerification: true,
    }),
  )
  // the library reads ECDSA's ASN.1 leniently, so that an altered byte could pass; OpenSSL takes its one form
  if (!verified || !(await holds(async () => signedBy(known.publicKey, assertion))))
    throw new BadPasskey('the signature is wrong')
  const be = authenticationInfo.credentialDeviceType === 'multiDevice'
  // §7.2 step 19: what could leave the device at registration can now, and the other way round
  if (be !== known.be) throw new BadPasskey('backup eligibility changed')
  return { signCount: authenticationInfo.newCounter, bs: authenticationInfo.credentialBackedUp }
}

/** WebAuthn Level 3 §7.2 steps 20 and 21, by OpenSSL. */
const signedBy = (publicKey: Buffer, { response }: Assertion): boolean => {
  const key = keyOf(publicKey)
  const [data, authenticatorData, signature] = [response.clientDataJSON, response.authenticatorData, response.signature].map(
    (each) => Buffer.from(each, 'base64url'),
  ) as [Buffer, Buffer, Buffer]
  const hash = createHash('sha256').update(data).digest()
  const digest = key.asymmetricKeyType === 'ed25519' ? null : 'sha256'
  return verify(digest, Buffer.concat([authenticatorData, hash]), key, signature)
}
/** The library lets `crossOrigin` pass where no top origin is named, and knows no rule for it: we are never in a frame. */
const requireOwnFrame = (clientDataJSON: string): void => {
  let data: { crossOrigin?: unknown; topOrigin?: unknown } | null
  try {
    data = JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString())
  } catch {
    throw new BadPasskey('the client data is no JSON')
  }
  if (data === null) throw new BadPasskey('the client data is no JSON object')
  if (data.crossOrigin !== undefined && data.crossOrigin !== false) throw new BadPasskey('made in a frame of another origin')
  if (data.topOrigin !== undefined) throw new BadPasskey('made in a frame of another origin')
}
/** Whatever the library throws says that the answer does not hold: it has read nothing but the answer. */
const holds = async <T>(verify: () => Promise<T>): Promise<T> => {
  try {
    return await verify()
  } catch (error) {
    throw new BadPasskey((error as Error).message)
  }
}
