import type { FastifyInstance } from 'fastify'

/** Milliseconds without a new request that count as quiet, and how long a stop waits for it at most. */
const quietMs = 100
const longestMs = 2_000
/** Milliseconds that a connection has, after the door is shut, to say what it came for. */
const lastWordMs = 500

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/**
 * A stop in which no request is dropped. `preClose` runs while the server still listens, and Fastify marks each answer
 * `Connection: close` from then on: whoever keeps a connection learns by an answer that it ends, and not by a reset
 * between two requests. When nobody asks any more, or after two seconds, the door is shut; what is in flight is answered.
 */
export const registerDrain = (app: FastifyInstance, closing: AbortController): void => {
  let inFlight = 0
  let askedAt = 0
  app.server.on('request', (_request, response) => {
    inFlight++
    askedAt = performance.now()
    response.once('close', () => inFlight--)
  })
  app.addHook('preClose', async () => {
    closing.abort()
    if (!app.server.listening) return
    const began = performance.now()
    askedAt = began
    while (performance.now() - askedAt < quietMs && performance.now() - began < longestMs) await pause(10)
    // right after the loop has taken all connections that wait: those that are shut out find nobody listening
    await new Promise((resolve) => setImmediate(resolve))
    const shutAt = performance.now()
    const last = setInterval(() => {
      // one whose answer was under way becomes idle later; others never asked anything, as browsers open them ahead
      if (inFlight === 0 && performance.now() - shutAt > lastWordMs) app.server.closeAllConnections()
      else app.server.closeIdleConnections()
    }, 20)
    app.server.once('close', () => clearInterval(last))
  })
}
