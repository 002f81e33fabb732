import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'

/** Asked of the process that holds the screens, and its answers. */
export type Ask = { open: { port: number; texts: string[] } } | { approve: { screen: number; text: string } } | 'count'
export type Heard = {
  /** Milliseconds from the sending of the approval, and from its whole answer, to `approved` at the screen. */
  fromSending: number
  fromAnswer: number
}

/** Screens that wait, in a process of their own as the load generator; the approvals leave from there too, for one clock measures both. */
export class Screens {
  readonly #child: ChildProcess
  readonly #killed = () => this.#child.kill('SIGKILL')
  constructor() {
    this.#child = fork(join(import.meta.dirname, 'screens-held.ts'))
    process.on('exit', this.#killed)
  }
  #ask<T>(ask: Ask): Promise<T> {
    return new Promise((resolve, reject) => {
      const gone = (): void => reject(new Error('the process of the screens ended'))
      this.#child.once('exit', gone)
      this.#child.once('message', (answer: { value: T } | { error: string }) => {
        this.#child.off('exit', gone)
        if ('error' in answer) reject(new Error(answer.error))
        else resolve(answer.value)
      })
      this.#child.send(ask)
    })
  }
  /** Opens event streams, each by its whole request; done when all of them wait. */
  open(port: number, texts: string[]): Promise<void> {
    return this.#ask({ open: { port, texts } })
  }
  /** Sends an approval when its screen has heard of the claim. Screens count from the first that was opened. */
  approve(screen: number, text: string): Promise<Heard> {
    return this.#ask({ approve: { screen, text } })
  }
  /** How many wait still, and have heard of nothing. */
  waiting(): Promise<number> {
    return this.#ask('count')
  }
  stop(): void {
    process.off('exit', this.#killed)
    this.#child.removeAllListeners()
    this.#child.kill()
  }
}
