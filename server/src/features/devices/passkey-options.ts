import type { CreationOptions, RequestOptions } from '@postern/contract'
import { generateAuthenticationOptions, generateRegistrationOptions } from '@simplewebauthn/server'
import type { Db, Tx } from '../../platform/db.ts'
import type { Keys } from '../../platform/keys.ts'
import { readDeviceSettings } from '../policies/index.ts'
import { type Bound, challengeSeconds, newChallenge } from './challenges.ts'
import { activeCredentials, userHandleOf } from './devices-store.ts'
import { algorithms } from './verify-passkey.ts'

/** How long a browser waits for a person, in milliseconds. */
const timeout = challengeSeconds * 1_000

/** Options for a new passkey: discoverable, with user verification; the person's other ones are named, so that none is doubled. */
export const creationOptions = async (
  db: Db | Tx,
  { keys, rpId }: { keys: Keys; rpId: string },
  bound: Bound,
  person: { id: string; username: string; displayName: string; issuer: string },
): Promise<CreationOptions> => {
  const { models } = await readDeviceSettings(db)
  const challenge = await newChallenge(db, keys, bound, { userId: person.id })
  const options = await generateRegistrationOptions({
    rpName: person.issuer,
    rpID: rpId,
    userName: person.username,
    userDisplayName: person.displayName || person.username,
    userID: new Uint8Array(userHandleOf(person.id)),
    challenge: new Uint8Array(Buffer.from(challenge, 'base64url')),
    timeout,
    attestationType: models.length > 0 ? 'direct' : 'none',
    excludeCredentials: (await activeCredentials(db, person.id)).map(({ credentialId, transports }) => ({
      id: credentialId.toString('base64url'),
      transports,
    })),
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    supportedAlgorithmIDs: algorithms,
  })
  return options as unknown as CreationOptions
}

/** Options for an assertion with user verification. `userId`: whose passkeys are named; null: any discoverable one. */
export const requestOptions = async (
  db: Db | Tx,
  { keys, rpId }: { keys: Keys; rpId: string },
  bound: Bound,
  about: { userId: string | null; name: boolean; contextHash?: Buffer; seconds?: number },
): Promise<RequestOptions> => {
  const challenge = await newChallenge(db, keys, bound, about)
  const allowed = about.name && about.userId ? await activeCredentials(db, about.userId) : []
  const options = await generateAuthenticationOptions({
    rpID: rpId,
    challenge: new Uint8Array(Buffer.from(challenge, 'base64url')),
    timeout: (about.seconds ?? challengeSeconds) * 1_000,
    userVerification: 'required',
    allowCredentials: allowed.map(({ credentialId, transports }) => ({ id: credentialId.toString('base64url'), transports })),
  })
  return options as unknown as RequestOptions
}
