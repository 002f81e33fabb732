import type { DeviceSettings } from '@postern/contract'
import { type Generated, sql } from 'kysely'
import type { Db, Tx } from '../../platform/db.ts'
import { currentEpoch } from '../../platform/keys.ts'
import { lostFactor, recoveryCodesLeft, renewalDue } from '../users/index.ts'
import { countStart } from './limits.ts'

declare module '../../platform/db.ts' {
  interface Tables {
    signIn: {
      id: string
      browserHash: Buffer
      keyThumbprint: Buffer
      purpose: 'sign-in' | 'step-up'
      wantedAcr: string | null
      fromSession: string | null
      username: string | null
      returnTo: string | null
      userId: string | null
      state: Generated<'open' | 'collected' | 'failed'>
      proved: Generated<string[]>
      provedAt: Date | null
      wrongOffset: number | null
      wrongStep: number | null
      sessionId: string | null
      expiresAt: Date
      epoch: number
      createdAt: Generated<Date>
    }
  }
}

/** Minutes that a sign-in stays open; long enough for the wizard. */
const signInMinutes = 15

export type SignInRow = {
  id: string
  purpose: 'sign-in' | 'step-up'
  username: string | null
  returnTo: string | null
  userId: string | null
  fromSession: string | null
  state: 'open' | 'collected' | 'failed'
  proved: string[]
  keyThumbprint: Buffer
  expiresAt: Date
  expired: boolean
  acr: string | null
  amr: string[] | null
  provedAt: Date | null
  wantedAcr: string | null
  hasTotp: boolean
  passcodeDigits: 6 | 8 | null
  devices: number
  lostFactor: boolean
  qr: DeviceSettings['qr']
  computerFirst: boolean
  recoveryCodesLeft: number
  secondFactorDemanded: boolean
  enrolment: boolean
  renewal: boolean
  person: string | null
  displayName: string | null
  /** Of the session that a step-up replaces. */
  codeId: string | null
  policyVersion: number
}
/** The sign-in of a browser with all that its next step depends on; also where it is over. */
export const findSignIn = async (db: Db | Tx, browserHash: Buffer): Promise<SignInRow | undefined> => {
  const { rows } =
    await sql<SignInRow>`select s.id, s.purpose, s.username, s.return_to, s.user_id, s.from_session, s.state, s.proved, s.wanted_acr, s.key_thumbprint, s.expires_at,
      s.expires_at <= now() or s.epoch <> (select epoch from deployment) or (s.user_id is not null and u.state <> 'active') as expired,
      x.acr, x.amr, coalesce(x.proved_at, s.proved_at) as proved_at, u.username as person, u.display_name,
      exists (select from totp t where t.user_id = s.user_id and t.state = 'active') as has_totp,
      (select t.digits from totp t where t.user_id = s.user_id and t.state = 'active') as passcode_digits,
      (select count(*)::int from device d where d.user_id = s.user_id and d.state = 'active') as devices,
      ${sql.raw(lostFactor('s.user_id'))} as lost_factor, dp.qr,
      exists (select from user_role r where r.user_id = s.user_id and r.role = any (dp.computer_first)) as computer_first,
      ${sql.raw(recoveryCodesLeft('s.user_id'))} as recovery_codes_left,
      exists (select from user_role r where r.user_id = s.user_id and r.role = any (p.second_factor_roles) and coalesce(p.second_factor_from, '-infinity') <= now()) as second_factor_demanded,
      p.version as policy_version, (select f.code_id from session f where f.id = s.from_session) as code_id, p.enrolment, exists (select from totp t where t.user_id = s.user_id and t.state = 'active' and ${sql.raw(renewalDue('t', 'p'))}) as renewal
    from authentication_settings p, device_settings dp, sign_in s left join users u on u.id = s.user_id left join session x on x.id = s.session_id where s.browser_hash = ${browserHash}`.execute(
      db,
    )
  return rows[0]
}

/** True where the address had a start left in this minute: count and row are one statement. */
export const insertSignIn = async (
  db: Db | Tx,
  row: {
    id: string
    browserHash: Buffer
    thumbprint: Buffer
    purpose: 'sign-in' | 'step-up'
    wantedAcr: string | null
    fromSession: string | null
    userId: string | null
    username: string | null
    returnTo: string | null
  },
  source: Buffer | null,
): Promise<boolean> => {
  const { rows } = await sql`with c as (${countStart(source)})
    insert into sign_in (id, browser_hash, key_thumbprint, purpose, wanted_acr, from_session, user_id, username, return_to, expires_at, epoch)
    select ${row.id}::uuid, ${row.browserHash}::bytea, ${row.thumbprint}::bytea, ${row.purpose}, ${row.wantedAcr}::text, ${row.fromSession}::uuid, ${row.userId}::uuid, ${row.username}::text, ${row.returnTo}::text,
      now() + ${signInMinutes} * interval '1 min', ${currentEpoch} from c returning id`.execute(db)
  return rows.length > 0
}

/** Adds a proof to an open sign-in of this browser and key; undefined: it is gone, or another person's. */
export const addProof = async (
  tx: Tx,
  signIn: { browserHash: Buffer; thumbprint: Buffer; userId: string; proof: string },
): Promise<string | undefined> => {
  const { rows } = await sql<{
    id: string
  }>`update sign_in s set user_id = ${signIn.userId}, proved = s.proved || ${[signIn.proof]}::text[], proved_at = coalesce(s.proved_at, now())
    from users u where s.browser_hash = ${signIn.browserHash} and s.key_thumbprint = ${signIn.thumbprint} and s.state = 'open' and s.expires_at > now() and s.epoch = (select epoch from deployment)
      and (s.user_id is null or s.user_id = ${signIn.userId}) and not s.proved @> ${[signIn.proof]}::text[] and u.id = ${signIn.userId} and u.state = 'active' returning s.id`.execute(
    tx,
  )
  return rows[0]?.id
}
/** open → collected, once, with the session that it opens; ends the session that a step-up replaces. */
export const collect = async (
  tx: Tx,
  signIn: { id: string; thumbprint: Buffer; userId: string; sessionId: string },
): Promise<boolean> => {
  const { rows } = await sql<{
    fromSession: string | null
  }>`update sign_in s set state = 'collected', session_id = ${signIn.sessionId} from users u
    where s.id = ${signIn.id} and s.key_thumbprint = ${signIn.thumbprint} and s.user_id = ${signIn.userId} and s.state = 'open' and s.expires_at > now() and s.epoch = (select epoch from deployment)
      and u.id = s.user_id and u.state = 'active' and (s.from_session is null or exists (select from session x where x.id = s.from_session and x.ended_at is null))
    returning s.from_session`.execute(tx)
  const row = rows[0]
  if (row?.fromSession)
    await sql`update session set ended_at = now(), ended_why = 'replaced by a step-up' where id = ${row.fromSession} and ended_at is null`.execute(
      tx,
    )
  return row !== undefined
}

/** After a lock a sign-in begins again with its first factor (NIST SP 800-63B-4 §3.2.2; threat 6). */
export const restart = async (db: Db, id: string): Promise<void> => {
  await db.updateTable('signIn').set({ proved: [] }).where('id', '=', id).where('state', '=', 'open').execute()
}
