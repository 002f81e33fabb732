import { createConnection, type Socket } from 'node:net'
import { isWhole } from './answers.ts'
import type { Ask, Heard } from './screens.ts'

/** Nothing may take longer: the run is bounded in time. In milliseconds. */
const longest = 20_000
/** Streams that are opened at a time: fewer than the queue of connections that Node has by default. */
const together = 64

/** A connection that says when what it has read since the last request fulfils a condition. */
class Connection {
  readonly #socket: Socket
  text = ''
  open = true
  #check: (() => void) | undefined
  constructor(port: number) {
    this.#socket = createConnection(port, '127.0.0.1')
    this.#socket.setNoDelay(true)
    this.#socket.on('data', (chunk: Buffer) => {
      this.text += chunk.toString('latin1')
      this.#check?.()
    })
    // also an error: whoever waits for more hears of it by the time that is over
    this.#socket.on('error', () => undefined)
    this.#socket.on('close', () => {
      this.open = false
    })
  }
  send(text: string): void {
    this.text = ''
    this.#socket.write(text, 'latin1')
  }
  /** Answers when it was so. */
  until(condition: (text: string) => boolean): Promise<number> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`not in time: ${this.text.slice(0, 2_000)}`)), longest)
      this.#check = () => {
        if (!condition(this.text)) return
        const now = performance.now()
        clearTimeout(late)
        this.#check = undefined
        resolve(now)
      }
      this.#check()
    })
  }
}
const screens: Connection[] = []
let phone: Connection | undefined

const open = async (port: number, texts: readonly string[]): Promise<void> => {
  phone ??= new Connection(port)
  for (let first = 0; first < texts.length; first += together)
    await Promise.all(
      texts.slice(first, first + together).map((text) => {
        const screen = new Connection(port)
        screens.push(screen)
        screen.send(text)
        return screen.until((read) => read.startsWith('HTTP/1.1 200') && read.includes(': ready'))
      }),
    )
}
const approve = async (at: number, text: string): Promise<Heard> => {
  const screen = screens[at] as Connection
  await screen.until((read) => read.includes('event: claimed'))
  const by = phone as Connection
  const heard = screen.until((read) => read.includes('event: approved'))
  const sent = performance.now()
  by.send(text)
  const answer = by.until(isWhole)
  const [arrived, answered] = await Promise.all([heard, answer])
  if (!by.text.startsWith('HTTP/1.1 200')) throw new Error(`an approval was answered ${by.text.slice(0, 2_000)}`)
  return { fromSending: arrived - sent, fromAnswer: arrived - answered }
}

const answer = async (ask: Ask): Promise<unknown> => {
  if (ask === 'count') return screens.filter((each) => each.open && !each.text.includes('event: ')).length
  return 'open' in ask ? open(ask.open.port, ask.open.texts) : approve(ask.approve.screen, ask.approve.text)
}
process.on('message', (ask) => {
  answer(ask as Ask).then(
    (value) => process.send?.({ value }),
    (error: Error) => process.send?.({ error: error.message }),
  )
})
process.on('disconnect', () => process.exit())
