import type { FastifyInstance } from 'fastify'
import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client'
import { Refusal } from '../../platform/refusal.ts'
import { machineActor, sourceOf, turnAway } from './authenticate.ts'
import type { HttpDeps } from './server.ts'

type Meter = { seconds: Histogram.Internal<'method' | 'route'>; counts: Map<number, Counter.Internal> }

/** `/healthz` (the process), `/readyz` (database reachable and migrated, not about to stop), `/metrics` (Prometheus; a token of scope metrics). */
export const registerHealth = (app: FastifyInstance, deps: HttpDeps, closing: AbortSignal): void => {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const requests = new Counter({
    name: 'postern_http_requests_total',
    help: 'Requests by route and status',
    labelNames: ['method', 'route', 'status'],
    registers: [registry],
  })
  const seconds = new Histogram({
    name: 'postern_http_request_seconds',
    help: 'Time to answer by route, in seconds',
    labelNames: ['method', 'route'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers: [registry],
  })
  // prom-client makes a text of the labels each time: a route's are looked up once, by the object that Fastify keeps for it
  const meters = new Map<object, Map<string, Meter>>()
  const meterOf = (route: object, url: string, method: string): Meter => {
    const ofRoute = meters.get(route) ?? new Map<string, Meter>()
    meters.set(route, ofRoute)
    const known = ofRoute.get(method)
    if (known) return known
    const meter: Meter = { seconds: seconds.labels({ method, route: url }), counts: new Map() }
    ofRoute.set(method, meter)
    return meter
  }
  app.addHook('onResponse', (request, reply, done) => {
    const { config, url = 'unknown' } = request.routeOptions
    const { method } = request
    const meter = meterOf(config, url, method)
    const status = reply.statusCode
    let count = meter.counts.get(status)
    if (!count) {
      count = requests.labels({ method, route: url, status })
      meter.counts.set(status, count)
    }
    count.inc()
    meter.seconds.observe(reply.elapsedTime / 1_000)
    done()
  })
  app.get('/healthz', { schema: { hide: true } }, async (_request, reply) => reply.send({ status: 'ok' }))
  app.get('/readyz', { schema: { hide: true } }, async (_request, reply) =>
    !closing.aborted && (await deps.ready()) ? reply.send({ status: 'ready' }) : reply.code(503).send({ status: 'not ready' }),
  )
  app.get('/metrics', { schema: { hide: true } }, async (request, reply) => {
    const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1]
    if (bearer === undefined)
      throw new Refusal('no-session', 'metrics without a token', { detail: 'Send a service token of scope metrics.' })
    const asked = { method: 'GET', path: '/metrics' } as const
    const actor = await machineActor(deps, { kind: 'stranger', source: sourceOf(deps, request) }, bearer, asked)
    if (!actor.scopes.some((scope) => scope === 'metrics' || scope === 'operator' || scope === 'auditor'))
      await turnAway(deps, actor, asked, new Refusal('not-allowed', `scope ${actor.scopes.join(' ')} does not reach it`))
    return reply.type(registry.contentType).send(await registry.metrics())
  })
}
