const pollMs = 1_000

/**
 * Tells waiting readers how far the log goes. A missed notification, or a lost connection, costs a poll of a second; nothing is
 * lost, for readers follow the dense seq.
 */
export class LogWatch {
  readonly #waiting = new Set<() => void>()
  #timer: NodeJS.Timeout | undefined
  #stopped = false
  start(): void {
    this.#timer = setInterval(() => this.wake(), pollMs)
    this.#timer.unref()
  }
  /** The log has grown, or may have. */
  wake(): void {
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
  stop(): void {
    this.#stopped = true
    clearInterval(this.#timer)
    this.wake()
  }
}
