/**
 * What was made or read before, by its text: the last `most` texts at least, and twice as many at most. What is asked for
 * stays; the older half goes at once when the younger one is full, so nothing in use is ever made again.
 */
export class Remembered<T extends {}> {
  readonly #most: number
  #young = new Map<string, T>()
  #old = new Map<string, T>()
  constructor(most: number) {
    this.#most = most
  }
  get(text: string): T | undefined {
    const young = this.#young.get(text)
    if (young !== undefined) return young
    const old = this.#old.get(text)
    if (old !== undefined) this.set(text, old)
    return old
  }
  set(text: string, value: T): void {
    if (this.#young.size >= this.#most) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(text, value)
  }
}

/** A pure function that keeps its answers: a few texts make most calls. */
export const remember = <T>(most: number, of: (text: string) => T): ((text: string) => T) => {
  const known = new Remembered<{ answer: T }>(most)
  return (text) => {
    const found = known.get(text)
    if (found) return found.answer
    const answer = of(text)
    known.set(text, { answer })
    return answer
  }
}
