import { sql } from 'kysely'
import type { Db, Tx } from '../../platform/db.ts'
import { Refusal } from '../../platform/refusal.ts'

/** Five failures are free, then waits double from 2 s up to 15 minutes. */
const waitAfter = `case when a.failures + 1 < 5 then now() else now() + least(2 ^ (a.failures - 3), 900) * interval '1 s' end`
/**
 * No wait is left, and it is not closed, as it is at 100 failures in a row.
 * `clock_timestamp()`, not `now()`: who waited for the row began before the guess that set open_at, yet came after it.
 */
const isOpen = 'a.open_at <= clock_timestamp() and a.failures < 100'
/**
 * SQL of one guess that is counted before it is compared, for an account, a factor and a lane, as a password is, whose hash
 * must be bounded too. A conflict without a returned row is "limited".
 */
const reserveOnConflict = `on conflict (account_key, factor, lane) do update set failures = a.failures + 1,
  open_at = ${waitAfter}
  where ${isOpen}`
/** The same for a guess that was compared before it is counted: a right one comes with no failures, and clears those before. */
export const countOnConflict = `on conflict (account_key, factor, lane) do update
  set failures = case excluded.failures when 0 then 0 else a.failures + 1 end,
    open_at = case excluded.failures when 0 then '-infinity' else ${waitAfter} end
  where ${isOpen}`

/** A browser whose key has signed this account in within 90 days has a count of its own: lane 1. */
export const laneOf = (user: string, thumbprint: string): string =>
  `case when exists (select from known_browser k where k.user_id = ${user} and k.thumbprint = ${thumbprint} and k.last_at > now() - interval '90 days') then 1 else 0 end`

/** The address has had its failures of this minute; for use where a right proof would be accepted. */
export const addressIsOver = (source: string): string =>
  `exists (select from address_count ac, authentication_settings p where ac.minute = date_trunc('minute', now()) and ac.kind = 'failure' and ac.source = ${source} and ac.n >= p.failures_per_minute)`

/** SQL of a start that is counted for its address, inside its limit: a row, or none where the address has had those of this minute. */
export const countStart = (source: Buffer | null) =>
  sql`insert into address_count as a (minute, kind, source) values (date_trunc('minute', now()), 'start', ${source ?? Buffer.alloc(0)})
      on conflict (minute, kind, source) do update set n = a.n + 1 where a.n < (select starts_per_minute from authentication_settings) returning n`

/** 429 with the seconds that are left of the wait; the same whether the account exists or not. */
export const limited = (secondsLeft: number, why: string): Refusal =>
  new Refusal('rate-limited', why, { retryAfter: Math.max(1, Math.ceil(secondsLeft)), outcome: 'denied' })
export const limitedAddress = (): Refusal => limited(60 - new Date().getSeconds(), 'too many failures from this address')
export const limitedStarts = (): Refusal => limited(60 - new Date().getSeconds(), 'too many starts from this address')

export type ReservedGuess = { accountKey: string; factor: 'password' | 'totp' | 'recovery-code'; lane: number; failures: number }
/** Reserves one guess on its own, committed before anything is compared. Throws 429. */
export const reserveGuess = async (
  db: Db,
  guess: Omit<ReservedGuess, 'lane' | 'failures'> & { thumbprint: Buffer },
): Promise<ReservedGuess> => {
  const { rows } = await sql<{ lane: number; failures: number | null; closed: boolean; wait: number }>`
    with l as (select ${sql.raw(laneOf('x.user_id', 'x.thumb'))} as lane from (select ${guess.accountKey}::uuid as user_id, ${guess.thumbprint}::bytea as thumb) x),
    r as (insert into attempt as a (account_key, factor, lane, failures, open_at) select ${guess.accountKey}::uuid, ${guess.factor}, l.lane, 1, now() from l
      ${sql.raw(reserveOnConflict)} returning failures)
    select l.lane, (select failures from r) as failures, coalesce(a.failures >= 100, false) as closed, coalesce(extract(epoch from a.open_at - now()), 0)::float as wait
    from l left join attempt a on a.account_key = ${guess.accountKey}::uuid and a.factor = ${guess.factor} and a.lane = l.lane and a.open_at > '-infinity'`.execute(
    db,
  )
  const row = rows[0] as { lane: number; failures: number | null; closed: boolean; wait: number }
  if (row.failures === null)
    throw limited(
      row.closed ? 900 : row.wait,
      row.closed ? `${guess.factor}: closed after 100 failures in a row` : `${guess.factor}: waiting after failures`,
    )
  return { accountKey: guess.accountKey, factor: guess.factor, lane: row.lane, failures: row.failures }
}
/**
 * Compares what was reserved. Where that cannot be done (503) nothing was evaluated, so the guess is given back, unless
 * another came meanwhile: an overload or a wrong clock locks nobody out.
 */
export const compareGuess = async <T>(db: Db, guess: ReservedGuess, compare: () => T | Promise<T>): Promise<T> => {
  try {
    return await compare()
  } catch (error) {
    if (error instanceof Refusal && (error.code === 'unavailable' || error.code === 'clock-skew'))
      await sql`update attempt set failures = failures - 1, open_at = now() where account_key = ${guess.accountKey} and factor = ${guess.factor}
        and lane = ${guess.lane} and failures = ${guess.failures}`.execute(db)
    throw error
  }
}
/** A success clears its own factor and lane only. */
export const clearGuesses = async (
  tx: Tx,
  accountKey: string,
  factor: 'password' | 'totp' | 'recovery-code',
  lane: number,
): Promise<void> => {
  await sql`update attempt set failures = 0, open_at = '-infinity' where account_key = ${accountKey} and factor = ${factor} and lane = ${lane}`.execute(
    tx,
  )
}
/**
 * Refuses what comes from an address that is over its failures: in the transaction that would accept, and before a guess is
 * reserved, so that a flood makes no rows and costs no hashes.
 */
export const requireAddressWithin = async (tx: Db | Tx, source: Buffer | null): Promise<void> => {
  if (!source) return
  const { rows } = await sql<{
    over: boolean
  }>`select ${sql.raw(addressIsOver('x.source'))} as over from (select ${source}::bytea as source) x`.execute(tx)
  if (rows[0]?.over) throw limitedAddress()
}
