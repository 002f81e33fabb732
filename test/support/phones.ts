import { createHmac } from 'node:crypto'
import type { Out } from '@postern/contract'
import * as contract from '@postern/contract'
import { Authenticator } from './authenticator.ts'
import type { Browser } from './browser.ts'
import { eventBlocks } from './event-stream.ts'
import { goodPassword, type Person, partsOf } from './people.ts'
import type { TestServer } from './server.ts'

/** A phone as the contract sees it: a browser with a key of its own, and the authenticator in it. */
export type Phone = { browser: Browser; authenticator: Authenticator; deviceId: string }
export const phoneAgent =
  'Mozilla/5.0 (Linux; Android 16; Pixel 10) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36'

/** `synced`: its passkeys can leave it (BE=1), and count nothing, as those of phones do. */
export const authenticatorOf = (synced: boolean): Authenticator =>
  new Authenticator({ backupEligible: synced, backedUp: synced, ...(synced ? { counter: 'zero' as const } : {}) })
/** Registers a phone by an operator's code, as the phone page does; `synced`: its passkey can leave it. */
export const enrolPhone = async (
  server: TestServer,
  operator: Person,
  person: Person,
  { synced = false, address }: { synced?: boolean; address?: string } = {},
): Promise<Phone> => {
  const { code } = await operator.browser.call(contract.enrolUser, { id: person.id, factor: 'device' })
  const browser = server.browser()
  browser.headers['user-agent'] = phoneAgent
  if (address) browser.headers['x-forwarded-for'] = address
  const authenticator = authenticatorOf(synced)
  const claimed = await claimDevice(browser, code.url as string)
  await browser.call(contract.confirmEnrolment, {
    confirm: claimed.confirm,
    registration: authenticator.create(claimed.options, { origin: server.origin }),
    ...(claimed.needs.includes('password') ? { password: goodPassword } : {}),
    ...(claimed.needs.includes('current-password') ? { currentPassword: person.password } : {}),
  })
  const { items } = await operator.browser.call(contract.listDevices, { userId: person.id, state: 'active' })
  return { browser, authenticator, deviceId: (items[0] as { id: string }).id }
}
/** A phone that a person registers by a code of their own session, which goes on. */
export const enrolOwnPhone = async (server: TestServer, person: Person, { synced = false } = {}): Promise<Phone> => {
  const { code } = await person.browser.call(contract.enrolAnotherPhone, { factor: 'device' })
  const [browser, authenticator] = [server.browser(), authenticatorOf(synced)]
  const { confirm, options } = await claimDevice(browser, code.url as string)
  await browser.call(contract.confirmEnrolment, {
    confirm,
    registration: authenticator.create(options, { origin: server.origin }),
    currentPassword: person.password,
  })
  const { items } = await person.browser.call(contract.myDevices, {})
  return { browser, authenticator, deviceId: (items[0] as { id: string }).id }
}
export const claimDevice = async (
  browser: Browser,
  url: string,
): Promise<Extract<Out<typeof contract.claimCode>, { kind: 'enrol-device' }>> => {
  const claimed = await browser.call(contract.claimCode, partsOf(url))
  if (claimed.kind !== 'enrol-device') throw new Error(`a claim of ${claimed.kind}`)
  return claimed
}

export type Screen = Out<typeof contract.openQr>
/** Frame n as the page draws it, after the contract: the first 16 bytes of HMAC-SHA-256(key, ID ‖ "." ‖ n). */
export const frame = ({ code }: Screen, n: number): string =>
  `${n}.${createHmac('sha256', Buffer.from(code.frames.key, 'base64url')).update(`${code.id}.${n}`).digest().subarray(0, 16).toString('base64url')}`
/** Seconds since a code was made, by the database's clock. */
export const ageOf = async (server: Pick<TestServer, 'sql'>, { code }: Screen): Promise<number> =>
  Number(
    (
      await server.sql(`select extract(epoch from now() - created_at)::float8 as age from code where id = $1`, [uuidOf(code.id)])
    )[0]?.age,
  )
/** Makes a code as old as if so many seconds had passed, with its request: tests do not wait. */
export const age = async (server: Pick<TestServer, 'sql'>, { code }: Screen, seconds: number): Promise<void> => {
  const values = [uuidOf(code.id), seconds]
  await server.sql(
    `update code set created_at = created_at - $2 * interval '1 s', expires_at = expires_at - $2 * interval '1 s' where id = $1`,
    values,
  )
  await server.sql(
    `update approval set created_at = created_at - $2 * interval '1 s', expires_at = expires_at - $2 * interval '1 s' where code_id = $1`,
    values,
  )
}
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
/** The UUID in an id: Crockford Base32 of 128 bits, in 26 characters. */
export const uuidOf = (id: string): string => {
  const hex = [...id.slice(4)]
    .reduce((sum, sign) => sum * 32n + BigInt(alphabet.indexOf(sign)), 0n)
    .toString(16)
    .padStart(32, '0')
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5')
}

export type Claimed = Extract<Out<typeof contract.claimCode>, { kind: 'sign-in' | 'approve' }>
/** Three frames in a row, the last of them the newest, as our camera page reads them: the code is made old enough for that. */
export const liveFrames = async (
  server: Pick<TestServer, 'sql'>,
  screen: Screen,
): Promise<{ id: string; secret: string; frames: string[] }> => {
  if ((await ageOf(server, screen)) < 3) await age(server, screen, 3)
  const n = Math.floor(await ageOf(server, screen))
  return { id: screen.code.id, secret: frame(screen, n), frames: [frame(screen, n - 2), frame(screen, n - 1)] }
}
/** What phones were shown was long ago: tests scan as often as they like, where they are not about just that. */
export const forgetScans = async (server: Pick<TestServer, 'sql'>): Promise<void> => {
  await server.sql(`with of_late as (select code_id from approval where scanned_at > now() - interval '10 min' for update skip locked)
    update approval a set scanned_at = a.scanned_at - interval '10 min' from of_late o where o.code_id = a.code_id`)
}
export const scan = async (server: Pick<TestServer, 'sql'>, phone: Pick<Phone, 'browser'>, screen: Screen): Promise<Claimed> => {
  await forgetScans(server)
  return phone.browser.call(contract.claimCode, await liveFrames(server, screen)) as Promise<Claimed>
}
/** A sign-in of a desk, with the code on its screen. */
export const askPhone = async (desk: Browser): Promise<Screen> => {
  await desk.call(contract.openSignIn, {})
  return desk.call(contract.openQr, {})
}
export const approve = (phone: Phone, origin: string, claimed: Claimed, match: string) =>
  phone.browser.try(contract.approveRequest, {
    confirm: claimed.confirm,
    assertion: phone.authenticator.get(claimed.options, { origin }),
    match,
  })

/** What a waiting screen hears, read as the contract says: `fetch` with a proof, Server-Sent Events. */
export const hear = async (
  desk: Browser,
): Promise<{ told: { event: string; data: { type: string; reason?: string } }[]; ended: Promise<void>; close: () => void }> => {
  const stop = new AbortController()
  const response = await desk.fetch('GET', '/api/sign-ins/current/events', { signal: stop.signal })
  if (response.status !== 200) throw new Error(`the stream answered ${response.status}`)
  const told: { event: string; data: { type: string; reason?: string } }[] = []
  const read = async () => {
    for await (const { event, data } of eventBlocks(response)) if (event && data) told.push({ event, data: JSON.parse(data) })
  }
  return { told, ended: read().catch(() => undefined), close: () => stop.abort() }
}
