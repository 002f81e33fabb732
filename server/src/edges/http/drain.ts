import type { ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'

/** Milliseconds without a new request that count as quiet, and how long a stop waits for it at most. */
const quietMs = 100
const longestMs = 2_000
/** Milliseconds that a connection has, after the door is shut, to say what it came for. */
const lastWordMs = 500

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/**
 * A stop in which no request is dropped. For a moment the server goes on listening, and each answer says
 * `Connection: close`: whoever keeps a connection learns by an answer that it ends, and not by a reset between two
 * requests. When nobody asks any more, or after two seconds, the door is shut; what is in flight is answered.
 */
export const registerDrain = (app: FastifyInstance, closing: AbortController): void => {
  const inFlight = new Set<ServerResponse>()
  let askedAt = 0
  let connections = 0
  app.server.on('connection', () => connections++)
  app.server.on('request', (_request, response) => {
    inFlight.add(response)
    askedAt = performance.now()
    response.once('close', () => inFlight.delete(response))
  })
  app.addHook('preClose', async () => {
    closing.abort()
    if (!app.server.listening) return
    // Fastify says so in the answers to requests that come from now on; these came before
    for (const response of inFlight) if (!response.headersSent) response.setHeader('connection', 'close')
    const began = performance.now()
    askedAt = began
    while (performance.now() - askedAt < quietMs && performance.now() - began < longestMs) await pause(10)
    // a turn of the event loop takes one of the connections that wait: right after turns that found none, shutting the
    // door cuts nobody off who already stood in it, and who comes later finds nobody listening
    for (let empty = 0, turns = 0; empty < 3 && turns < 10_000; turns++) {
      const before = connections
      await new Promise((resolve) => setImmediate(resolve))
      empty = connections === before ? empty + 1 : 0
    }
    const shutAt = performance.now()
    const last = setInterval(() => {
      // one whose answer was under way becomes idle later; others never asked anything, as browsers open them ahead
      if (inFlight.size === 0 && performance.now() - shutAt > lastWordMs) app.server.closeAllConnections()
      else app.server.closeIdleConnections()
    }, 20)
    app.server.once('close', () => clearInterval(last))
  })
}
