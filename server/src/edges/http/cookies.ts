import type { CookieSerializeOptions } from '@fastify/cookie'
import type { FastifyRequest } from 'fastify'

export type CookieNames = { session: string; signIn: string; claim: string; options: CookieSerializeOptions }

/** Host-only by their prefix; on plain http://localhost browsers refuse the prefix and Secure, so there they go without. */
export const cookieNames = (origin: string): CookieNames => {
  const secure = origin.startsWith('https:')
  const prefix = secure ? '__Host-' : ''
  return {
    session: `${prefix}postern-session`,
    signIn: `${prefix}postern-sign-in`,
    claim: `${prefix}postern-claim`,
    options: { path: '/', httpOnly: true, secure, sameSite: 'lax' },
  }
}

/** A cookie of a request, for those who ask: most calls ask for one or none. */
export const cookieOf = (request: FastifyRequest, name: string): string | undefined => {
  const { cookie } = request.headers
  return cookie === undefined ? undefined : request.server.parseCookie(cookie)[name]
}
