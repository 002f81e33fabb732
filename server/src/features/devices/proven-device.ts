import type { Assertion } from '@postern/contract'
import type { ActDeps } from '../events/index.ts'
import { type Bound, spendChallenge } from './challenges.ts'
import { type FoundDevice, findByCredential, userHandleOf } from './devices-store.ts'
import { BadPasskey, verifyAssertion } from './verify-passkey.ts'

export type PasskeyDeps = ActDeps & { origins: readonly string[]; rpId: string }
export type ProvenDevice = { device: FoundDevice; signCount: number; bs: boolean; contextHash: Buffer | null }

/**
 * Whose device made an assertion, for one purpose, request and browser key. Its challenge is spent whatever comes of it. Nothing
 * is decided yet: `useDevice`, in the transaction of the deed, asks whether the device is active still and its counter went on.
 * Throws BadPasskey.
 */
export const provenDevice = async (deps: PasskeyDeps, assertion: Assertion, bound: Bound): Promise<ProvenDevice> => {
  const spent = await spendChallenge(deps.db, deps.keys, assertion.response.clientDataJSON, bound)
  const device = await findByCredential(deps.db, Buffer.from(assertion.id, 'base64url'))
  if (!spent) throw new BadPasskey('no such challenge, or it is over', device)
  if (!device) throw new BadPasskey('nobody’s credential')
  if (spent.userId !== null && spent.userId !== device.userId) throw new BadPasskey('another person’s credential', device)
  const { signCount, bs } = await verifyAssertion(
    assertion,
    { ...device, userHandle: userHandleOf(device.userId) },
    { challenge: spent.challenge, origins: deps.origins, rpId: deps.rpId, identified: spent.userId !== null },
  ).catch((error: unknown) => {
    throw error instanceof BadPasskey ? new BadPasskey(error.message, device) : error
  })
  // asked again by the statement that uses it; said here, a dead one costs its address as every wrong proof does
  if (device.userState !== 'active') throw new BadPasskey(`the person is ${device.userState}`, device)
  if (device.state !== 'active') throw new BadPasskey(`the device is ${device.state}`, device)
  return { device, signCount, bs, contextHash: spent.contextHash }
}
