import { createHmac, randomBytes } from 'node:crypto'
import * as contract from '@postern/contract'
import { secretHashOf } from '../../server/src/features/codes/codes-store.ts'
import { hashRecoveryCode } from '../../server/src/features/recovery-codes/index.ts'
import type { Database } from '../../server/src/platform/db.ts'
import { toId, uuid7 } from '../../server/src/platform/ids.ts'
import { currentEpoch, type Keys, newToken } from '../../server/src/platform/keys.ts'
import { Browser, type Tried } from './browser.ts'
import type { Sql } from './deployment.ts'

export const jobKinds = ['passcode', 'recovery', 'claim', 'revoke', 'create'] as const
type JobKind = (typeof jobKinds)[number]
/** Something to do that may succeed once, with all that doing it takes; two browsers try it. */
export type Job = {
  kind: JobKind
  id: string
  username: string
  key: Buffer
  recoveryCode: string
  code: { id: string; uuid: string; secret: string }
  browsers: [Browser, Browser]
}
/** What a server has said to have done. */
export type Acknowledged = { kind: JobKind; job: Job; by: Browser; token?: string; id?: string; confirm?: string }

/** RFC 6238, of SHA-1, 6 digits and 30 s, without a process each. */
const passcodeOf = (key: Buffer): string => {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)))
  const mac = createHmac('sha1', key).update(counter).digest()
  return String((mac.readUInt32BE((mac[19] as number) & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

/** People, keys, codes, and sign-ins whose password is proved, as the product would have written them, in one transaction. */
export const prepareJobs = async ({ db }: Pick<Database, 'db'>, keys: Keys, count: number): Promise<Job[]> => {
  const jobs = Array.from({ length: count }, (_, at): Job => {
    const id = uuid7()
    const uuid = uuid7()
    return {
      kind: jobKinds[at % jobKinds.length] as JobKind,
      id,
      username: `load-${id}`,
      key: randomBytes(20),
      recoveryCode: randomBytes(12).toString('hex').toUpperCase(),
      code: { id: toId('cod', uuid), uuid, secret: newToken() },
      browsers: [new Browser('http://localhost'), new Browser('http://localhost')],
    }
  })
  const people = jobs.filter(({ kind }) => kind !== 'create')
  const signIns = people
    .filter(({ kind }) => kind === 'passcode' || kind === 'recovery')
    .flatMap(({ id, kind, browsers }) =>
      (kind === 'passcode' ? browsers.slice(0, 1) : browsers).map((browser) => ({ id, browser })),
    )
  const codes = people.filter(({ kind }) => kind === 'claim' || kind === 'revoke')
  const soon = new Date(Date.now() + 10 * 60_000)
  await db.transaction().execute(async (tx) => {
    await tx
      .insertInto('users')
      .values(people.map(({ id, username }) => ({ id, username, usernameKey: username, displayName: '', email: null })))
      .execute()
    await tx
      .insertInto('userRole')
      .values(people.map(({ id }) => ({ userId: id, role: 'user' as const })))
      .execute()
    await tx
      .insertInto('personKey')
      .values(
        people.map(({ id }) => {
          const wrapped = keys.seal('person', { table: 'person_key', row: id, user: id }, randomBytes(32))
          return { userId: id, dataKeyId: wrapped.readUInt32BE(0), wrapped }
        }),
      )
      .execute()
    await tx
      .insertInto('totp')
      .values(
        people.map(({ id, key }) => ({
          userId: id,
          id,
          state: 'active' as const,
          sealed: keys.seal('totp', { table: 'totp', row: id, user: id }, key),
          algorithm: 'SHA1' as const,
          digits: 6 as const,
          period: 30 as const,
          confirmedAt: new Date(),
          lastUsedAt: null,
          expiresAt: null,
        })),
      )
      .execute()
    await tx
      .insertInto('recoveryCode')
      .values(
        people.map(({ id, recoveryCode }) => ({ userId: id, hash: hashRecoveryCode(keys, id, recoveryCode), usedAt: null })),
      )
      .execute()
    await tx
      .insertInto('signIn')
      .values(
        signIns.map(({ id, browser }) => {
          const token = newToken()
          browser.cookies.set('postern-sign-in', token)
          return {
            id: uuid7(),
            browserHash: keys.hash('sign-in', token),
            keyThumbprint: browser.thumbprint(),
            purpose: 'sign-in' as const,
            wantedAcr: null,
            fromSession: null,
            username: null,
            returnTo: null,
            userId: id,
            proved: ['password'],
            provedAt: new Date(),
            wrongOffset: null,
            sessionId: null,
            expiresAt: soon,
            epoch: currentEpoch,
          }
        }),
      )
      .execute()
    await tx
      .insertInto('code')
      .values(
        codes.map(({ id, username, code }) => ({
          id: code.uuid,
          kind: 'enrol-totp' as const,
          secretHash: secretHashOf(keys, code.uuid, code.secret),
          userId: id,
          ownerId: null,
          issuedBy: 'host:test',
          bootstrap: null,
          suggestedUsername: null,
          label: username,
          expiresAt: soon,
          scanLimit: null,
          claimedAt: null,
          claimedBy: null,
          revokedAt: null,
          noticedAt: null,
          epoch: currentEpoch,
        })),
      )
      .execute()
  })
  return jobs
}

/** Origins that serve at the moment; whoever asks while there is none waits for the next. */
export class Servers {
  #origins: string[] = []
  #waiting: (() => void)[] = []
  set(origins: string[]): void {
    this.#origins = origins
    if (origins.length > 0) for (const go of this.#waiting.splice(0)) go()
  }
  async any(): Promise<string> {
    while (this.#origins.length === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    return this.#origins[Math.floor(Math.random() * this.#origins.length)] as string
  }
}

export type Book = { acknowledged: Acknowledged[]; lost: number; done: number; failures: string[] }
export const newBook = (): Book => ({ acknowledged: [], lost: 0, done: 0, failures: [] })

/**
 * Does a job by two racers at once, who ask again where no answer came: another server, or the one that took its place.
 * Writes down what was acknowledged. What may work once is thus tried up to eight times.
 */
export const work = async (job: Job, servers: Servers, token: string, book: Book): Promise<void> => {
  const answered = async <T extends { status: number }>(call: (origin: string) => Promise<T>): Promise<T | undefined> => {
    for (let tries = 0; tries < 4; tries++) {
      const origin = await servers.any()
      try {
        const tried = await call(origin)
        if (tried.status === 500) book.failures.push('an answer 500')
        if (tried.status !== 503) return tried
      } catch {
        // refused, or cut off: nothing was acknowledged, and it may have been done
        book.lost++
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    return undefined
  }
  const tokenIn = (tried: Tried<contract.Endpoint>): string =>
    /^postern-session=([^;]+)/.exec(
      tried.headers.getSetCookie().find((line) => line.startsWith('postern-session=')) ?? '',
    )?.[1] ?? ''
  const robot = (origin: string): Browser => {
    const browser = new Browser(origin)
    browser.bearer = token
    return browser
  }
  const claim = async (job: Job, by: Browser) => {
    const tried = await answered((origin) => by.at(origin).try(contract.claimCode, { id: job.code.id, secret: job.code.secret }))
    if (tried?.status === 200) book.acknowledged.push({ kind: 'claim', job, by, confirm: tried.value.confirm })
    return tried
  }
  const deeds: Record<JobKind, (job: Job) => Promise<unknown>> = {
    passcode: async (job) => {
      const [by] = job.browsers
      const code = passcodeOf(job.key)
      const one = async () => {
        const tried = await answered((origin) => by.at(origin).try(contract.proveTotp, { code }))
        if (tried?.status === 200) book.acknowledged.push({ kind: 'passcode', job, by, token: tokenIn(tried) })
      }
      await Promise.all([one(), one()])
    },
    recovery: (job) =>
      Promise.all(
        job.browsers.map(async (by) => {
          const tried = await answered((origin) => by.at(origin).try(contract.proveRecoveryCode, { code: job.recoveryCode }))
          if (tried?.status === 200) book.acknowledged.push({ kind: 'recovery', job, by, token: tokenIn(tried) })
        }),
      ),
    claim: (job) => Promise.all(job.browsers.map((by) => claim(job, by))),
    revoke: async (job) => {
      const claiming = claim(job, job.browsers[0])
      const tried = await answered((origin) => robot(origin).try(contract.revokeCode, { id: job.code.id, reason: 'load' }))
      if (tried?.status === 200) {
        book.acknowledged.push({ kind: 'revoke', job, by: job.browsers[1] })
        const late = await answered((origin) =>
          job.browsers[1].at(origin).try(contract.claimCode, { id: job.code.id, secret: job.code.secret }),
        )
        if (late?.status === 200) book.failures.push(`${job.code.id} was claimed after its revocation was acknowledged`)
      }
      await claiming
    },
    create: async (job) => {
      const headers = { 'idempotency-key': job.id }
      const tried = await answered((origin) => robot(origin).try(contract.createUser, { username: job.username }, { headers }))
      if (tried?.status === 201) book.acknowledged.push({ kind: 'create', job, by: job.browsers[0], id: tried.value.id })
      else if (tried) book.failures.push(`create answered ${tried.status}: the same Idempotency-Key was asked again`)
    },
  }
  await deeds[job.kind](job)
  book.done++
}

/**
 * Compares what was acknowledged with what stands in the tables: every effect and its event are there, and nothing that
 * works once was done twice. Throws with the first that is not so; answers counts.
 */
export const compareBook = async (sql: Sql, keys: Keys, book: Book): Promise<Record<string, number>> => {
  if (book.failures.length > 0) throw new Error(book.failures.slice(0, 5).join('; '))
  const must = (holds: unknown, what: string): void => {
    if (!holds) throw new Error(what)
  }
  const by = async <K extends string>(
    column: K,
    text: string,
  ): Promise<Map<string, Record<string, number> & Record<K, string>>> =>
    new Map(
      ((await sql(text)) as unknown as (Record<string, number> & Record<K, string>)[]).map((row) => [String(row[column]), row]),
    )
  const sessions = await by(
    'hash',
    `select encode(s.hash, 'hex') as hash, s.user_id, (select count(*)::int from event e where e.session_id = s.id and e.outcome = 'success'
       and e.type in ('sign-in.totp', 'sign-in.recovery-code')) as events from session s`,
  )
  const users = await by(
    'id',
    `select u.id, (select count(*)::int from session s where s.user_id = u.id) as sessions,
       (select count(*)::int from event e where e.user_id = u.id and e.outcome = 'success' and e.type in ('sign-in.totp', 'sign-in.recovery-code')) as sign_ins,
       (select count(*)::int from event e where e.user_id = u.id and e.outcome = 'success' and e.type = 'user.created') as created,
       (select count(*)::int from recovery_code r where r.user_id = u.id and r.used_at is not null) as used from users u where u.username like 'load-%'`,
  )
  const codes = await by(
    'id',
    `select k.id, (k.claimed_at is not null)::int as claimed, (k.revoked_at is not null)::int as revoked, (select count(*)::int from claim c where c.code_id = k.id) as claims,
       (select count(*)::int from event e where e.code_id = k.id and e.type = 'code.claimed' and e.outcome = 'success') as won,
       (select count(*)::int from event e where e.code_id = k.id and e.type = 'code.revoked' and e.outcome = 'success') as ended from code k`,
  )
  const counts: Record<string, number> = {}
  const winners = new Map<string, Browser>()
  const confirms = new Map<string, string>()
  const opened = new Set<string>()
  for (const { kind, job, by: browser, token, id, confirm } of book.acknowledged) {
    counts[kind] = (counts[kind] ?? 0) + 1
    const user = users.get(job.id)
    const code = codes.get(job.code.uuid)
    if (kind === 'passcode' || kind === 'recovery') {
      const session = sessions.get(keys.hash('session', token as string).toString('hex'))
      must(session, `an acknowledged session by ${kind} is lost`)
      must(session?.user_id === (job.id as never) && session?.events === 1, `a session by ${kind} has ${session?.events} events`)
      must(!opened.has(job.id), `one ${kind} opened two sessions`)
      opened.add(job.id)
    } else if (kind === 'claim') {
      must(code?.claimed === 1 && code.claims === 1 && code.won === 1, `an acknowledged claim is lost: ${JSON.stringify(code)}`)
      must((winners.get(job.id) ?? browser) === browser, 'two keys claimed one code')
      must((confirms.get(job.id) ?? confirm) === confirm, 'the same key got another answer')
      winners.set(job.id, browser)
      confirms.set(job.id, confirm as string)
    } else if (kind === 'revoke') must(code?.revoked === 1 && (code.ended ?? 0) >= 1, 'an acknowledged revocation is lost')
    else {
      const row = await sql(
        `select u.id, (select count(*)::int from event e where e.user_id = u.id and e.type = 'user.created' and e.outcome = 'success') as n from users u where username = $1`,
        [job.username],
      )
      const [made] = row as unknown as { id: string; n: number }[]
      must(made && toId('usr', made.id) === id && made.n === 1, `an acknowledged user is lost: ${JSON.stringify(row)}`)
    }
    void user
  }
  for (const [id, { sessions: open, sign_ins, used }] of users) {
    must((open ?? 0) <= 1 && open === sign_ins, `${id} has ${open} sessions and ${sign_ins} successful sign-ins`)
    must((used ?? 0) <= 1, `${id} used a recovery code twice`)
  }
  for (const [id, { claims, won, claimed }] of codes)
    must(claims === claimed && won === claimed, `code ${id}: claimed ${claimed}, ${claims} claims, ${won} events`)
  return counts
}
