import { STATUS_CODES } from 'node:http'
import fastifySwagger from '@fastify/swagger'
import {
  CreationOptions,
  type Endpoint,
  fieldCodes,
  pathNames,
  type RefusalCode,
  RequestOptions,
  refusalCodes,
  refusalReasons,
} from '@postern/contract'
import Fastify, { type FastifyInstance } from 'fastify'
import { jsonSchemaTransform, jsonSchemaTransformObject, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Config } from '../../config.ts'
import { takesTokens } from '../../features/policies/index.ts'
import { statusOf, titles } from './problems.ts'
import { pageSender, type SendPage, securityHeaders } from './security-headers.ts'

const namesOf = <T extends string>(of: Record<T, string>) => Object.keys(of) as [T, ...T[]]
/** Open, as RFC 9457 §3.2 has it: a client takes what it does not know for what it need not know. */
const ProblemSchema = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string().optional(),
    code: z.enum(refusalCodes),
    reason: z
      .enum(namesOf(refusalReasons))
      .optional()
      .meta({ description: 'Why, more narrowly than `code`, where a page must tell. More may come: go by `code` then' }),
    errors: z
      .array(
        z.object({
          path: z.string(),
          message: z.string(),
          code: z.enum(namesOf(fieldCodes)).optional().meta({ description: 'What is wrong. More may come' }),
          values: z
            .record(z.string(), z.union([z.string(), z.number()]))
            .optional()
            .meta({ description: 'What words about it may name, such as `least` or `host`' }),
        }),
      )
      .optional(),
    retryAfter: z.number().int().optional(),
    acr: z.string().optional(),
    maxAge: z.number().int().optional(),
    triesLeft: z.number().int().optional(),
    options: z
      .union([RequestOptions, CreationOptions])
      .optional()
      .meta({ description: 'What the next try signs, where a challenge was spent' }),
    clockOffset: z.number().int().optional(),
    requestId: z.string().optional(),
  })
  .meta({ id: 'Problem' })

const authority: Record<Endpoint['needs'], string> = {
  public: 'Anybody.',
  browser: 'Anybody, with a DPoP proof by the browser’s key.',
  'sign-in': 'The browser that opened the sign-in, by its cookie and key.',
  person: 'A session, about oneself.',
  auditor: 'Role auditor and above.',
  operator: 'Role operator and above.',
  owner: 'Role owner.',
}

/** The parts of a contract object as Fastify wants them: validation, stripping of answers, and the OpenAPI entry. */
export const openApiSchema = (endpoint: Endpoint): object => {
  const names = pathNames(endpoint.path)
  const shape = endpoint.input.shape
  const part = (wanted: (name: string) => boolean) =>
    z.strictObject(Object.fromEntries(Object.entries(shape).filter(([name]) => wanted(name))))
  const rest = part((name) => !names.includes(name))
  const inQuery = endpoint.method === 'GET' || endpoint.method === 'DELETE'
  const statuses = new Map<number, RefusalCode[]>()
  for (const code of refusalsOf(endpoint)) statuses.set(statusOf[code], [...(statuses.get(statusOf[code]) ?? []), code])
  const streamed = endpoint.stream
    ? 'text/event-stream'
    : (endpoint.file?.type ?? (endpoint.path.endsWith('/export') ? 'application/jsonl' : undefined))
  const notes = [
    `Who: ${authority[endpoint.needs]}`,
    endpoint.scopes ? `Scopes: ${endpoint.scopes.join(', ')}.` : '',
    endpoint.fresh ? 'Needs authentication of the last 5 minutes.' : '',
    endpoint.recovery ? 'Open to sessions of scope recovery.' : '',
    endpoint.enrolling ? 'Open to a sign-in in state enrolment-required.' : '',
    endpoint.ifMatch ? 'Needs If-Match with the ETag of what was read.' : '',
    endpoint.idempotent ? 'Takes Idempotency-Key.' : '',
    endpoint.file ? `The answer is a file (${endpoint.file.type}).` : '',
    endpoint.bodyLimit ? `The body may have ${endpoint.bodyLimit / 1024} KiB.` : '',
    endpoint.dryRun ? 'With `dryRun` nothing is changed.' : '',
    endpoint.stream ? 'Server-Sent Events (text/event-stream); `data:` has this shape.' : '',
  ]
  return {
    summary: endpoint.summary,
    description: notes.filter(Boolean).join(' '),
    tags: [(endpoint.path.split('/')[2] as string) ?? ''],
    ...(names.length > 0 ? { params: part((name) => names.includes(name)) } : {}),
    querystring: inQuery ? rest : queryBesideBody(endpoint),
    ...(!inQuery && (Object.keys(rest.shape).length > 0 || endpoint.method === 'POST') ? { body: rest } : {}),
    ...(endpoint.needs === 'public' ? {} : { security: securityOf(endpoint) }),
    response: {
      ...(streamed
        ? {
            200: {
              description: 'As it comes.',
              content: { [streamed]: { schema: endpoint.file ? z.string().meta({ format: 'binary' }) : endpoint.output } },
            },
          }
        : {
            ...(endpoint.dryRun ? { 200: endpoint.output } : {}),
            [endpoint.status ?? 200]: endpoint.status === 204 ? z.undefined().describe('Done; no body.') : endpoint.output,
          }),
      ...Object.fromEntries(
        [...statuses].map(([status, codes]) => [
          status,
          { description: codes.join(', '), content: { 'application/problem+json': { schema: ProblemSchema } } },
        ]),
      ),
    },
  }
}

/** The types of a body that is a file, by the field in whose place it stands. */
const fileTypes: Record<string, string[]> = { csv: ['text/csv'], image: ['image/png', 'image/jpeg', 'image/webp'] }
const typesOfFile = ({ input }: Endpoint): string[] =>
  Object.entries(fileTypes).flatMap(([field, types]) => (field in input.shape ? types : []))
/** A file has no room for fields. Anything else in the query of such a call is refused: who thought it would count must learn it. */
const queryBesideBody = (endpoint: Endpoint): z.ZodObject =>
  z.strictObject(
    endpoint.dryRun && typesOfFile(endpoint).length > 0
      ? {
          dryRun: z
            .enum(['true', 'false'])
            .optional()
            .meta({ description: 'The same as the field, for a body that is the file' }),
        }
      : {},
  )

/** What a caller may show, one of each list. */
const securityOf = (endpoint: Endpoint): Record<string, string[]>[] => {
  const { needs, enrolling } = endpoint
  if (needs === 'browser') return [{ browserKey: [] }]
  if (needs === 'sign-in') return [{ signIn: [], browserKey: [] }]
  return [
    { session: [], browserKey: [] },
    ...(enrolling ? [{ signIn: [], browserKey: [] }] : []),
    ...(takesTokens(endpoint) ? [{ bearer: [] }] : []),
  ]
}

/** Every refusal that an endpoint may answer: its own, and those of the door before it. */
const refusalsOf = (endpoint: Endpoint): Set<RefusalCode> => {
  const { needs } = endpoint
  const all = new Set<RefusalCode>([...endpoint.refusals, 'malformed', 'invalid-request', 'misdirected', 'unavailable'])
  const add = (...codes: RefusalCode[]): void => {
    for (const code of codes) all.add(code)
  }
  if (endpoint.method !== 'GET') add('too-large', 'unsupported-media-type')
  if (needs === 'public') return all
  add('session-binding', 'proof-stale')
  if (needs === 'browser' || needs === 'sign-in') return all
  // of a session: a want of rights, a session that must prove more; of a token: too many wrong ones
  add('no-session', 'not-allowed', 'step-up-required', 'rate-limited')
  if (endpoint.idempotent) add('conflict')
  return all
}

type JsonSchema = Record<string, unknown>
const text = (description: string): JsonSchema => ({ type: 'string', description })
/** What an endpoint reads beside path, query and body. */
const requestHeaders = (endpoint: Endpoint): JsonSchema | undefined => {
  const { needs } = endpoint
  const properties = {
    ...(endpoint.ifMatch ? { 'If-Match': text('The ETag of what was read') } : {}),
    ...(endpoint.idempotent
      ? { 'Idempotency-Key': text('Of your choice, up to 200 characters: a repeat within 10 minutes gets the same answer') }
      : {}),
    ...(endpoint.stream === true ? { 'Last-Event-ID': text('The last id that was seen: the stream goes on after it') } : {}),
    ...(needs === 'public' || needs === 'browser' || needs === 'sign-in'
      ? {}
      : {
          'Postern-Background': { ...text('Of a call that no person caused: it keeps no session from idling'), enum: ['true'] },
        }),
  }
  if (Object.keys(properties).length === 0) return undefined
  return { type: 'object', properties, ...(endpoint.ifMatch ? { required: ['If-Match'] } : {}) }
}
/** What an answer says beside its body. */
const responseHeaders = (endpoint: Endpoint, status: number): Record<string, JsonSchema> => {
  const { needs, stream, file, path } = endpoint
  const done = status < 300
  const written = stream || path.endsWith('/export') || file?.name !== undefined
  // a session’s cookie may change with any call, also a refused one; the other cookies come with what succeeds
  const givesCookie = needs !== 'public' && (done ? !written : needs !== 'browser' && needs !== 'sign-in')
  return {
    ...(done && (endpoint.etag || endpoint.ifMatch) ? { ETag: text('Of this state: If-Match of a change names it') } : {}),
    ...(done && file && !written ? { 'Content-Disposition': text('The name under which it is saved') } : {}),
    ...(givesCookie ? { 'Set-Cookie': text('A cookie of this browser, where one is given, changed or taken back') } : {}),
    ...(status === 401 ? { 'WWW-Authenticate': text('How to authenticate (RFC 6750, RFC 9449)') } : {}),
    ...(status === 401 && needs !== 'public'
      ? { 'DPoP-Nonce': text('With `proof-stale`: what the next proof carries as `nonce`, whatever the client’s clock says') }
      : {}),
    ...([401, 429, 503].includes(status)
      ? { 'Retry-After': { type: 'integer', description: 'Seconds, where they are known' } }
      : {}),
  }
}
const bodyOrFile = (endpoint: Endpoint, json: JsonSchema): JsonSchema => {
  const types = typesOfFile(endpoint)
  if (types.length === 0) return json
  const file = { schema: { type: 'string', format: 'binary' } }
  return { content: { 'application/json': { schema: json }, ...Object.fromEntries(types.map((type) => [type, file])) } }
}
/** What the document says beside the schemas that are checked. */
const documented: typeof jsonSchemaTransform = (document) => {
  const transformed = jsonSchemaTransform(document)
  const { endpoint } = (document as { route?: { config?: { endpoint?: Endpoint } } }).route?.config ?? {}
  if (!endpoint) return transformed
  const { body, response } = transformed.schema as { body?: JsonSchema; response: Record<string, JsonSchema> }
  const headers = requestHeaders(endpoint)
  return {
    ...transformed,
    schema: {
      ...transformed.schema,
      ...(headers ? { headers } : {}),
      ...(body ? { body: bodyOrFile(endpoint, body) } : {}),
      response: Object.fromEntries(
        Object.entries(response).map(([status, schema]) => {
          const headers = responseHeaders(endpoint, Number(status))
          return [status, Object.keys(headers).length === 0 ? schema : { ...schema, headers }]
        }),
      ),
    },
  }
}

type Operation = {
  summary?: string
  description?: string
  tags?: string[]
  requestBody?: { required: boolean; content: Record<string, { schema: JsonSchema }> }
  responses?: Record<string, { description?: string; headers?: Record<string, JsonSchema> }>
}
type Document = {
  info: { title: string; version: string; description: string }
  components: Record<string, Record<string, unknown>>
  paths: Record<string, Record<string, Operation>>
}
/** What the plugin has no words for: a body in which nothing is required may be missing, an answer is named, a header described once. */
const finished: typeof jsonSchemaTransformObject = (given) => {
  const whole = jsonSchemaTransformObject(given)
  const { components, paths } = whole as unknown as Document
  components.headers = {}
  for (const { requestBody, responses = {} } of Object.values(paths).flatMap((methods) => Object.values(methods))) {
    if (requestBody) requestBody.required = requestBody.content['application/json']?.schema.required !== undefined
    for (const [status, response] of Object.entries(responses)) {
      if (response.description === 'Default Response') response.description = STATUS_CODES[status] ?? status
      const { headers = {} } = response
      for (const [name, header] of Object.entries(headers)) {
        components.headers[name] = header
        headers[name] = { $ref: `#/components/headers/${name}` }
      }
    }
  }
  return whole
}

export const registerOpenApi = async (app: FastifyInstance, config: Config, sendPage: SendPage): Promise<void> => {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Postern',
        version: '0.1.0',
        description:
          'QR codes in front of privileged access. Problems are RFC 9457 with a stable `code`. Browsers bind their session to a key (DPoP, RFC 9449); machines use bearer tokens.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: config.origin }],
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'A service token (pst_…)' },
          session: {
            type: 'apiKey',
            in: 'cookie',
            name: '__Host-postern-session',
            description: 'postern-session on http://localhost',
          },
          signIn: {
            type: 'apiKey',
            in: 'cookie',
            name: '__Host-postern-sign-in',
            description: 'postern-sign-in on http://localhost',
          },
          browserKey: {
            type: 'apiKey',
            in: 'header',
            name: 'DPoP',
            description: 'A proof by the browser’s key (RFC 9449 §4.2, ES256)',
          },
        },
      },
    },
    transform: documented,
    transformObject: finished,
  })
  app.get('/api/openapi.json', { schema: { hide: true } }, async (_request, reply) =>
    reply.header('cache-control', 'no-store').send(app.swagger()),
  )
  app.get('/api/docs', { schema: { hide: true } }, async (_request, reply) =>
    sendPage(
      reply,
      200,
      "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
      readable(app.swagger() as unknown as Document),
    ),
  )
}

/** The document of a contract alone, without a server: what `docs/openapi.json` holds. */
export const openApiDocument = async (endpoints: readonly Endpoint[], config: Config): Promise<object> => {
  const app = Fastify()
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  await registerOpenApi(app, config, pageSender(securityHeaders(config)))
  for (const endpoint of endpoints)
    app.route({
      method: endpoint.method,
      url: endpoint.path,
      schema: openApiSchema(endpoint),
      config: { endpoint },
      exposeHeadRoute: false,
      handler: async () => undefined,
    })
  await app.ready()
  return app.swagger()
}

const escapeHtml = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[character] as string)
/** The document as a page to read: no script, nothing from elsewhere. */
const readable = (document: Document): string => {
  const groups = new Map<string, string[]>()
  for (const [path, methods] of Object.entries(document.paths))
    for (const [method, operation] of Object.entries(methods)) {
      const tag = operation.tags?.[0] ?? ''
      const answers = Object.entries(operation.responses ?? {}).map(
        ([status, answer]) => `<li><code>${status}</code> ${escapeHtml(answer.description ?? '')}</li>`,
      )
      const entry = `<article><h3><code>${method.toUpperCase()} ${escapeHtml(path)}</code></h3><p>${escapeHtml(operation.summary ?? '')}</p><p>${escapeHtml(operation.description ?? '')}</p><ul>${answers.join('')}</ul></article>`
      groups.set(tag, [...(groups.get(tag) ?? []), entry])
    }
  const body = [...groups].map(([tag, entries]) => `<section><h2>${escapeHtml(tag)}</h2>${entries.join('')}</section>`).join('')
  const problems = refusalCodes
    .map((code) => `<li id="${code}"><code>${statusOf[code]} ${code}</code> ${escapeHtml(titles[code])}</li>`)
    .join('')
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Postern API</title>
<style>:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}code{font-family:ui-monospace,monospace}h3{margin-bottom:0}p{margin:.2rem 0}article{border-top:1px solid #8884;padding:.5rem 0}</style>
<h1>${escapeHtml(document.info.title)} ${escapeHtml(document.info.version)}</h1><p>${escapeHtml(document.info.description)} The document itself: <a href="/api/openapi.json">/api/openapi.json</a>.</p>${body}<section><h2>Problems</h2><ul>${problems}</ul></section></html>`
}
