import type pg from 'pg'
import { Group } from '../../platform/group.ts'

/** A request as its waiting screen hears of it. Expiry by the database’s clock, as milliseconds that are left. */
export type Standing = {
  codeId: string
  state: 'open' | 'claimed' | 'approved' | 'denied' | 'failed' | 'collected'
  why: string | null
  scanned: boolean
  /** By a phone, whatever became of it. */
  claimed: boolean
  /** Its code was. */
  revoked: boolean
  leftMs: number
  /** Another way completed the sign-in, or it is over. */
  over: boolean
}
type Read = Standing | { codeId: null; over: boolean }
const text = `select b.n, s.state <> 'open' or s.expires_at <= now() as over, a.code_id as "codeId", a.state, a.why, a.scanned_at is not null as scanned, a.claim_key is not null as claimed, a.revoked,
    (extract(epoch from a.expires_at - now()) * 1000)::float8 as "leftMs"
  from unnest($1::int[], $2::uuid[]) b(n, id) join sign_in s on s.id = b.id
    left join lateral (select a.*, k.revoked_at is not null as revoked from approval a join code k on k.id = a.code_id
      where a.sign_in_id = b.id order by a.code_id desc limit 1) a on true`

/**
 * Wakes waiting screens: one by one, by the id that a notification names, and all where the connection began anew. What happened
 * is always read from the row, in groups, so a screen may hang on any process and miss nothing.
 */
export class RequestWatch {
  readonly #waiting = new Map<string, Set<() => void>>()
  readonly #reads: Group<string, Read | undefined>
  #stopped = false
  constructor(hot: pg.Pool) {
    this.#reads = new Group<string, Read | undefined>({
      run: async (ids) => {
        const { rows } = await hot.query<Read & { n: number }>({
          name: 'request-standing',
          text,
          values: [ids.map((_, at) => at), ids],
        })
        const found = new Map(rows.map((row) => [row.n, row]))
        return ids.map((_, at) => found.get(at))
      },
    })
  }
  /** The newest request of a sign-in; `codeId` null: none was asked for yet. Undefined: the sign-in is gone. */
  read(signInId: string): Promise<Read | undefined> {
    return this.#reads.submit(signInId)
  }
  wake(signInId: string): void {
    const waiting = this.#waiting.get(signInId)
    this.#waiting.delete(signInId)
    for (const wake of waiting ?? []) wake()
  }
  wakeAll(): void {
    for (const id of [...this.#waiting.keys()]) this.wake(id)
  }
  /** Begins to listen for a sign-in before its row is read, so that what comes in between is not missed. `next` waits for it. */
  listen(signInId: string): { next: (ms: number, signal: AbortSignal) => Promise<void>; close: () => void } {
    let woken = false
    let resolve: (() => void) | undefined
    const wake = () => {
      woken = true
      resolve?.()
    }
    const enter = () => {
      const waiting = this.#waiting.get(signInId) ?? new Set()
      this.#waiting.set(signInId, waiting.add(wake))
    }
    enter()
    return {
      next: async (ms, signal) => {
        if (!woken && !signal.aborted && !this.#stopped)
          await new Promise<void>((done) => {
            const timer = setTimeout(done, ms)
            timer.unref()
            resolve = () => {
              clearTimeout(timer)
              done()
            }
            signal.addEventListener('abort', resolve, { once: true })
          })
        resolve = undefined
        if (woken) enter()
        woken = false
      },
      close: () => {
        const waiting = this.#waiting.get(signInId)
        waiting?.delete(wake)
        if (waiting?.size === 0) this.#waiting.delete(signInId)
      },
    }
  }
  async stop(): Promise<void> {
    this.#stopped = true
    this.wakeAll()
    await this.#reads.drain()
  }
}
