import type { Registration } from '@postern/contract'
import type { Source } from '../../platform/actor.ts'
import type { Tx } from '../../platform/db.ts'
import { Refusal } from '../../platform/refusal.ts'
import {
  BadPasskey,
  type Bound,
  endReplaced,
  insertDevice,
  leadsTo,
  type NewPasskey,
  type PasskeyDeps,
  spendChallenge,
  verifyRegistration,
} from '../devices/index.ts'
import type { EventDraft } from '../events/index.ts'
import { readDeviceSettings, rootsIn } from '../policies/index.ts'
import { recoveryCodesLeft, replaceRecoveryCodes } from '../recovery-codes/index.ts'
import { endSessions, type Recovery } from '../sessions/index.ts'
import { retire } from '../totp/index.ts'

/** What a new authenticator answered, checked; its challenge is spent whatever comes of it. Throws BadPasskey. */
export const provenPasskey = async (deps: PasskeyDeps, registration: Registration, bound: Bound): Promise<NewPasskey> => {
  const spent = await spendChallenge(deps.db, deps.keys, registration.response.clientDataJSON, bound)
  if (!spent) throw new BadPasskey('no such challenge, or it is over')
  return verifyRegistration(registration, { challenge: spent.challenge, origins: deps.origins, rpId: deps.rpId })
}

/**
 * The proven passkey becomes a device of the person, in one transaction with all that follows: what a recovery replaces is gone,
 * other sessions end, recovery codes are made where none is left.
 */
export const registerDevice = async (
  deps: PasskeyDeps,
  tx: Tx,
  event: EventDraft,
  added: {
    userId: string
    passkey: NewPasskey
    source: Source
    name: string | undefined
    codeId: string | null
    /** The person’s session that shows the code for this phone: it watches, and goes on. */
    showing: string | null
    /** A recovery code was used, so no second factor was at hand: what it stood in for, passcode key and device, is replaced. */
    recovering: Recovery | undefined
  },
): Promise<{ deviceId: string; recoveryCodes?: string[] }> => {
  const { userId, passkey, source } = added
  await requireAllowed(tx, userId, passkey)
  if (added.recovering) await endReplaced(tx, event, userId, added.recovering)
  const inserted = await insertDevice(tx, {
    userId,
    passkey,
    source,
    codeId: added.codeId,
    name: added.name ?? nameOf(source),
  })
  if (inserted === 'full')
    throw new Refusal('conflict', 'as many devices as policy allows', {
      reason: 'devices-full',
      detail: 'You have as many devices as policy allows. Remove one first.',
    })
  if (inserted === 'known')
    throw new Refusal('conflict', 'the credential is registered already', {
      reason: 'known-passkey',
      detail: 'This passkey is registered already.',
    })
  const { id: deviceId } = inserted
  const replaced = added.recovering !== undefined && (await retire(tx, userId))
  const ended = await endSessions(tx, { userId, ...(added.showing ? { except: added.showing } : {}) }, 'a factor was changed')
  event.notices.push({ kind: 'factor-changed', userId })
  event.about({
    factor: 'passkey',
    deviceId,
    biometric: 'verified',
    ...(added.codeId ? { codeId: added.codeId } : {}),
    detail: {
      synced: passkey.be ? 'yes' : 'no',
      aaguid: passkey.aaguid,
      attestation: passkey.format,
      replaced: replaced ? 'totp' : 'no',
      sessionsEnded: ended,
    },
  })
  const { left } = await recoveryCodesLeft(tx, userId)
  if (left > 0) return { deviceId }
  event.and('recovery-codes.made', event.facts)
  return { deviceId, recoveryCodes: await replaceRecoveryCodes(tx, deps.keys, userId) }
}

/** What a device is called until somebody names it. */
const nameOf = ({ device }: Source): string =>
  [device.browser, device.platform]
    .filter((part) => part && part !== 'unknown')
    .join(', ')
    .slice(0, 64) || 'Device'

const requireAllowed = async (tx: Tx, userId: string, passkey: NewPasskey): Promise<void> => {
  const { be, aaguid, format } = passkey
  const { deviceHeld, models, attestationRoots } = await readDeviceSettings(tx)
  const proven = passkey.attested || leadsTo(passkey.chain, rootsIn(attestationRoots), aaguid)
  if (models.length > 0 && (!proven || !models.includes(aaguid)))
    throw new Refusal('not-allowed', `model ${aaguid}, attestation ${format}`, {
      reason: proven ? 'model' : 'model-unproven',
      detail: !proven
        ? 'Policy takes named models only, and this one does not prove what it is.'
        : 'Policy does not take this model of authenticator.',
    })
  if (!be || deviceHeld.length === 0) return
  const roles = await tx.selectFrom('userRole').select('role').where('userId', '=', userId).execute()
  if (roles.some(({ role }) => deviceHeld.includes(role)))
    throw new Refusal('not-allowed', 'a synced passkey where the role forbids it', {
      reason: 'device-held',
      detail:
        'Your role needs a passkey that cannot leave the device. Passkeys of phones are mostly synced (all of Apple’s are): use a security key, or the one built into a computer.',
    })
}
