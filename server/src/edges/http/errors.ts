import type { Socket } from 'node:net'
import type { Endpoint, FieldError } from '@postern/contract'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { EventsDeps } from '../../features/events/index.ts'
import { faultOf, type Issue } from '../../platform/field-fault.ts'
import { Refusal } from '../../platform/refusal.ts'
import { type AuthenticateDeps, sourceOf } from './authenticate.ts'
import { asUnavailable, challengeOf, problemOf, statusOf } from './problems.ts'

type ErrorDeps = AuthenticateDeps & EventsDeps

/** What was sent cannot be what it should be, and no action has seen it: it is tallied, as what the schema refuses is. */
export class Unreadable extends Refusal {}

export const wrongMediaType = (endpoint: Endpoint | undefined): Refusal => {
  const shape = endpoint?.input.shape ?? {}
  const files = [...('csv' in shape ? ['text/csv'] : []), ...('image' in shape ? ['image/png, image/jpeg or image/webp'] : [])]
  return new Refusal('unsupported-media-type', 'media type', {
    detail: `Send application/json${files.length > 0 ? `, or the file itself as ${files.join(' or ')}` : ''}.`,
  })
}

export const sendProblem = (reply: FastifyReply, request: FastifyRequest, refusal: Refusal): FastifyReply => {
  const problem = problemOf(refusal, request.id)
  if (problem.retryAfter !== undefined) reply.header('retry-after', String(problem.retryAfter))
  const challenge = challengeOf(refusal.code)
  if (challenge) reply.header('www-authenticate', challenge)
  if (refusal.extras.nonce) reply.header('dpop-nonce', refusal.extras.nonce)
  return reply
    .code(statusOf[refusal.code])
    .header('cache-control', 'no-store')
    .type('application/problem+json')
    .serializer(JSON.stringify)
    .send(problem)
}

/** What is no HTTP makes no request, and meets neither hook nor handler; it is answered and tallied as anything malformed is. */
export const refuseUnparsed =
  (deps: ErrorDeps) =>
  (error: NodeJS.ErrnoException, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || socket.destroyed) return
    const refusal = new Refusal('malformed', error.code, {
      detail: error.code === 'HPE_HEADER_OVERFLOW' ? 'Its headers are too large.' : 'It is no whole HTTP/1.1 request.',
    })
    const answer = () => {
      if (!socket.writable) return socket.destroy()
      const body = JSON.stringify(problemOf(refusal, crypto.randomUUID()))
      const lines = [
        'HTTP/1.1 400 Bad Request',
        'Content-Type: application/problem+json',
        `Content-Length: ${body.length}`,
        'Cache-Control: no-store',
        'Connection: close',
      ]
      return socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
    }
    void deps.tally
      .add({ kind: 'stranger', source: sourceOf(deps, { socket, headers: {} }) }, 'request.refused', `malformed: ${refusal.why}`)
      .then(answer, answer)
  }

type Validation = {
  validation?: { keyword?: string; instancePath?: string; message?: string; params?: Omit<Issue, 'code'> & { keys?: string[] } }[]
  validationContext?: 'body' | 'querystring' | 'params'
  statusCode?: number
  code?: string
}
export const handleErrors = (app: FastifyInstance, deps: ErrorDeps): void => {
  app.setErrorHandler(async (error: Error & Validation, request, reply) => {
    const refusal = await refusalOf(deps, request, error)
    if (refusal.extras.endsSession) reply.clearCookie(deps.cookies.session, deps.cookies.options)
    if (refusal.code === 'unavailable' && refusal.why === 'internal') {
      request.log.error({ err: error, requestId: request.id }, 'a bug')
      return reply
        .code(500)
        .header('cache-control', 'no-store')
        .type('application/problem+json')
        .serializer(JSON.stringify)
        .send({ type: 'about:blank', title: 'Something went wrong here', status: 500, requestId: request.id })
    }
    return sendProblem(reply, request, refusal)
  })
}
const valueAt = (given: unknown, parts: readonly string[]): unknown =>
  parts.reduce<unknown>((value, part) => (value as Record<string, unknown> | null | undefined)?.[part], given)
/** Tallied, for nothing was asked and no event is left; answers the refusal. */
const malformed = async (deps: ErrorDeps, request: FastifyRequest, refusal: Refusal): Promise<Refusal> => {
  await deps.tally
    .add({ kind: 'stranger', source: sourceOf(deps, request) }, 'request.refused', `malformed: ${refusal.code}`)
    .catch(() => undefined)
  return refusal
}
const refusalOf = async (deps: ErrorDeps, request: FastifyRequest, error: Error & Validation): Promise<Refusal> => {
  if (error instanceof Refusal)
    return error instanceof Unreadable ||
      error.code === 'malformed' ||
      error.code === 'misdirected' ||
      error.code === 'proof-stale'
      ? malformed(deps, request, error)
      : error
  if (error.validation) {
    const context = error.validationContext ?? 'body'
    const given = { body: request.body, querystring: request.query, params: request.params }[context]
    const errors = error.validation.flatMap(({ keyword, instancePath, message, params }): FieldError[] => {
      const parts = (instancePath ?? '').split('/').filter(Boolean)
      const path = parts.join('.')
      if (params?.keys)
        return params.keys.map((key) => ({
          path: path ? `${path}.${key}` : key,
          message: 'is not a known field',
          code: 'unknown-field',
        }))
      const value = valueAt(given, parts)
      if (context === 'querystring' && Array.isArray(value)) return [{ path, message: 'was given more than once', code: 'type' }]
      return [{ path, ...faultOf({ ...params, code: keyword, message }, value === undefined) }]
    })
    return malformed(
      deps,
      request,
      new Refusal('invalid-request', 'validation', {
        errors,
        detail: errors.map((each) => `${each.path || 'body'}: ${each.message}`).join('; '),
      }),
    )
  }
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE')
    return malformed(deps, request, wrongMediaType(request.routeOptions.config.endpoint))
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return malformed(
      deps,
      request,
      new Refusal('too-large', 'body', { detail: `A body takes up to ${request.routeOptions.bodyLimit / 1024} KiB here.` }),
    )
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500)
    return malformed(deps, request, new Refusal('malformed', error.code ?? 'client error'))
  return asUnavailable(error) ?? new Refusal('unavailable', 'internal')
}
