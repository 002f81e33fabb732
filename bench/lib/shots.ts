import { request, type Shot } from './load.ts'
import { type BrowserKey, type Person, passcodeNow } from './people.ts'

/** A browser of today; the server memoises what it reads in it. */
const userAgent = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36'

/** A call as a page of ours makes it: with its cookies, and a proof by its browser's key. */
export const browserShot = (
  port: number,
  browser: BrowserKey,
  [method, path]: readonly ['GET' | 'POST', string],
  cookie = '',
  body?: unknown,
): Shot => {
  const host = `localhost:${port}`
  const headers = {
    host,
    'user-agent': userAgent,
    ...(cookie ? { cookie } : {}),
    dpop: browser.proof(method, `http://${host}${path}`),
    'sec-fetch-site': 'same-origin',
  }
  return { to: 0, text: request(method, path, headers, body === undefined ? undefined : JSON.stringify(body)) }
}

/** A passcode (of this moment) for a sign-in, with its cookie and a proof of its browser's key. */
export const passcodeShot = (
  ports: readonly number[],
  to: number,
  person: Person,
  token: string,
  code = passcodeNow(person.secret),
): Shot => {
  const path = '/api/sign-ins/current/totp'
  return { ...browserShot(ports[to] as number, person.browser, ['POST', path], `postern-sign-in=${token}`, { code }), to }
}
/** What the page of a sign-in asks before a person types a passcode. */
export const signInShot = (port: number, person: Person, token: string): Shot =>
  browserShot(port, person.browser, ['GET', '/api/sign-ins/current'], `postern-sign-in=${token}`)
export const sessionShot = (port: number, person: Person, token: string): Shot =>
  browserShot(port, person.browser, ['GET', '/api/session'], `postern-session=${token}`)
export const bearerShot = (port: number, path: string, token: string): Shot => ({
  to: 0,
  text: request('GET', path, { host: `localhost:${port}`, 'user-agent': 'integration/1.0', authorization: `Bearer ${token}` }),
})
