import { createHmac, createSecretKey, hash, hkdfSync, type KeyObject } from 'node:crypto'
import type { IdPrefix } from '@postern/contract'
import canonicalize from 'canonicalize'
import type { ClientDevice, Place } from '../../platform/actor.ts'
import { toId, uuid7 } from '../../platform/ids.ts'
import { decrypt, encrypt, type Keys } from '../../platform/keys.ts'
import { ipv6Network, isIPv6 } from '../../platform/network.ts'
import { randomSlice } from '../../platform/random.ts'
import { remember } from '../../platform/remember.ts'
import type { EventDraft, Subject } from './event-draft.ts'
import type { PersonKeys } from './person-keys.ts'

/** What is personal lies beside the entry, sealed; the entry holds a salted HMAC of it (R50). */
export type PersonalPart = { name?: string; reason?: string; address?: string; place?: Place; device?: ClientDevice }
type SealedPart = { key: string; sealed: string }
export type SealedParts = { actor: SealedPart; subject?: SealedPart }

/** An event ready to be inserted: the exact bytes that are hashed, their leaf, and an index over them. */
const prefixOf: Partial<Record<Subject['kind'], IdPrefix>> = { token: 'tok', brand: 'brd', job: 'job' }

export type PreparedEvent = {
  id: string
  type: string
  outcome: string
  actorId: string | null
  userId: string | null
  codeId: string | null
  sessionId: string | null
  deviceId: string | null
  factor: string | null
  deviceType: string
  platform: string
  browser: string
  country: string
  addressTag: Buffer | null
  entry: string
  leaf: Buffer
  sealed: Buffer
}

const tagsOf = new WeakMap<Keys, (address: string) => Buffer>()
/** 8 bytes of a keyed hash: to find an address again, not to prove it. A few addresses make most calls. */
export const addressTag = (keys: Keys, address: string): Buffer => {
  const tags = tagsOf.get(keys) ?? remember(5_000, (text: string) => keys.hash('address', text).subarray(0, 8))
  tagsOf.set(keys, tags)
  return tags(address)
}
/** What the limits of an address count together. Whoever has one IPv6 address has all of its /64 (RFC 6177, RFC 7421). */
export const limitTag = (keys: Keys, address: string): Buffer =>
  addressTag(keys, isIPv6(address) ? ipv6Network(address, 64) : address)

/** RFC 6962 §2.1: a leaf is SHA-256(0x00 ‖ entry). */
export const leafHash = (entry: string): Buffer => hash('sha256', `\0${entry}`, 'buffer')

const eventKey = (key: KeyObject, eventId: string): KeyObject =>
  createSecretKey(Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), `postern/event/${eventId}`, 32)))

/** Makes entry, leaf and sealed part. The leaf is hashed here, order comes later, so the entry holds no seq. */
export const prepareEvent = async (keys: Keys, people: PersonKeys, draft: EventDraft): Promise<PreparedEvent> => {
  const { actor, facts } = draft
  const { source } = actor
  const id = uuid7()
  const person =
    facts.person ?? (actor.kind === 'user' || actor.kind === 'enrolling' ? { id: actor.id, name: actor.username } : undefined)
  const actorKind = person ? 'user' : actor.kind === 'enrolling' ? 'user' : actor.kind
  const actorId = person?.id ?? (actor.kind === 'token' ? actor.id : null)
  const actorName = person?.name ?? (actor.kind === 'token' || actor.kind === 'host' ? actor.name : facts.typedName)
  const subject = facts.subject
  // what somebody does in a session stands under it and under the code that opened it (R44), where the facts name no other
  const session = actor.kind === 'user' ? actor.session : undefined
  const sessionId = facts.sessionId ?? session?.id ?? null
  const codeId = facts.codeId ?? session?.codeId ?? null

  const deviceId = facts.deviceId ?? session?.deviceId ?? null

  const commit = async (part: PersonalPart, userId: string | null): Promise<{ mac: string; sealed: SealedPart }> => {
    const salt = randomSlice(32)
    const text = canonicalize(part) as string
    const mac = createHmac('sha256', createSecretKey(salt)).update(text).digest('base64url')
    const plain = Buffer.from(JSON.stringify({ salt: salt.toString('base64url'), part }))
    const own = userId ? await people.find(userId) : undefined
    if (own)
      return {
        mac,
        sealed: { key: `person:${userId}`, sealed: encrypt(eventKey(own, id), plain, `event|${id}`).toString('base64') },
      }
    const nobody = await keys.nobodyKey(new Date())
    return {
      mac,
      sealed: { key: `key:${nobody.kid}`, sealed: encrypt(eventKey(nobody.key, id), plain, `event|${id}`).toString('base64') },
    }
  }
  const reason = facts.reason === undefined ? {} : { reason: facts.reason }
  const actorPart = await commit(
    {
      ...(actorName === undefined ? {} : { name: actorName.slice(0, 256) }),
      ...(source.address ? { address: source.address } : {}),
      ...(source.place ? { place: source.place } : {}),
      device: source.device,
      ...(subject ? {} : reason),
    },
    person?.id ?? null,
  )
  const subjectPart = subject
    ? await commit({ name: subject.name, ...reason }, subject.kind === 'user' ? subject.id : null)
    : undefined
  const entry = canonicalize({
    v: 1,
    id: toId('evt', id),
    type: draft.type,
    outcome: draft.outcome,
    actor: { kind: actorKind, id: actorId ? toId(actorKind === 'token' ? 'tok' : 'usr', actorId) : null },
    subject: subject ? { kind: subject.kind, id: subject.id ? toId(prefixOf[subject.kind] ?? 'usr', subject.id) : null } : null,
    codeId: codeId ? toId('cod', codeId) : null,
    sessionId: sessionId ? toId('ses', sessionId) : null,
    ...(deviceId ? { deviceId: toId('dev', deviceId) } : {}),
    target: null,
    factor: facts.factor ?? null,
    biometric: facts.biometric ?? 'none',
    policy: facts.policy ?? null,
    risk: { score: 0, reasons: [] },
    personal: { actor: actorPart.mac, ...(subjectPart ? { subject: subjectPart.mac } : {}) },
    detail: facts.detail ?? {},
  }) as string
  const sealed: SealedParts = { actor: actorPart.sealed, ...(subjectPart ? { subject: subjectPart.sealed } : {}) }
  const subjectUser = subject?.kind === 'user' ? subject.id : null
  return {
    id,
    type: draft.type,
    outcome: draft.outcome,
    actorId,
    userId: subjectUser ?? person?.id ?? null,
    codeId,
    sessionId,
    deviceId,
    factor: facts.factor ?? null,
    deviceType: source.device.type,
    platform: source.device.platform,
    browser: source.device.browser,
    country: source.place?.country ?? '',
    addressTag: source.address ? addressTag(keys, source.address) : null,
    entry,
    leaf: leafHash(entry),
    sealed: Buffer.from(JSON.stringify(sealed)),
  }
}

/** The personal parts of a stored event; undefined where the key is gone (erased). */
export const openPersonal = async (
  keys: Keys,
  people: PersonKeys,
  eventId: string,
  sealed: Buffer | null,
): Promise<{ actor?: PersonalPart; subject?: PersonalPart }> => {
  if (!sealed) return {}
  const parts = JSON.parse(sealed.toString()) as SealedParts
  const open = async (part: SealedPart | undefined): Promise<PersonalPart | undefined> => {
    if (!part) return undefined
    const [kind, owner] = part.key.split(':') as [string, string]
    const key = kind === 'person' ? await people.find(owner) : await keys.keyById(Number(owner))
    if (!key) return undefined
    const plain = decrypt(eventKey(key, eventId), Buffer.from(part.sealed, 'base64'), `event|${eventId}`)
    return (JSON.parse(plain.toString()) as { part: PersonalPart }).part
  }
  const actor = await open(parts.actor)
  const subject = await open(parts.subject)
  return { ...(actor ? { actor } : {}), ...(subject ? { subject } : {}) }
}
