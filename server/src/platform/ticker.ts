/** A tick soon after a poke, or after one that found work; in milliseconds. */
export type Pace = { busyMs: number; idleMs: number }

/**
 * Work in the background, one run at a time. It goes on while there is some, and looks again when it was idle for a while:
 * a poke that is lost costs that while and nothing else.
 */
export class Ticker {
  readonly #work: () => Promise<boolean>
  readonly #pace: Pace
  #timer: NodeJS.Timeout | undefined
  #soon = false
  #poked = false
  #running: Promise<void> | undefined
  #stopped = true
  /** `work` answers whether there was some. It may throw, when the database is away: what is left waits for the next tick. */
  constructor(work: () => Promise<boolean>, pace: Pace) {
    this.#work = work
    this.#pace = pace
  }
  start(): void {
    this.#stopped = false
    this.#schedule(0)
  }
  poke = (): void => {
    if (this.#running) this.#poked = true
    else if (!this.#soon) this.#schedule(this.#pace.busyMs)
  }
  #schedule(ms: number): void {
    if (this.#stopped) return
    clearTimeout(this.#timer)
    this.#soon = ms <= this.#pace.busyMs
    this.#timer = setTimeout(() => {
      this.#soon = false
      this.#running = this.#tick()
    }, ms)
    this.#timer.unref()
  }
  async #tick(): Promise<void> {
    this.#poked = false
    const found = await this.#work().catch(() => false)
    this.#running = undefined
    this.#schedule(found || this.#poked ? this.#pace.busyMs : this.#pace.idleMs)
  }
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#running
  }
}
