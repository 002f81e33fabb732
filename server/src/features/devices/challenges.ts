import { sql } from 'kysely'
import type { Db, Tx } from '../../platform/db.ts'
import { currentEpoch, type Keys } from '../../platform/keys.ts'
import { randomSlice } from '../../platform/random.ts'

export type ChallengePurpose = 'register' | 'enrol' | 'sign-in' | 'approve' | 'not-me'
declare module '../../platform/db.ts' {
  interface Tables {
    challenge: {
      hash: Buffer
      purpose: ChallengePurpose
      requestId: string
      userId: string | null
      contextHash: Buffer | null
      keyThumbprint: Buffer
      expiresAt: Date
      epoch: number
    }
  }
}
/** Seconds that a challenge of a passkey is good; a request of a phone dies earlier by its own end. */
export const challengeSeconds = 300

/** Challenges of one request and purpose that are out at once: asking again and again fills no table. */
const newestKept = 5

export type Bound = {
  purpose: ChallengePurpose
  /** What it belongs to: a session, a sign-in, a code. */
  requestId: string
  thumbprint: Buffer
}
/**
 * A challenge that is good once: 32 random bytes, and after them the hash of what the phone shows. Kept as a keyed hash, with
 * purpose, request, person and the browser's key that asked.
 */
export const newChallenge = async (
  db: Db | Tx,
  keys: Keys,
  { purpose, requestId, thumbprint }: Bound,
  about: { userId: string | null; contextHash?: Buffer; seconds?: number },
): Promise<string> => {
  const random = randomSlice(32)
  const challenge = (about.contextHash ? Buffer.concat([random, about.contextHash]) : random).toString('base64url')
  // rows that another call deletes are passed over: nobody waits here, and two that ask at once cannot lock each other out
  await sql`with old as (select hash from challenge where request_id = ${requestId} and purpose = ${purpose} order by expires_at desc offset ${newestKept - 1}),
    gone as (delete from challenge where hash in (select c.hash from challenge c where c.hash in (select hash from old) for update skip locked))
    insert into challenge (hash, purpose, request_id, user_id, context_hash, key_thumbprint, expires_at, epoch)
    values (${keys.hash('challenge', challenge)}, ${purpose}, ${requestId}, ${about.userId}, ${about.contextHash ?? null}, ${thumbprint},
      now() + ${about.seconds ?? challengeSeconds} * interval '1 s', ${currentEpoch})`.execute(db)
  return challenge
}

/** The challenge that a client signed, as it says; undefined where its data is none. Nothing is believed of it yet. */
const challengeIn = (clientDataJSON: string): string | undefined => {
  try {
    const { challenge } = JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString()) as { challenge?: unknown }
    return typeof challenge === 'string' && challenge.length <= 128 ? challenge : undefined
  } catch {
    return undefined
  }
}

/**
 * Spends a challenge: a delete, committed before anything is verified, so that an answer is looked at once whatever comes of it.
 * Undefined: there is none for this purpose, request and key, or it is over.
 */
export const spendChallenge = async (
  db: Db,
  keys: Keys,
  clientDataJSON: string,
  { purpose, requestId, thumbprint }: Bound,
): Promise<{ challenge: string; userId: string | null; contextHash: Buffer | null } | undefined> => {
  const challenge = challengeIn(clientDataJSON)
  if (challenge === undefined) return undefined
  const row = await db
    .deleteFrom('challenge')
    .where('hash', '=', keys.hash('challenge', challenge))
    .where('purpose', '=', purpose)
    .where('requestId', '=', requestId)
    .where('keyThumbprint', '=', thumbprint)
    .where('expiresAt', '>', sql<Date>`now()`)
    .where('epoch', '=', currentEpoch)
    .returning(['userId', 'contextHash'])
    .executeTakeFirst()
  return row && { challenge, ...row }
}
