import type { Assertion } from '@postern/contract'
import type { ActDeps } from '../events/index.ts'
import { type Bound, spendChallenge } from './challenges.ts'
import { type FoundDevice, findByCredential, userHandleOf } from './devices-store.ts'
import { BadPasskey, verifyAssertion } from './verify-passkey.ts'

export type PasskeyDeps = ActDeps & { origins: readonly string[]; rpId: string }
export type ProvenDevice = { device: FoundDevice; signCount: number; bs: boolean; contextHash: Buffer | null }

/**
 * Whose device made an assertion, for one purpose, request and browser key. Its challenge is spent whatever comes of it. Nothing
 * is decided yet: `useDevice`, in the transaction of the deed, asks whether the device is active and its counter went on.
 * Throws BadPasskey.
 */
export const provenDevice = async (deps: PasskeyDeps, assertion: Assertion, bound: Bound): Promise<ProvenDevice> => {
  const spent = await spendChallenge(deps.db, deps.keys, assertion.response.clientDataJSON, bound)
  if (!spent) throw new BadPasskey('no such challenge, or it is over')
  const device = await findByCredential(deps.db, Buffer.from(assertion.id, 'base64url'))
  if (!device) throw new BadPasskey('nobody’s credential')
  if (spent.userId !== null && spent.userId !== device.userId) throw new BadPasskey('another person’s credential')
  const { signCount, bs } = await verifyAssertion(
    assertion,
    { ...device, userHandle: userHandleOf(device.userId) },
    { challenge: spent.challenge, origins: deps.origins, rpId: deps.rpId, identified: spent.userId !== null },
  )
  return { device, signCount, bs, contextHash: spent.contextHash }
}
