import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import { CodeId } from '@postern/contract'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { brandOf, type Openings, recordScan } from '../../features/codes/index.ts'
import { storeFor } from '../../features/enrolments/index.ts'
import type { ActDeps } from '../../features/events/index.ts'
import { readAuthenticationSettings } from '../../features/policies/index.ts'
import { findLook } from '../../features/symbols/index.ts'
import { fromId } from '../../platform/ids.ts'
import { isPreview } from '../../platform/previews.ts'
import { type AuthenticateDeps, sourceOf } from './authenticate.ts'
import { linkPage } from './link-pages.ts'
import { keepable, registerPhoneApp } from './phone-app.ts'
import type { SendPage } from './security-headers.ts'

const built = fileURLToPath(new URL('../../../../web/dist', import.meta.url))
/** First segments of the console's addresses (web/src/console/router.tsx); all of them are its one page. */
const consolePages = [
  '',
  'sign-in',
  'check',
  'apps',
  'enrol',
  'me',
  'users',
  'codes',
  'bulk',
  'brands',
  'devices',
  'events',
  'sessions',
  'settings',
]

const consolePolicy = (nonce: string): string =>
  `default-src 'none'; script-src 'self' 'nonce-${nonce}'; style-src 'self' 'nonce-${nonce}'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types default`
/** `scripts`: what they may do besides being ours. */
const phonePolicyWith = (scripts: string): string =>
  `default-src 'none'; script-src 'self'${scripts}; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'`
const phonePolicy = phonePolicyWith('')
/** Where our own camera reads, its second reader is compiled from wasm, and people may keep the page; nowhere else. */
const cameraPolicy = `${phonePolicyWith(" 'wasm-unsafe-eval'")}; manifest-src 'self'`

export type Pages = {
  sendConsole: (reply: FastifyReply, status: number) => FastifyReply
  sendPhone: (reply: FastifyReply) => FastifyReply
}
/** The web apps: the console with a nonce a response; the page of a scan with none, the same bytes for every id. */
export const registerPages = async (
  app: FastifyInstance,
  deps: ActDeps & AuthenticateDeps & { openings: Openings; origin: string },
  html: SendPage,
): Promise<Pages> => {
  const page = (name: string): string =>
    existsSync(`${built}/${name}`)
      ? readFileSync(`${built}/${name}`, 'utf8')
      : '<!doctype html><title>Postern</title><p>The web apps are not built: run npm start.'
  const consolePage = page('index.html')
  const phonePage = page('phone.html')
  if (existsSync(`${built}/assets`))
    await app.register(fastifyStatic, {
      root: `${built}/assets`,
      prefix: '/assets/',
      immutable: true,
      maxAge: '365d',
      index: false,
      decorateReply: false,
    })

  const sendPhone = (reply: FastifyReply): FastifyReply => html(reply, 200, phonePolicy, phonePage)
  app.route({
    method: ['GET', 'HEAD'],
    url: '/c/:id',
    schema: { hide: true },
    handler: async (request, reply) => {
      const id = CodeId.safeParse((request.params as { id: string }).id)
      if (!id.success) return sendPhone(reply)
      const actor = { kind: 'stranger' as const, source: sourceOf(deps, request) }
      const preview = isPreview(request.method, request.headers)
      const opening = await deps.openings.open(actor, fromId(id.data), preview)
      if (opening.is === 'page') {
        if (opening.codeId) await recordScan(deps, actor, opening.codeId, preview)
        return sendPhone(reply)
      }
      if (opening.is === 'redirected') return reply.header('cache-control', 'no-store').redirect(opening.to, 302)
      const { issuer } = await readAuthenticationSettings(deps.db)
      const look = await findLook(deps.db, await brandOf(deps.db, opening.codeId))
      if (!look) throw new Error('no brand kit draws this code')
      const { name, isDefault, png } = look
      const { status, body } = linkPage(phonePage, opening, {
        id: id.data,
        issuer,
        brand: { name, isDefault, png, colour: look.design.colours.eyes },
        host: request.host,
        acceptLanguage: request.headers['accept-language'],
      })
      return html(reply, status, phonePolicy, body)
    },
  })
  await registerPhoneApp(app, deps)
  const cameraPage = keepable(phonePage)
  for (const url of ['/phone', '/phone/*'])
    app.get(url, { schema: { hide: true } }, (_request, reply) => html(reply, 200, cameraPolicy, cameraPage))
  const sendConsole = (reply: FastifyReply, status: number): FastifyReply => {
    const nonce = randomBytes(16).toString('base64')
    return html(reply, status, consolePolicy(nonce), consolePage.replaceAll('__CSP_NONCE__', nonce))
  }
  // a phone that scanned the set-up's symbol of an app goes on to its store; anything else sees every place
  app.route({
    method: ['GET', 'HEAD'],
    url: '/apps/:app',
    schema: { hide: true },
    handler: (request, reply) => {
      const { device } = sourceOf(deps, request)
      const store = storeFor(deps.origin, (request.params as { app: string }).app, device.platform)
      return store ? reply.header('cache-control', 'no-store').redirect(store, 302) : sendConsole(reply, 200)
    },
  })
  for (const name of consolePages)
    for (const url of name === '' ? ['/'] : [`/${name}`, `/${name}/*`])
      app.get(url, { schema: { hide: true } }, (_request, reply) => sendConsole(reply, 200))
  return { sendConsole, sendPhone }
}
