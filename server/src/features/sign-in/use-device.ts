import type { Role } from '@postern/contract'
import type { Actor } from '../../platform/actor.ts'
import type { Tx } from '../../platform/db.ts'
import { Refusal } from '../../platform/refusal.ts'
import { type BadPasskey, endDevice, endOpenOf, type FoundDevice, type ProvenDevice, useDevice } from '../devices/index.ts'
import { type ActDeps, EventDraft, type EventFacts, notify } from '../events/index.ts'
import { lockPerson } from '../users/index.ts'

/** What is on record of a passkey that did not hold: the device whose credential it named, and its person. */
export const ofCredential = ({ of }: BadPasskey): EventFacts =>
  of ? { deviceId: of.id, subject: { kind: 'user', id: of.userId, name: of.username } } : {}

/** Some roles must hold their passkey in the device itself (R12). */
export const requireHeld = ({ be, roles }: FoundDevice, deviceHeld: readonly Role[]): void => {
  if (be && roles.some((role) => (deviceHeld as readonly string[]).includes(role)))
    throw new Refusal('not-allowed', 'a synced passkey where the role forbids it', {
      reason: 'device-held',
      detail:
        'Your role needs a passkey that cannot leave the device, and this one is synced. Use a security key, or the passkey built into a computer.',
    })
}

/**
 * Uses a device in the transaction of the deed. Where its counter ran backwards its key was copied: the device is dead from then
 * on, with all that the key opened, the operators are told, and the deed is refused (WebAuthn Level 3 §6.1.1). What its browser
 * holds by other proofs stays: who copied the key has not the browser, and its person has to get to another factor.
 */
export const useOrLock = async (deps: ActDeps, tx: Tx, { device, signCount, bs }: ProvenDevice, actor: Actor): Promise<void> => {
  if (device.userState !== 'active')
    throw new Refusal('factor-wrong', `the person is ${device.userState}`, { outcome: 'failure' })
  if (await useDevice(tx, device.id, { signCount, bs }, actor.source.place)) return
  throw new Refusal('factor-wrong', device.state === 'active' ? 'the counter ran backwards' : `the device is ${device.state}`, {
    outcome: 'failure',
    keep: async (kept) => {
      await lockPerson(kept, device.userId)
      if (!(await endDevice(kept, device.id, 'revoked'))) return undefined
      const ended = await endOpenOf(kept, device.userId, device.id, 'its device may have been copied')
      const id = await deps.events.append(
        kept,
        new EventDraft(actor, 'device.cloned', {
          subject: { kind: 'user', id: device.userId, name: device.username },
          deviceId: device.id,
          factor: 'passkey',
          detail: { ...ended, counter: signCount },
        }),
      )
      await notify(kept, 'device-cloned', id, device.userId)
      return undefined
    },
  })
}
