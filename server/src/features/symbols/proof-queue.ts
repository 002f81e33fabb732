import { Refusal } from '../../platform/refusal.ts'

type Waiting = { owner: string; start: () => void; refuse: (why: string) => void }

/** Callers that may wait for a proof; it takes about a second of one core. */
const mostWaiting = 16

/**
 * Proofs and drawings of a process, one at a time. A caller has one place: what they asked for last. Who leaves gives it
 * back, and nobody can make others wait by asking often.
 */
export class ProofQueue {
  #running = false
  readonly #waiting: Waiting[] = []
  readonly #shared = new Map<string, Promise<unknown>>()

  /** Throws `rate-limited` where too many wait, a newer call of the same owner came, or the caller has gone. */
  async run<T>(owner: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#turn(owner, signal)
    try {
      return await work()
    } finally {
      this.#running = false
      this.#next()
    }
  }
  /** Work that several ask for at once, done once for all of them, outside the queue. */
  share<T>(what: string, work: () => Promise<T>): Promise<T> {
    const under = this.#shared.get(what) ?? work().finally(() => this.#shared.delete(what))
    this.#shared.set(what, under)
    return under as Promise<T>
  }
  #turn(owner: string, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const refuse = (why: string): void => reject(new Refusal('rate-limited', why, { retryAfter: 2, detail: why }))
      if (signal?.aborted) return refuse('The caller has gone.')
      const older = this.#waiting.findIndex((each) => each.owner === owner)
      if (older >= 0) this.#waiting.splice(older, 1)[0]?.refuse('A newer call of yours took its place.')
      if (this.#waiting.length >= mostWaiting) return refuse('Too many designs wait for their proof. Try again in a moment.')
      const mine: Waiting = { owner, start: resolve, refuse }
      this.#waiting.push(mine)
      signal?.addEventListener('abort', () => {
        const at = this.#waiting.indexOf(mine)
        if (at < 0) return
        this.#waiting.splice(at, 1)
        refuse('The caller has gone.')
      })
      this.#next()
    })
  }
  #next(): void {
    if (this.#running) return
    const next = this.#waiting.shift()
    if (!next) return
    this.#running = true
    next.start()
  }
}
