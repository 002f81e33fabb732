import type { CookieSerializeOptions } from '@fastify/cookie'

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
