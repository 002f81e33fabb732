import { type Generated, sql } from 'kysely'
import type { Place, Source } from '../../platform/actor.ts'
import type { Db, Tx } from '../../platform/db.ts'
import { uuid7 } from '../../platform/ids.ts'
import { type By, requestChannel, revokeCodes } from '../codes/index.ts'
import { endSessions } from '../sessions/index.ts'
import type { NewPasskey } from './verify-passkey.ts'

declare module '../../platform/db.ts' {
  interface Tables {
    device: {
      id: string
      userId: string
      name: string
      credentialId: Buffer
      publicKey: Buffer
      signCount: Generated<number>
      be: boolean
      bs: boolean
      aaguid: string
      transports: string[]
      state: Generated<'active' | 'lost' | 'revoked'>
      stateAt: Date | null
      platform: string
      browser: string
      keyThumbprint: Buffer
      codeId: string | null
      createdAt: Generated<Date>
      lastUsedAt: Date | null
      lastCountry: string | null
      lastCity: string | null
    }
  }
}

/** The WebAuthn user handle of a person: the 16 bytes of their id. It says nothing about them (Level 3 §14.6.1). */
export const userHandleOf = (userId: string): Buffer => Buffer.from(userId.replaceAll('-', ''), 'hex')

/**
 * Inserts a device, under the person's lock and inside their limit, which is read in this very statement. `full`: they have as
 * many as they may; `known`: the credential is somebody's already.
 */
export const insertDevice = async (
  tx: Tx,
  device: { userId: string; name: string; passkey: NewPasskey; source: Source; codeId: string | null },
): Promise<{ id: string } | 'full' | 'known'> => {
  const { passkey, source } = device
  const id = uuid7()
  const { rows } = await sql<{ id: string | null; full: boolean }>`
    with room as (select (select count(*) from device d where d.user_id = ${device.userId} and d.state = 'active') < p.devices_each as ok from device_settings p),
    i as (insert into device (id, user_id, name, credential_id, public_key, sign_count, be, bs, aaguid, transports, platform, browser, key_thumbprint, code_id, last_country, last_city)
      select ${id}::uuid, ${device.userId}::uuid, ${device.name}, ${passkey.credentialId}::bytea, ${passkey.publicKey}::bytea, ${passkey.signCount}::bigint, ${passkey.be}::boolean, ${passkey.bs}::boolean,
        ${passkey.aaguid}::uuid, ${passkey.transports}::text[], ${source.device.platform}, ${source.device.browser}, ${source.thumbprint as Buffer}::bytea, ${device.codeId}::uuid, ${source.place?.country ?? null}::text, ${source.place?.city ?? null}::text
      from room where room.ok on conflict (credential_id) do nothing returning id)
    select (select id from i) as id, not (select ok from room) as full`.execute(tx)
  const [row] = rows
  return row?.id ? { id: row.id } : row?.full ? 'full' : 'known'
}

export type FoundDevice = {
  id: string
  userId: string
  username: string
  displayName: string
  name: string
  credentialId: Buffer
  publicKey: Buffer
  be: boolean
  state: 'active' | 'lost' | 'revoked'
  userState: string
  roles: string[]
}
/** The device that holds a credential, also one that is lost; undefined: nobody’s. */
export const findByCredential = (db: Db | Tx, credentialId: Buffer): Promise<FoundDevice | undefined> =>
  db
    .selectFrom('device')
    .innerJoin('users', 'users.id', 'device.userId')
    .select(['device.id', 'device.userId', 'username', 'displayName', 'name', 'credentialId', 'publicKey', 'be', 'device.state'])
    .select('users.state as userState')
    .select(sql<string[]>`array(select r.role from user_role r where r.user_id = users.id)`.as('roles'))
    .where('credentialId', '=', credentialId)
    .executeTakeFirst()

/**
 * The one use of a device: it is active, and its counter went on (Level 3 §6.1.1). False: it is not active any more, or its
 * counter ran backwards.
 */
export const useDevice = async (
  tx: Tx,
  id: string,
  { signCount, bs }: { signCount: number; bs: boolean },
  place: Place | null,
): Promise<boolean> => {
  const { rows } =
    await sql`update device set sign_count = ${signCount}, bs = ${bs}, last_used_at = now(), last_country = ${place?.country ?? null}, last_city = ${place?.city ?? null}
    where id = ${id} and state = 'active' and (sign_count < ${signCount} or (${signCount} = 0 and sign_count = 0)) returning id`.execute(
      tx,
    )
  return rows.length > 0
}
/** What ended with a device: how many of each. `codesForOthers`: that its sessions issued, and nobody has claimed. */
export type Ended = { sessions: number; requests: number; signIns: number; codes: number; codesForOthers: number }
/**
 * Ends what a device holds open, in the transaction of its end and under its person’s lock: sessions that it opened or approved,
 * requests that it approved and nobody has collected, codes that those sessions show for another phone, or issued to others and
 * nobody has claimed: whoever had the device may have kept them. With `browser`, the key of the browser that registered it, so
 * much of what this person has open in there: however they signed in there, sign-ins, requests and codes that it claimed and has
 * not settled; nor is it a browser that is known any more. What others have in a browser that they share stays.
 */
export const endOpenOf = async (
  tx: Tx,
  userId: string,
  deviceId: string,
  why: string,
  { browser = null, by = { byId: null, byName: null } }: { browser?: Buffer | null; by?: By } = {},
): Promise<Ended> => {
  const { rows: signIns } =
    await sql`update sign_in set state = 'failed' where user_id = ${userId} and key_thumbprint = ${browser}::bytea and state = 'open' returning id`.execute(
      tx,
    )
  const codes = await endCodesOf(tx, userId, { id: deviceId, browser }, by)
  const codesForOthers = await endIssuedBy(tx, userId, { id: deviceId, browser }, by)
  const { rows: requests } = await sql`with u as (update approval set state = 'failed', why = 'device', decided_at = now()
      where (device_id = ${deviceId} and state = 'approved')
        or (claim_key = ${browser}::bytea and state = 'claimed' and (for_user is null or for_user = ${userId})) returning sign_in_id)
    select pg_notify(${requestChannel}, sign_in_id::text) from u`.execute(tx)
  const sessions = await endSessions(tx, { userId, device: { id: deviceId, browser } }, why)
  // when they last signed in stays true, whatever became of that browser
  await sql`with k as (delete from known_browser where user_id = ${userId} and thumbprint = ${browser}::bytea returning last_at)
    update users u set forgotten_sign_in_at = greatest(u.forgotten_sign_in_at, k.last_at) from k where u.id = ${userId}`.execute(
    tx,
  )
  return { sessions, requests: requests.length, signIns: signIns.length, codes, codesForOthers }
}
/** Codes that enrol this person: those that a session of the device shows, and those that its browser claimed, not yet confirmed. */
const endCodesOf = async (tx: Tx, userId: string, device: { id: string; browser: Buffer | null }, by: By): Promise<number> => {
  const { rows } = await sql<{ id: string }>`select c.id from code c left join claim l on l.code_id = c.id
    where c.user_id = ${userId} and c.kind in ('enrol-totp', 'enrol-device') and c.revoked_at is null
      and (c.claimed_at is null or (l.ended_at is null and l.expires_at > now()))
      and (l.claim_key = ${device.browser}::bytea or exists (select from session s where s.id = c.for_session
        and (s.device_id = ${device.id} or s.key_thumbprint = ${device.browser}::bytea)))`.execute(tx)
  const ids = rows.map(({ id }) => id)
  // the pending key of a claim is for nobody now; the claim itself is dead with its code
  await sql`delete from totp t using claim l where l.code_id = any (${ids}::uuid[]) and t.user_id = l.user_id and t.id = l.totp_id and t.state = 'pending'`.execute(
    tx,
  )
  return (await revokeCodes(tx, { ids }, by)).length
}
/**
 * Enrolment codes that a session of the device issued, as the record has it, whoever looks after them since. What a job made went
 * out to many, and is for the operators to judge.
 */
const endIssuedBy = async (tx: Tx, userId: string, device: { id: string; browser: Buffer | null }, by: By): Promise<number> => {
  const { rows } = await sql<{ id: string }>`select c.id from code c
    where c.kind in ('enrol-totp', 'enrol-device') and c.claimed_at is null and c.revoked_at is null and c.secret_hash is not null and c.expires_at > now()
      and exists (select from event e where e.code_id = c.id and e.type in ('code.issued', 'code.reissued') and e.outcome = 'success'
        and (e.device_id = ${device.id} or exists (select from session s where s.id = e.session_id and s.user_id = ${userId} and s.key_thumbprint = ${device.browser}::bytea)))
      and not exists (select from bulk_row r join bulk_job j on j.id = r.job_id where j.by_id = ${userId} and r.made_id = c.id)`.execute(
    tx,
  )
  const ids = rows.map(({ id }) => id)
  return ids.length === 0 ? 0 : (await revokeCodes(tx, { ids, unclaimed: true }, by)).length
}
/** active → lost or revoked, for good. False: it was not active. */
export const endDevice = async (tx: Tx, id: string, state: 'lost' | 'revoked'): Promise<boolean> =>
  (await tx
    .updateTable('device')
    .set({ state, stateAt: sql<Date>`now()` })
    .where('id', '=', id)
    .where('state', '=', 'active')
    .returning('id')
    .executeTakeFirst()) !== undefined
/** What came of an enrolment code is dead, with all that it holds open. Answers since when it was its person’s; undefined: it is no more. */
export const endDeviceOfCode = async (tx: Tx, codeId: string, by: By): Promise<Date | undefined> => {
  const device = await tx
    .selectFrom('device')
    .select(['id', 'userId', 'keyThumbprint', 'createdAt'])
    .where('codeId', '=', codeId)
    .executeTakeFirst()
  if (!device || !(await endDevice(tx, device.id, 'revoked'))) return undefined
  await endOpenOf(tx, device.userId, device.id, 'its device was revoked', { browser: device.keyThumbprint, by })
  return device.createdAt
}
/** All of a person, at once: off-boarding. Answers how many were active. */
export const endDevicesOf = async (tx: Tx, userId: string): Promise<number> => {
  const { rows } =
    await sql`with l as materialized (select id from device where user_id = ${userId} and state = 'active' order by id for no key update)
    update device d set state = 'revoked', state_at = now() from l where d.id = l.id and d.state = 'active' returning d.id`.execute(
      tx,
    )
  return rows.length
}
export const countDevices = async (db: Db | Tx, userId: string): Promise<number> => {
  const { n } = await db
    .selectFrom('device')
    .select((e) => e.fn.countAll<number>().as('n'))
    .where('userId', '=', userId)
    .where('state', '=', 'active')
    .executeTakeFirstOrThrow()
  return n
}
/** Credentials of a person that are active: not to be registered twice, and to be named where the person is known. */
export const activeCredentials = (db: Db | Tx, userId: string): Promise<{ credentialId: Buffer; transports: string[] }[]> =>
  db
    .selectFrom('device')
    .select(['credentialId', 'transports'])
    .where('userId', '=', userId)
    .where('state', '=', 'active')
    .execute()
