import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import { readAuthenticationSettings } from '../../features/policies/index.ts'
import type { Db } from '../../platform/db.ts'

const icons = fileURLToPath(new URL('../../../../web/icons', import.meta.url))
const manifestPath = '/phone/manifest.webmanifest'
/** The surfaces of tokens.css: a manifest knows one colour, the page names both. */
const [light, dark] = ['#ffffff', '#11171a']

/**
 * What people keep on their home screen (W3C Application Manifest). Under the deployment's own name, so that two of them can be
 * told apart. Nothing works without the server, so there is no service worker.
 */
const manifestOf = (issuer: string) => ({
  id: '/phone',
  name: issuer,
  short_name: [...issuer].slice(0, 12).join(''),
  start_url: '/phone',
  scope: '/phone',
  display: 'standalone',
  theme_color: light,
  background_color: light,
  icons: [
    { src: '/phone/icons/phone-192.png', sizes: '192x192', type: 'image/png' },
    { src: '/phone/icons/phone-512.png', sizes: '512x512', type: 'image/png' },
    { src: '/phone/icons/phone.svg', sizes: 'any', type: 'image/svg+xml' },
    { src: '/phone/icons/phone-maskable-512.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
  ],
})
const head = `<meta name="theme-color" media="(prefers-color-scheme: light)" content="${light}">
<meta name="theme-color" media="(prefers-color-scheme: dark)" content="${dark}">
<link rel="manifest" href="${manifestPath}">
<link rel="apple-touch-icon" href="/phone/icons/phone-180.png">
`
/** The page of a scan, as it stands at /phone: where it can be kept. */
export const keepable = (phonePage: string): string => phonePage.replace('</head>', `${head}</head>`)

/** The manifest and its icons. */
export const registerPhoneApp = async (app: FastifyInstance, { db }: { db: Db }): Promise<void> => {
  app.get(manifestPath, { schema: { hide: true } }, async (_request, reply) => {
    const { issuer } = await readAuthenticationSettings(db)
    return reply
      .header('cache-control', 'no-cache')
      .type('application/manifest+json; charset=utf-8')
      .serializer(JSON.stringify)
      .send(manifestOf(issuer))
  })
  await app.register(fastifyStatic, {
    root: icons,
    prefix: '/phone/icons/',
    maxAge: '1d',
    index: false,
    decorateReply: false,
  })
}
