import type { FastifyInstance } from 'fastify'

/** How long a turn of waiting is, in milliseconds. Turns are counted, not time: in each the loop has read what had come. */
const turnMs = 20
/** Turns without a new request that count as quiet, and how many a stop waits for that at most. */
const quietTurns = 5
const longestTurns = 100
/** Turns that a connection has, after the door is shut, to say what it came for. */
const lastWordTurns = 100

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/**
 * A stop in which no request is dropped. For a moment the server goes on listening, and each answer says
 * `Connection: close`: whoever keeps a connection learns by an answer that it ends, and not by a reset between two
 * requests. When nobody asks any more, or after two seconds, the door is shut; what is in flight is answered.
 */
export const registerDrain = (app: FastifyInstance, closing: AbortController): void => {
  let inFlight = 0
  let arrived = 0
  let held: (() => void)[] | undefined
  const left = (): void => {
    inFlight--
  }
  app.server.on('connection', () => arrived++)
  app.server.on('request', (_request, response) => {
    arrived++
    inFlight++
    response.on('close', left)
  })
  // Fastify says so in the answers to requests that come from now on; these came before
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (closing.signal.aborted) reply.header('connection', 'close')
    done(null, payload)
  })
  app.addHook('onRequest', (_request, _reply, done) => {
    if (held) held.push(done)
    else done()
  })
  /** Waits until nothing arrives for some turns, or for the longest time. */
  const quiet = async (): Promise<void> => {
    for (let still = 0, turns = 0; still < quietTurns && turns < longestTurns; turns++) {
      const before = arrived
      await pause(turnMs)
      still = arrived === before ? still + 1 : 0
    }
  }
  app.addHook('preClose', async () => {
    closing.abort()
    if (!app.server.listening) return
    await quiet()
    // Who stands in the door when it is shut is cut off by the kernel, and nothing can tell. So for the last turns nobody
    // who asks is answered before it is shut: who was answered would come again just then.
    const waiting: (() => void)[] = []
    held = waiting
    await quiet()
    app.server.close()
    held = undefined
    for (const goOn of waiting) goOn()
    let silent = 0
    const last = setInterval(() => {
      silent = inFlight === 0 ? silent + 1 : 0
      // one whose answer was under way becomes idle later; others never asked anything, as browsers open them ahead
      if (silent > lastWordTurns) app.server.closeAllConnections()
      else app.server.closeIdleConnections()
    }, turnMs)
    app.server.once('close', () => clearInterval(last))
  })
}
