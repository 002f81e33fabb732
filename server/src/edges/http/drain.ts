import type { ServerResponse } from 'node:http'
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
  const inFlight = new Set<ServerResponse>()
  let asked = 0
  let connections = 0
  app.server.on('connection', () => connections++)
  app.server.on('request', (_request, response) => {
    inFlight.add(response)
    asked++
    response.once('close', () => inFlight.delete(response))
  })
  app.addHook('preClose', async () => {
    closing.abort()
    if (!app.server.listening) return
    // Fastify says so in the answers to requests that come from now on; these came before
    for (const response of inFlight) if (!response.headersSent) response.setHeader('connection', 'close')
    for (let quiet = 0, turns = 0; quiet < quietTurns && turns < longestTurns; turns++) {
      const before = asked
      await pause(turnMs)
      quiet = asked === before ? quiet + 1 : 0
    }
    // a turn of the event loop takes one of the connections that wait: right after turns that found none, shutting the
    // door cuts nobody off who already stood in it, and who comes later finds nobody listening
    for (let empty = 0, turns = 0; empty < 3 && turns < 10_000; turns++) {
      const before = connections
      await new Promise((resolve) => setImmediate(resolve))
      empty = connections === before ? empty + 1 : 0
    }
    let silent = 0
    const last = setInterval(() => {
      silent = inFlight.size === 0 ? silent + 1 : 0
      // one whose answer was under way becomes idle later; others never asked anything, as browsers open them ahead
      if (silent > lastWordTurns) app.server.closeAllConnections()
      else app.server.closeIdleConnections()
    }, turnMs)
    app.server.once('close', () => clearInterval(last))
  })
}
