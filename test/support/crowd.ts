import { randomBytes } from 'node:crypto'
import { hashPassword } from '../../server/src/features/passwords/index.ts'
import { base32 } from '../../server/src/features/totp/index.ts'
import { uuid7 } from '../../server/src/platform/ids.ts'
import { newToken } from '../../server/src/platform/keys.ts'
import type { Browser } from './browser.ts'
import { goodPassword } from './people.ts'
import type { TestServer } from './server.ts'

export type Member = { id: string; username: string; secret: string }

/** Many people at once, with the same password and a confirmed key each, written as the product would write them. */
export const crowd = async (server: TestServer, size: number, prefix = 'member'): Promise<Member[]> => {
  const { db, keys, events } = server.core
  const phc = await hashPassword(goodPassword)
  const members = Array.from({ length: size }, (_, at) => ({
    id: uuid7(),
    username: `${prefix}${at}`,
    bytes: randomBytes(20),
    totp: uuid7(),
  }))
  await db.transaction().execute(async (tx) => {
    for (const { id, username, bytes, totp } of members) {
      await tx.insertInto('users').values({ id, username, usernameKey: username, displayName: '', email: null }).execute()
      await tx.insertInto('userRole').values({ userId: id, role: 'user' }).execute()
      await events.people.create(tx, id)
      await tx
        .insertInto('password')
        .values({ userId: id, sealedHash: keys.seal('password', { table: 'password', row: id, user: id }, Buffer.from(phc)) })
        .execute()
      await tx
        .insertInto('totp')
        .values({
          userId: id,
          id: totp,
          state: 'active',
          sealed: keys.seal('totp', { table: 'totp', row: totp, user: id }, bytes),
          algorithm: 'SHA1',
          digits: 6,
          period: 30,
          confirmedAt: new Date(),
          lastUsedAt: null,
          expiresAt: null,
        })
        .execute()
    }
  })
  return members.map(({ id, username, bytes }) => ({ id, username, secret: base32(bytes) }))
}

/** A sign-in of this person in this browser whose password is proved already, as the password step would have left it. */
export const pendingSignIn = async (server: TestServer, browser: Browser, member: { id: string }): Promise<void> => {
  const token = newToken()
  await server.sql(
    `insert into sign_in (id, browser_hash, key_thumbprint, user_id, proved, proved_at, expires_at, epoch)
     values ($1, $2, $3, $4, '{password}', now(), now() + interval '10 min', (select epoch from deployment))`,
    [uuid7(), server.core.keys.hash('sign-in', token), browser.thumbprint(), member.id],
  )
  browser.cookies.set('postern-sign-in', token)
}
