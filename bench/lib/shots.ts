import { request, type Shot } from './load.ts'
import { type Person, passcodeNow } from './people.ts'

/** A browser of today; the server memoises what it reads in it. */
const userAgent = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36'

const browserHeaders = (port: number, person: Person, cookie: string, method: string, path: string): Record<string, string> => {
  const host = `localhost:${port}`
  return {
    host,
    'user-agent': userAgent,
    cookie,
    dpop: person.browser.proof(method, `http://${host}${path}`),
    'sec-fetch-site': 'same-origin',
  }
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
  const headers = browserHeaders(ports[to] as number, person, `postern-sign-in=${token}`, 'POST', path)
  return { to, text: request('POST', path, headers, JSON.stringify({ code })) }
}
/** What the page of a sign-in asks before a person types a passcode. */
export const signInShot = (port: number, person: Person, token: string): Shot => {
  const path = '/api/sign-ins/current'
  return { to: 0, text: request('GET', path, browserHeaders(port, person, `postern-sign-in=${token}`, 'GET', path)) }
}
export const sessionShot = (port: number, person: Person, token: string): Shot => {
  const path = '/api/session'
  return { to: 0, text: request('GET', path, browserHeaders(port, person, `postern-session=${token}`, 'GET', path)) }
}
export const bearerShot = (port: number, path: string, token: string): Shot => ({
  to: 0,
  text: request('GET', path, { host: `localhost:${port}`, 'user-agent': 'integration/1.0', authorization: `Bearer ${token}` }),
})
