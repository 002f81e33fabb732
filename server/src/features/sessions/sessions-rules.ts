import type { Keys } from '../../platform/keys.ts'

export const sessionHours = 12
/** A recovery session is for one thing only, and has this many minutes for it. */
export const recoveryMinutes = 15
/** A cookie that its browser has shown for so many hours is changed by the next call that can bring a new one. */
export const rotatedAfterHours = 1
/** The cookie before is good, with the session's key, for so many minutes after the new one was shown: calls are under way with it. */
export const earlierMinutes = 2

/**
 * The cookie that comes after a cookie: a keyed hash of it, so that nobody but us can tell it.
 *
 * A browser holds one cookie for all its tabs, and of the answers to calls in flight the one that arrives last writes it. So
 * all of them must write the same: whoever still shows the old cookie, in whatever tab and at whatever process, is given this
 * very one, and nothing has to be kept for that. What a late answer writes is the next after the cookie that it was asked with,
 * never an older one.
 *
 * The old cookie does not end with the change but `earlierMinutes` after the new one has come back. Before that the answer
 * with the new one may be lost, and the old one all that the browser has.
 */
export const nextCookie = (keys: Keys, cookie: string): string => keys.hash('next-session', cookie).toString('base64url')

/**
 * The hashes of a cookie and of all that can come after it while its session lives, in their order. By them an old copy is
 * known for what it is, without a list of old cookies, and ends the session as a copy of the newest one does.
 */
export const hashesFrom = (keys: Keys, cookie: string): Buffer[] => {
  const hashes = [keys.hash('session', cookie)]
  for (let at = 0, next = cookie; at < sessionHours / rotatedAfterHours; at++) {
    next = nextCookie(keys, next)
    hashes.push(keys.hash('session', next))
  }
  return hashes
}
