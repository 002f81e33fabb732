import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import fastifyCookie from '@fastify/cookie'
import type { Endpoint } from '@postern/contract'
import Fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
  LogController,
} from 'fastify'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import type { Config } from '../../config.ts'
import type { Openings } from '../../features/codes/index.ts'
import type { EventsDeps } from '../../features/events/index.ts'
import type { Actor } from '../../platform/actor.ts'
import { Refusal } from '../../platform/refusal.ts'
import type { Answer, Call, Chunks, Route } from '../../platform/route.ts'
import { type AuthenticateDeps, authenticate, sourceOf } from './authenticate.ts'
import { type CookieNames, cookieOf } from './cookies.ts'
import { registerDownloads } from './downloads.ts'
import { registerDrain } from './drain.ts'
import { handleErrors, refuseUnparsed, sendProblem, Unreadable, wrongMediaType } from './errors.ts'
import { registerHealth } from './health.ts'
import { openApiSchema, registerOpenApi } from './openapi.ts'
import { type Pages, registerPages } from './pages.ts'
import { pageSender, securityHeaders } from './security-headers.ts'

export type HttpDeps = AuthenticateDeps &
  EventsDeps & {
    config: Config
    openings: Openings
    tls: { cert: Buffer; key: Buffer } | undefined
    ready: () => Promise<boolean>
  }

declare module 'fastify' {
  interface FastifyRequest {
    actor: Actor | null
  }
  interface FastifyContextConfig {
    endpoint?: Endpoint
  }
}

const bodyLimit = 64 * 1024

/** The HTTP edge: parses, asks who it is, calls one action, answers. It holds no rules. */
export const buildHttp = async (deps: HttpDeps, routes: readonly Route[]): Promise<FastifyInstance> => {
  const { config } = deps
  const security = securityHeaders(config)
  const sendPage = pageSender(security)
  let pages: Pages | undefined
  const options: FastifyServerOptions = {
    logger:
      config.log === 'silent'
        ? false
        : {
            level: config.log,
            stream: process.stderr,
            redact: ['req.headers.authorization', 'req.headers.cookie', 'req.headers.dpop'],
          },
    logController: new LogController({ disableRequestLogging: true }),
    // pino would make a logger for each request; what is logged names its request itself
    childLoggerFactory: (logger) => logger,
    bodyLimit,
    genReqId: () => crypto.randomUUID(),
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 200 },
    return503OnClosing: false,
    // of addresses that cannot be read: no route and no hook sees them
    frameworkErrors: (error, request, reply) => {
      const answer = () => {
        // an address of a code that was cut or garbled is an address of no code
        if (pages && request.method === 'GET' && request.url.startsWith('/c/')) pages.sendPhone(reply.headers(security.answers))
        else sendProblem(reply.headers(security.answers), request, new Refusal('malformed', error.code))
      }
      void deps.tally
        .add({ kind: 'stranger', source: sourceOf(deps, request) }, 'request.refused', `malformed: ${error.code}`)
        .then(answer, answer)
    },
    clientErrorHandler: refuseUnparsed(deps),
    ...(deps.tls ? ({ https: deps.tls } as object) : {}),
  }
  const app = Fastify(options)
  app.decorateRequest('actor', null)
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  // cookies are read where they are asked for
  await app.register(fastifyCookie, { hook: false })
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers(security.answers)
    done()
  })
  acceptBodies(app)
  requireHost(app, config)
  handleErrors(app, deps)
  const closing = new AbortController()
  registerDrain(app, closing)

  await registerOpenApi(app, config, sendPage)
  registerHealth(app, deps, closing.signal)
  for (const route of routes) registerRoute(app, deps, route, closing.signal)
  await registerDownloads(app, deps, routes, closing.signal)
  pages = await registerPages(app, { ...deps, origin: config.origin }, sendPage)
  app.setNotFoundHandler(async (request, reply) => {
    await deps.tally.add({ kind: 'stranger', source: sourceOf(deps, request) }, 'request.refused', 'unknown address')
    // people who mistyped an address get the console’s page for it, machines a problem
    if (request.method === 'GET' && !/^\/(api|c|assets)(\/|$)/.test(request.url) && request.headers.accept?.includes('text/html'))
      return pages?.sendConsole(reply, 404)
    return sendProblem(reply, request, new Refusal('not-found', 'unknown address'))
  })
  return app
}

/** What a body may be, and how it is read. A POST without one, or with an empty one, is a call without parameters. */
const acceptBodies = (app: FastifyInstance): void => {
  const take = (type: string, parseAs: 'string' | 'buffer', read: (body: string & Buffer) => unknown): void => {
    app.addContentTypeParser(type, { parseAs }, (request, body, done) => {
      let value: unknown
      try {
        requireUncoded(request)
        value = read(body as string & Buffer)
      } catch (error) {
        return done(error as Error)
      }
      done(null, value)
    })
  }
  // all: a page elsewhere can send plain text without asking first
  app.removeAllContentTypeParsers()
  take('application/json', 'string', (body) => {
    if (body === '') return {}
    try {
      return JSON.parse(body)
    } catch {
      throw new Refusal('malformed', 'not JSON', { detail: 'The body is not valid JSON.' })
    }
  })
  // a file as it is, where one is taken; a page elsewhere cannot send this type without asking first
  take('text/csv', 'string', (csv) => ({ csv }))
  for (const type of ['image/png', 'image/jpeg', 'image/webp'])
    take(type, 'buffer', (body) => ({ image: body.toString('base64') }))
}
/** RFC 9110 §8.4: what was coded is of its type only once it is decoded, and nothing here is so large that it would need to be. */
const requireUncoded = ({ headers }: FastifyRequest): void => {
  if (!/^(identity)?$/i.test(headers['content-encoding'] ?? ''))
    throw new Refusal('unsupported-media-type', 'coded body', { detail: 'Send the body as it is, without Content-Encoding.' })
}

/** All addresses are made of the configured origin; another Host is not served (threat 33). */
const requireHost = (app: FastifyInstance, config: Config): void => {
  const hosts = new Set(config.origins.map((origin) => new URL(origin).host))
  const local = config.origins.map((origin) => new URL(origin)).find((url) => url.hostname === 'localhost')
  app.addHook('onRequest', (request, reply, done) => {
    const host = request.headers.host ?? ''
    if (hosts.has(host)) return done()
    const path = request.url.split('?')[0]
    if (path === '/healthz' || path === '/readyz' || path === '/metrics') return done()
    if (
      local &&
      request.url.startsWith('/') &&
      /^(127\.0\.0\.1|\[::1\])(:\d+)?$/.test(host) &&
      host.replace(/^(127\.0\.0\.1|\[::1\])/, '') === (local.port ? `:${local.port}` : '')
    )
      return reply.redirect(`${local.origin}${request.url}`, 308)
    return done(
      new Refusal('misdirected', 'another host', {
        detail: `This server is ${config.origin}. Use that address, or add yours to POSTERN_ORIGIN.`,
      }),
    )
  })
}

const registerRoute = (app: FastifyInstance, deps: HttpDeps, route: Route, closing: AbortSignal): void => {
  const { endpoint } = route
  app.route({
    method: endpoint.method,
    url: endpoint.path,
    schema: openApiSchema(endpoint),
    config: { endpoint },
    exposeHeadRoute: false,
    ...(endpoint.bodyLimit === undefined ? {} : { bodyLimit: endpoint.bodyLimit }),
    preValidation: async (request, reply) => {
      if (request.body === undefined || request.body === null) request.body = {}
      const field = fileField(request.headers['content-type'])
      if (field && !(field in endpoint.input.shape)) throw wrongMediaType(endpoint)
      if (endpoint.dryRun && (request.query as { dryRun?: string }).dryRun === 'true')
        Object.assign(request.body as object, { dryRun: true })
      // an action that sets or clears the cookie itself has the last word; what is written as it comes brings none
      const giveCookie = (cookie: string) => reply.setCookie(deps.cookies.session, cookie, deps.cookies.options)
      request.actor = await authenticate(deps, request, endpoint, route.stream ? undefined : giveCookie)
    },
    handler: async (request, reply) => {
      const call = callOf(deps, request, reply, endpoint, closing)
      if (route.stream) return sendStream(reply, endpoint, await route.stream(call))
      const answer = await route.run(call)
      setCookies(deps, reply, answer)
      if (answer.etag) reply.header('etag', answer.etag)
      if (endpoint.file) return sendFile(reply, endpoint, answer)
      reply.header('cache-control', 'no-store')
      const dry = endpoint.dryRun && (call.input as { dryRun?: boolean }).dryRun
      return reply.code(dry ? 200 : (endpoint.status ?? 200)).send(endpoint.status === 204 ? undefined : answer.value)
    },
  })
}

/** Of a body that is a file as it is: the field of an input that takes it. */
const fileField = (contentType: string | undefined): 'csv' | 'image' | undefined => {
  if (contentType === undefined) return undefined
  const type = contentType.toLowerCase()
  return type.startsWith('text/csv') ? 'csv' : type.startsWith('image/') ? 'image' : undefined
}

/** How deep what is sent may be nested. Of passkeys it is told by browsers, whose extensions nest a few levels. */
const deepest = 32
/**
 * The database keeps no NUL, and half a surrogate pair is no text: such input is refused before it reaches anything. So is what
 * is nested as no client nests it, where a schema lets members pass that it does not know.
 */
const requireText = (value: unknown, path = '', depth = 0): void => {
  const refuse = (message: string, code: 'format' | 'type'): never => {
    throw new Unreadable('invalid-request', `${path}: ${message}`, {
      errors: [{ path, message, code }],
      detail: `${path}: ${message}`,
    })
  }
  if (typeof value === 'string' && (value.includes('\0') || !value.isWellFormed())) refuse('holds what is no text', 'format')
  if (typeof value !== 'object' || value === null) return
  if (depth > deepest) refuse('is nested too deeply', 'type')
  for (const [name, inner] of Object.entries(value)) requireText(inner, path === '' ? name : `${path}.${name}`, depth + 1)
}

const callOf = (
  deps: HttpDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  endpoint: Endpoint,
  closing: AbortSignal,
): Call<Endpoint> => {
  const actor = request.actor as Actor
  const input = {
    ...(request.params as object),
    ...((endpoint.method === 'GET' || endpoint.method === 'DELETE' ? request.query : request.body) as object),
  }
  requireText(input)
  const idempotencyKey = request.headers['idempotency-key']
  if (endpoint.idempotent && typeof idempotencyKey === 'string' && idempotencyKey !== '') {
    if (idempotencyKey.length > 200)
      throw new Unreadable('invalid-request', 'Idempotency-Key too long', {
        detail: 'Idempotency-Key takes up to 200 characters.',
      })
    actor.source.idempotency = {
      key: idempotencyKey,
      requestHash: createHash('sha256')
        .update(`${request.method} ${request.url}\n${JSON.stringify(input)}`)
        .digest(),
    }
  }
  return new HttpCall(actor, input as never, request, reply, deps.cookies, closing)
}

/** What a call carries beside its input is read by those who ask: few do. */
class HttpCall implements Call<Endpoint> {
  readonly actor: Actor
  readonly input: never
  readonly #request: FastifyRequest
  readonly #reply: FastifyReply
  readonly #cookies: CookieNames
  readonly #closing: AbortSignal
  constructor(
    actor: Actor,
    input: never,
    request: FastifyRequest,
    reply: FastifyReply,
    cookies: CookieNames,
    closing: AbortSignal,
  ) {
    this.actor = actor
    this.input = input
    this.#request = request
    this.#reply = reply
    this.#cookies = cookies
    this.#closing = closing
  }
  get signInToken(): string | undefined {
    return cookieOf(this.#request, this.#cookies.signIn)
  }
  get claimToken(): string | undefined {
    return cookieOf(this.#request, this.#cookies.claim)
  }
  get ifMatch(): string | undefined {
    return this.#request.headers['if-match']
  }
  get lastEventId(): string | undefined {
    const sent = this.#request.headers['last-event-id']
    return typeof sent === 'string' ? sent : undefined
  }
  get signal(): AbortSignal {
    const left = new AbortController()
    // of the answer: a request's own `close` comes as soon as it was read
    this.#reply.raw.once('close', () => left.abort())
    return AbortSignal.any([left.signal, this.#closing])
  }
}

const setCookies = (deps: HttpDeps, reply: FastifyReply, answer: Answer<unknown>): void => {
  const { session, signIn, claim, options } = deps.cookies
  if (typeof answer.session === 'string') reply.setCookie(session, answer.session, options)
  if (answer.session === null) reply.clearCookie(session, options)
  if (typeof answer.signIn === 'string') reply.setCookie(signIn, answer.signIn, options)
  if (typeof answer.claim === 'string') reply.setCookie(claim, answer.claim, { ...options, maxAge: 86_400 })
}

export const sendStream = (reply: FastifyReply, endpoint: Endpoint, chunks: Chunks): FastifyReply =>
  reply
    .code(200)
    .header('cache-control', 'no-store')
    .header('x-accel-buffering', 'no')
    .type(endpoint.stream ? 'text/event-stream; charset=utf-8' : (endpoint.file?.type ?? 'application/jsonl; charset=utf-8'))
    .send(Readable.from(chunks, { objectMode: false }))

/** A file, its name in both forms of RFC 6266. Opened as a page it may do nothing (threat: pictures that carry scripts). */
export const sendFile = (reply: FastifyReply, endpoint: Endpoint, { value, fileName }: Answer<unknown>): FastifyReply =>
  reply
    .code(200)
    .header('cache-control', 'no-store')
    .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox")
    .header('content-disposition', fileName === undefined ? 'inline' : dispositionOf(fileName))
    .type((endpoint.file as { type: string }).type)
    .send(Buffer.from(value as Uint8Array))
const dispositionOf = (name: string): string => {
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, '_')
  const encoded = encodeURIComponent(name).replace(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
  return `attachment; filename="${plain}"${plain === name ? '' : `; filename*=UTF-8''${encoded}`}`
}
