import { execFileSync } from 'node:child_process'
import { request } from 'node:http'
import * as contract from '@postern/contract'
import type { Browser, Tried } from './browser.ts'
import type { Person } from './people.ts'
import type { TestServer } from './server.ts'

/** All rows of tables as text, binary columns as hex: to compare before and after, and to look for what must not be there. */
export const dump = async (server: TestServer, only?: readonly string[]): Promise<Record<string, string[]>> => {
  const names = only ?? (await tableNames(server))
  const tables: Record<string, string[]> = {}
  for (const name of names) {
    const rows = (await server.sql(`select t::text as row from ${name} t order by 1`)) as unknown as { row: string }[]
    tables[name] = rows.map(({ row }) => row)
  }
  return tables
}
const tableNames = async (server: TestServer): Promise<string[]> => {
  const rows = (await server.sql(`select tablename as name from pg_tables where schemaname = 'public'`)) as unknown as {
    name: string
  }[]
  return rows.map(({ name }) => name)
}

/** Waits, where little is left of the present step, for the next one: what follows happens within one step. */
export const settle = async (seconds = 6, period = 30): Promise<void> => {
  const left = period - ((Date.now() / 1_000) % period)
  if (left < seconds) await new Promise((resolve) => setTimeout(resolve, left * 1_000 + 20))
}

/** The stable name of a refusal, or the status of what was not refused. */
export const said = (tried: Tried<contract.Endpoint> | { status: number; problem: contract.Problem }): string =>
  tried.status < 300 ? String(tried.status) : (tried.problem?.code ?? `status ${tried.status}`)

/** Opens a sign-in and proves the password: what an attacker has who knows it. */
export const afterPassword = async (browser: Browser, person: Person): Promise<Browser> => {
  await browser.call(contract.openSignIn, {})
  await browser.call(contract.provePassword, { username: person.username, password: person.password })
  return browser
}
/** The passcodes of the steps from `first` on, by oathtool in one call. */
export const passcodes = (secret: string, first: number, count: number): string[] =>
  execFileSync('oathtool', [
    '--totp=SHA1',
    '--base32',
    '--now',
    `@${Math.floor(Date.now() / 1_000) + first * 30}`,
    '--window',
    String(count - 1),
    secret,
  ])
    .toString()
    .trim()
    .split('\n')
/** A passcode that is right at no step near now; `salt` makes others. */
export const wrongPasscode = (secret: string, salt = 0): string => {
  const near = new Set(passcodes(secret, -40, 80))
  for (let value = 1_000 * salt; ; value++) {
    const text = String(value).padStart(6, '0')
    if (!near.has(text)) return text
  }
}
/** How many answers of each kind there were. */
export const tallied = (answers: readonly string[]): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const answer of answers) counts[answer] = (counts[answer] ?? 0) + 1
  return counts
}
/** As many at once as asked for. */
export const atOnce = <T>(count: number, work: (at: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, at) => work(at)))
/** The browser of another address, by the header that the trusted proxy 127.0.0.1 would send. */
export const from = (server: TestServer, address: string): Browser => {
  const browser = server.browser()
  browser.headers['x-forwarded-for'] = address
  return browser
}

export type RawAnswer = { status: number; headers: Record<string, string | string[] | undefined>; text: string; body: unknown }
/** A call with exactly these headers: fetch adds some of its own, and refuses others. */
export const raw = (
  origin: string,
  method: string,
  path: string,
  { headers = {}, body }: { headers?: Record<string, string | string[]>; body?: string } = {},
): Promise<RawAnswer> =>
  new Promise((resolve, reject) => {
    const sent = request(origin, { method, path, headers }, (answer) => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (chunk: string) => {
        text += chunk
      })
      answer.on('end', () => {
        let parsed: unknown
        try {
          parsed = JSON.parse(text)
        } catch {}
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text, body: parsed })
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })
/** The cookie header of a browser, as a navigation would carry it. */
export const cookiesOf = (browser: Browser): string => [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
