import { createHmac } from 'node:crypto'
import type * as contract from '@postern/contract'
import type { Assertion, Out } from '@postern/contract'
import { sql } from 'kysely'
import { fromId, uuid7 } from '../../server/src/platform/ids.ts'
import { Authenticator } from '../../test/support/authenticator.ts'
import { cookiesOf, type Generator, jsonOf, requireAll, type Shot } from './load.ts'
import { addPeople, BrowserKey } from './people.ts'
import type { Postern } from './servers.ts'
import { browserShot } from './shots.ts'

/** A registered phone: its browser's key, and its authenticator, whose counter goes on at each use. */
export type Phone = { browser: BrowserKey; authenticator: Authenticator }
const originOf = ({ ports }: Postern): string => `http://localhost:${ports[0]}`

/** People with a phone each, its device written in bulk as registration leaves it. */
export const addPhones = async (postern: Postern, n: number): Promise<Phone[]> => {
  const { core } = postern
  const people = await addPeople(core, n)
  const phones = people.map(({ id }) => {
    const authenticator = new Authenticator()
    const user = { id: Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url'), name: id, displayName: id }
    const rp = { id: core.rpId, name: 'bench' }
    const pubKeyCredParams = [{ type: 'public-key', alg: -7 }]
    authenticator.create({ rp, user, challenge: '', pubKeyCredParams }, { origin: originOf(postern) })
    return { browser: new BrowserKey(), authenticator, id: uuid7(), person: id }
  })
  const held = phones.map(({ authenticator }) => authenticator.credentials[0] as Authenticator['credentials'][0])
  await sql`
    insert into device (id, user_id, name, credential_id, public_key, be, bs, aaguid, key_thumbprint)
    select id, person, 'phone', credential, key, false, false, '00000000-0000-0000-0000-000000000000', thumb
    from unnest(${phones.map(({ id }) => id)}::uuid[], ${phones.map(({ person }) => person)}::uuid[], ${held.map(({ id }) => id)}::bytea[],
      ${held.map(({ publicKey }) => publicKey)}::bytea[], ${phones.map(({ browser }) => browser.thumbprint)}::bytea[]) b(id, person, credential, key, thumb)`.execute(
    core.db,
  )
  return phones
}

/** A browser that waits with a moving code on its screen. */
export type Desk = { browser: BrowserKey; cookie: string } & Out<typeof contract.openQr>

/** Concurrency at which preparing calls run. */
const preparing = 32
/** Opens sign-ins of browsers that were never seen, and a moving code in each, as their pages do. */
export const addDesks = async (postern: Postern, generator: Generator, n: number): Promise<Desk[]> => {
  const [port] = postern.ports as [number]
  const all = async (shots: Shot[], status: number, what: string): Promise<string[]> => {
    const { statuses, answers } = await generator.run({ ports: [port], concurrency: Math.min(n, preparing), shots, keep: true })
    requireAll(statuses, status, what)
    return answers
  }
  const browsers = Array.from({ length: n }, () => new BrowserKey())
  const opening = browsers.map((browser) => browserShot(port, browser, ['POST', '/api/sign-ins'], '', {}))
  const cookies = (await all(opening, 201, 'opening a sign-in')).map(cookiesOf)
  const asking = browsers.map((browser, at) =>
    browserShot(port, browser, ['POST', '/api/sign-ins/current/qr'], cookies[at] as string, {}),
  )
  const codes = await all(asking, 200, 'a moving code')
  return browsers.map((browser, at) => ({
    browser,
    cookie: cookies[at] as string,
    ...(jsonOf(codes[at] as string) as Out<typeof contract.openQr>),
  }))
}

/** Seconds that `age` makes codes old. The claims of them are good from then on, for 5 s. */
const seconds = 10
/** Makes moving codes old enough to have shown the frames that `claimShot` sends: no second is waited for. */
export const age = async ({ core }: Postern, desks: readonly Desk[]): Promise<void> => {
  const ids = desks.map(({ code }) => fromId(code.id))
  await sql`
    with c as (update code set created_at = now() - ${seconds} * interval '1 s' where id = any (${ids}::uuid[]))
    update approval set created_at = now() - ${seconds} * interval '1 s' where code_id = any (${ids}::uuid[])`.execute(core.db)
}
const frame = ({ code }: Desk, n: number): string =>
  `${n}.${createHmac('sha256', Buffer.from(code.frames.key, 'base64url')).update(`${code.id}.${n}`).digest().subarray(0, 16).toString('base64url')}`
/** Three frames in a row, as the camera page of the phone reads them; the last is the next of a code of that age. */
export const claimShot = ({ ports }: Postern, { browser }: Phone, desk: Desk): Shot =>
  browserShot(ports[0] as number, browser, ['POST', '/api/codes/claim'], '', {
    id: desk.code.id,
    secret: frame(desk, seconds + 1),
    frames: [frame(desk, seconds - 1), frame(desk, seconds)],
  })

type Claimed = Extract<Out<typeof contract.claimCode>, { kind: 'sign-in' | 'approve' }>
/** The assertion over what the claim's answer showed, and the number of the screen. */
export const approveShot = (postern: Postern, { browser, authenticator }: Phone, { match }: Desk, answer: string): Shot => {
  const { confirm, options } = jsonOf(answer) as Claimed
  const assertion: Assertion = authenticator.get(options, { origin: originOf(postern) })
  return browserShot(postern.ports[0] as number, browser, ['POST', '/api/approvals'], '', { confirm, assertion, match })
}
export const collectShot = ({ ports }: Postern, { browser, cookie }: Desk): Shot =>
  browserShot(ports[0] as number, browser, ['POST', '/api/sign-ins/current/collect'], cookie, {})
export const eventsShot = ({ ports }: Postern, { browser, cookie }: Desk): Shot =>
  browserShot(ports[0] as number, browser, ['GET', '/api/sign-ins/current/events'], cookie)
