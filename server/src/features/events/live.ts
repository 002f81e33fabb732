import type pg from 'pg'
import { logChannel } from './order-loop.ts'

const pollMs = 1_000

/**
 * Tells waiting readers how far the log goes: one LISTEN connection a process. A missed notification, or a lost
 * connection, costs a poll of a second; nothing is lost, for readers follow the dense seq.
 */
export class LogWatch {
  readonly #listen: () => Promise<pg.Client>
  readonly #waiting = new Set<() => void>()
  #client: pg.Client | undefined
  #timer: NodeJS.Timeout | undefined
  #stopped = false
  constructor(listen: () => Promise<pg.Client>) {
    this.#listen = listen
  }
  start(): void {
    void this.#connect()
    this.#timer = setInterval(() => {
      this.#wake()
    }, pollMs)
    this.#timer.unref()
  }
  async #connect(): Promise<void> {
    if (this.#stopped) return
    try {
      const client = await this.#listen()
      this.#client = client
      client.on('notification', () => this.#wake())
      client.on('end', () => {
        if (!this.#stopped) setTimeout(() => void this.#connect(), pollMs).unref()
      })
      await client.query(`listen ${logChannel}`)
      if (this.#stopped) await client.end()
    } catch {
      setTimeout(() => void this.#connect(), pollMs).unref()
    }
  }
  #wake(): void {
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
  }
  /** Resolves at the next sign that the log may have grown, or when `signal` aborts. */
  next(signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#stopped) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        this.#waiting.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      this.#waiting.add(done)
      signal.addEventListener('abort', done)
    })
  }
  async stop(): Promise<void> {
    this.#stopped = true
    clearInterval(this.#timer)
    this.#wake()
    await this.#client?.end().catch(() => undefined)
  }
}
