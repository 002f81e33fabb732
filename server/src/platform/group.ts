type Waiting<E, R> = { entry: E; key: string | undefined; resolve: (value: R) => void; reject: (error: unknown) => void }

export type GroupOptions<E, R> = {
  /** Runs entries in ONE statement, so in one commit; answers one result per entry, in the order of the entries. */
  run: (entries: readonly E[]) => Promise<readonly R[]>
  /** Two entries of one key never share a group (an UPDATE … FROM meets each row once). */
  keyOf?: (entry: E) => string
  /**
   * Groups under way at once: 1 makes the largest groups; with 2 this process works on one while the database has the other.
   * Another one goes beside those under way once it is as large as they are together, for a small one costs about as much as a
   * large one.
   */
  lanes?: number
  maxGroup?: number
  /** Entries that may wait; beyond it `submit` refuses at once, so that load is shed and not queued. */
  maxWaiting?: number
}

/** Thrown by `submit` when the group is full or draining: the caller answers 503. */
export class GroupClosed extends Error {}

/**
 * Group commit: entries that arrive while a statement runs share the next one. An idle group runs at once; no timer.
 * A poisoned entry fails alone; after a lost connection nothing is retried, for the commit may stand.
 */
export class Group<E, R> {
  readonly #run: (entries: readonly E[]) => Promise<readonly R[]>
  readonly #keyOf: ((entry: E) => string) | undefined
  readonly #lanes: number
  readonly #maxGroup: number
  readonly #maxWaiting: number
  #waiting: Waiting<E, R>[] = []
  readonly #busyKeys = new Set<string>()
  #running = 0
  /** Entries of the groups under way. */
  #underWay = 0
  #closed = false
  #scheduled = false
  #drained: (() => void) | undefined

  constructor(options: GroupOptions<E, R>) {
    this.#run = options.run
    this.#keyOf = options.keyOf
    this.#lanes = options.lanes ?? 1
    this.#maxGroup = options.maxGroup ?? 256
    this.#maxWaiting = options.maxWaiting ?? 10_000
  }

  submit(entry: E): Promise<R> {
    if (this.#closed) return Promise.reject(new GroupClosed('draining'))
    if (this.#waiting.length >= this.#maxWaiting) return Promise.reject(new GroupClosed('overloaded'))
    return new Promise<R>((resolve, reject) => {
      this.#waiting.push({ entry, key: this.#keyOf?.(entry), resolve, reject })
      this.#schedule()
    })
  }

  /** After the turn of the event loop that brought the entry: all requests read in this turn join, none waits for a timer. */
  #schedule(): void {
    if (this.#scheduled || this.#running >= this.#lanes) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#flush()
    })
  }

  #flush(): void {
    if (this.#running >= this.#lanes || this.#waiting.length === 0 || this.#waiting.length < this.#underWay) return
    const group: Waiting<E, R>[] = []
    const later: Waiting<E, R>[] = []
    for (const item of this.#waiting) {
      if (group.length >= this.#maxGroup || (item.key !== undefined && this.#busyKeys.has(item.key))) {
        later.push(item)
        continue
      }
      if (item.key !== undefined) this.#busyKeys.add(item.key)
      group.push(item)
    }
    this.#waiting = later
    if (group.length === 0) return
    this.#running++
    this.#underWay += group.length
    void this.#runGroup(group).then((answer) => {
      for (const item of group) if (item.key !== undefined) this.#busyKeys.delete(item.key)
      this.#running--
      this.#underWay -= group.length
      // first, so that the database works on the next group while the callers of this one are answered
      this.#flush()
      answer()
      if (this.#running === 0 && this.#waiting.length === 0) this.#drained?.()
    })
    if (this.#waiting.length > 0) this.#schedule()
  }

  /** Runs a group to its end, and gives what answers its callers. */
  async #runGroup(group: readonly Waiting<E, R>[]): Promise<() => void> {
    try {
      const results = await this.#run(group.map((item) => item.entry))
      if (results.length !== group.length) throw new Error('the group statement lost an entry')
      return () => {
        for (const [at, item] of group.entries()) item.resolve(results[at] as R)
      }
    } catch (error) {
      if (group.length === 1 || !rolledBack(error))
        return () => {
          for (const item of group) item.reject(error)
        }
      const answers: (() => void)[] = []
      for (const item of group) answers.push(await this.#runGroup([item]))
      return () => {
        for (const answer of answers) answer()
      }
    }
  }

  /** No new entries; resolves when all that were accepted have their answer. */
  async drain(): Promise<void> {
    this.#closed = true
    if (this.#waiting.length === 0 && this.#running === 0) return
    await new Promise<void>((resolve) => {
      this.#drained = resolve
    })
  }
}

/** An SQLSTATE from the server says that the statement rolled back. A broken connection says nothing: the commit may stand. */
const rolledBack = (error: unknown): boolean => {
  const code = (error as { code?: unknown }).code
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !/^(08|57P0)/.test(code)
}
