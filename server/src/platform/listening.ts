import type pg from 'pg'

const againMs = 1_000

/**
 * One LISTEN connection of a process, on some channels. A lost connection is made again; what was notified meanwhile is lost,
 * so whoever listens is told of each new beginning and looks for themselves.
 */
export class Listening {
  readonly #open: () => Promise<pg.Client>
  readonly #channels: Record<string, (payload: string) => void>
  readonly #begun: () => void
  #client: pg.Client | undefined
  #stopped = false
  constructor(open: () => Promise<pg.Client>, channels: Record<string, (payload: string) => void>, begun: () => void) {
    this.#open = open
    this.#channels = channels
    this.#begun = begun
  }
  start(): void {
    void this.#connect()
  }
  async #connect(): Promise<void> {
    if (this.#stopped) return
    let over = false
    // once: a connection that breaks while it begins to listen both fails and ends
    const again = () => {
      if (over) return
      over = true
      if (!this.#stopped) setTimeout(() => void this.#connect(), againMs).unref()
    }
    try {
      const client = await this.#open()
      this.#client = client
      client.on('notification', ({ channel, payload }) => this.#channels[channel]?.(payload ?? ''))
      client.on('end', again)
      for (const channel of Object.keys(this.#channels)) await client.query(`listen ${channel}`)
      if (this.#stopped) await client.end()
      else this.#begun()
    } catch {
      again()
    }
  }
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#client?.end().catch(() => undefined)
  }
}
