import type { FastifyReply } from 'fastify'
import helmet from 'helmet'
import type { Config } from '../../config.ts'

/** Headers that say something about a document, and nothing about an answer that is none. */
const ofDocuments = new Set([
  'cross-origin-opener-policy',
  'origin-agent-cluster',
  'x-dns-prefetch-control',
  'x-download-options',
  'x-permitted-cross-domain-policies',
  'x-xss-protection',
])

export type SecurityHeaders = {
  /** On every answer. */
  answers: Record<string, string>
  /** On pages besides. */
  documents: Record<string, string>
}
/** What helmet sets, asked once: as a plugin, with all headers on all answers, it cost a tenth of a small one each time. */
export const securityHeaders = (config: Config): SecurityHeaders => {
  const headers: SecurityHeaders = { answers: {}, documents: {} }
  const response = {
    setHeader: (name: string, value: string) => {
      const lower = name.toLowerCase()
      headers[ofDocuments.has(lower) ? 'documents' : 'answers'][lower] = value
    },
    removeHeader: () => {},
  }
  helmet({
    contentSecurityPolicy: false,
    referrerPolicy: { policy: 'no-referrer' },
    crossOriginEmbedderPolicy: false,
    frameguard: { action: 'deny' },
    strictTransportSecurity: config.origin.startsWith('https:') ? { maxAge: 63_072_000 } : false,
  })({} as never, response as never, (error?: unknown) => {
    if (error) throw error
  })
  // the camera for scanning and checking codes; nothing else of a device is ever asked for, nor may a frame ask
  headers.documents['permissions-policy'] = 'camera=(self), microphone=(), geolocation=(), display-capture=(), payment=(), usb=()'
  return headers
}

export type SendPage = (reply: FastifyReply, status: number, policy: string, body: string) => FastifyReply
/** Sends a page: it is how every one of them leaves. `policy`: its Content-Security-Policy. */
export const pageSender =
  ({ documents }: Pick<SecurityHeaders, 'documents'>): SendPage =>
  (reply, status, policy, body) =>
    reply
      .code(status)
      .headers(documents)
      .header('content-security-policy', policy)
      .header('cache-control', 'no-store')
      .type('text/html; charset=utf-8')
      .send(body)
