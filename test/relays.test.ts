import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import pg from 'pg'
import { afterPassword, atOnce, from, said } from './support/attack.ts'
import { eventually } from './support/deployment.ts'
import { ofKind, withEitherKind } from './support/either-kind.ts'
import { firstOperator, newPerson, signIn } from './support/people.ts'
import { age, ageOf, askPhone, type Claimed, enrolPhone, frame, liveFrames, type Screen, scan, uuidOf } from './support/phones.ts'
import { startServer } from './support/server.ts'

const server = await startServer()
await server.sql(`update authentication_settings set starts_per_minute = 100000, failures_per_minute = 100000`)
const olga = await firstOperator(server)
const ada = await newPerson(server, olga, 'ada')
const phone = await enrolPhone(server, olga, ada)
const alma = await newPerson(server, olga, 'alma')
const almas = await enrolPhone(server, olga, alma, { synced: true })
/** Somebody with a phone of that kind. */
const own = (synced: boolean) => (synced ? { ada: alma, phone: almas } : { ada, phone })

/** Each from an address of its own, unless one is given. */
let addresses = 0
const nextAddress = (): string => `203.0.113.${++addresses}`
const stranger = (address = nextAddress()) => from(server, address)
const screenOf = (address = '198.51.100.7') => askPhone(from(server, address))
const eventsOf = async ({ code }: Screen, type: contract.EventType) =>
  (await olga.browser.call(contract.listEvents, { codeId: code.id, type, limit: 200 })).items
const notices = async (kind: contract.Notice['kind']) =>
  (await olga.browser.call(contract.myNotices, {})).items.filter((notice) => notice.kind === kind)
const noticeOf = async ({ code }: Screen, kind: contract.Notice['kind']) =>
  (await notices(kind)).filter(({ event }) => event.codeId === code.id).length
/** What is on record of relays of a code: from where it was read, and from where it was asked. */
const relaysOf = async (screen: Screen) =>
  (await eventsOf(screen, 'code.relayed')).map(({ outcome, address, detail }) => [outcome, address, String(detail.reason)])

const ends: [string, (screen: Screen) => Promise<unknown>, string, string][] = [
  ['expired', (screen) => age(server, screen, 130), 'expired', 'code-expired'],
  [
    'revoked',
    ({ code }) => olga.browser.call(contract.revokeCode, { id: code.id, reason: 'a drill' }),
    'revoked',
    'code-revoked',
  ],
  ['used by another phone', (screen) => scan(server, phone, screen), 'used', 'code-used'],
  ['used by another phone whose passkey is synced', (screen) => scan(server, almas, screen), 'used', 'code-used'],
]
for (const [name, end, state, code] of ends)
  test(`a frame of a code that is ${name} is a relay attempt, looked at or claimed, on record with both places and told of`, async () => {
    const screen = await screenOf()
    await age(server, screen, 20)
    const old = { id: screen.code.id, secret: frame(screen, 0) }
    await end(screen)
    const looker = nextAddress()
    assert.equal((await stranger(looker).call(contract.inspectCode, old)).state, state)
    assert.deepEqual(await relaysOf(screen), [['denied', looker, 'asked from 198.51.100.7, AU']])
    assert.equal(await noticeOf(screen, 'relay'), 1)
    const claimer = nextAddress()
    const tried = await stranger(claimer).try(contract.claimCode, await liveFrames(server, screen))
    assert.deepEqual([tried.status, said(tried)], [410, code])
    assert.deepEqual((await relaysOf(screen))[0], ['denied', claimer, 'asked from 198.51.100.7, AU'])
    // the code, not the frame, is told of once an hour
    assert.equal(await noticeOf(screen, 'relay'), 1)
  })

test('a frame that was fresh when its code ended is on record as a relay, and alarms nobody', async () => {
  const screen = await screenOf()
  await age(server, screen, 122)
  const tried = await stranger().try(contract.claimCode, await liveFrames(server, screen))
  assert.equal(said(tried), 'code-expired')
  assert.equal((await relaysOf(screen)).length, 1)
  assert.equal(await noticeOf(screen, 'relay'), 0)
})

withEitherKind('whoever claimed a code is no relay when they come back to it, also after it was revoked', async (synced) => {
  const { phone } = own(synced)
  const screen = await screenOf()
  const claimed = await scan(server, phone, screen)
  const one = { id: screen.code.id, secret: frame(screen, 0) }
  assert.equal((await phone.browser.call(contract.inspectCode, one)).state, 'used')
  await olga.browser.call(contract.revokeCode, { id: screen.code.id, reason: 'a drill' })
  assert.equal((await phone.browser.call(contract.inspectCode, one)).state, 'revoked')
  assert.equal(said(await phone.browser.try(contract.claimCode, await liveFrames(server, screen))), 'code-revoked')
  assert.deepEqual(await relaysOf(screen), [])
  assert.equal(claimed.kind, 'sign-in')
  const looks = await eventsOf(screen, 'code.inspected')
  assert.deepEqual(
    looks.map(({ detail }) => [detail.code, detail.by]),
    [
      ['code-revoked', 'the browser that claimed it'],
      ['code-used', 'the browser that claimed it'],
    ],
  )
})

/** Changes a code while a claim of it waits between its look and its burn. */
const whileItWaits = async (screen: Screen, change: string, values: unknown[], work: () => Promise<unknown>): Promise<void> => {
  const rival = new pg.Client({ connectionString: server.databaseUrl })
  await rival.connect()
  try {
    await rival.query('begin')
    await rival.query(`update code set ${change} where id = $1`, [uuidOf(screen.code.id), ...values])
    const done = work()
    await eventually(
      () =>
        server.sql(
          `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query ilike '%update%code%'`,
        ),
      (waiting) => waiting.length > 0,
    )
    await rival.query('commit')
    await done
  } finally {
    await rival.end()
  }
}
test('frames that grow too old before the burn, or lose it to another phone, are relay attempts too', async () => {
  const slow = await screenOf()
  const frames = await liveFrames(server, slow)
  await whileItWaits(slow, `created_at = created_at - interval '60 s'`, [], async () => {
    const tried = await stranger().try(contract.claimCode, frames)
    assert.deepEqual([said(tried), tried.problem.reason], ['code-expired', 'not-live'])
  })
  assert.equal((await relaysOf(slow)).length, 1)
  assert.equal(await noticeOf(slow, 'relay'), 1)
  const lost = await screenOf()
  const theirs = await liveFrames(server, lost)
  await whileItWaits(lost, `claimed_at = now(), claimed_by = $2`, [randomBytes(32)], async () =>
    assert.equal(said(await stranger().try(contract.claimCode, theirs)), 'code-used'),
  )
  assert.equal((await relaysOf(lost)).length, 1)
  assert.equal(await noticeOf(lost, 'relay'), 1)
})

test('relays of a code of one’s own fill no log: what an address sends beyond its events of a minute is one count', async () => {
  const screen = await screenOf()
  await age(server, screen, 20)
  const eve = stranger()
  const old = { id: screen.code.id, secret: frame(screen, 0) }
  const rounds = 150
  const flood = async (work: () => Promise<unknown>) => {
    const counted = async () => {
      await server.core.tally.flush(true)
      const { items } = await olga.browser.call(contract.listEvents, { type: 'request.limited', limit: 200 })
      return items
        .filter(({ address }) => address === eve.headers['x-forwarded-for'])
        .reduce((n, { detail }) => n + Number(detail.count), 0)
    }
    const before = [(await eventsOf(screen, 'code.relayed')).length, await counted()] as const
    await atOnce(rounds, work)
    const recorded = (await eventsOf(screen, 'code.relayed')).length - before[0]
    // sixty a minute, and one more where a notice was due; the calls may lie in two minutes
    assert.ok(recorded <= 121, `${recorded} events`)
    // the one that a notice was due for is counted and recorded, if it was beyond the limit
    const beyond = (await counted()) - before[1]
    assert.ok(recorded + beyond >= rounds && recorded + beyond <= rounds + 1, `${recorded} events, ${beyond} counted`)
  }
  await flood(() => eve.call(contract.inspectCode, old))
  await flood(() => eve.try(contract.claimCode, old))
  await age(server, screen, 120)
  await flood(() => eve.try(contract.claimCode, old))
})

test('a stranger with codes of their own makes one notice an hour; codes that name somebody are always told of', async () => {
  const address = nextAddress()
  const relay = async (screen: Screen) => {
    await age(server, screen, 30)
    await stranger(address).call(contract.inspectCode, { id: screen.code.id, secret: frame(screen, 0) })
    assert.equal((await relaysOf(screen)).length, 1)
    return noticeOf(screen, 'relay')
  }
  assert.equal(await relay(await screenOf()), 1)
  for (let n = 0; n < 3; n++) assert.equal(await relay(await screenOf()), 0)
  const desk = await afterPassword(server.browser(), ada)
  assert.equal(await relay(await desk.call(contract.openQr, {})), 1)
  await server.sql(`update nameless_notice set at = at - interval '61 min'`)
  assert.equal(await relay(await screenOf()), 1)
  assert.equal(await relay(await screenOf()), 0)
})

withEitherKind(
  '"this was not me" of nobody makes one notice an hour and address; once an assertion names somebody it is told of',
  async (synced) => {
    const { ada, phone } = own(synced)
    const address = nextAddress()
    const notMe = async (browser = stranger(address)) => {
      const screen = await screenOf()
      const claimed = await scan(server, { browser }, screen)
      const { options } = await browser.call(contract.declineRequest, { confirm: claimed.confirm, reason: 'not-me' })
      return { screen, browser, claimed, options: options as contract.RequestOptions }
    }
    assert.equal(await noticeOf((await notMe()).screen, 'not-me'), 1)
    for (let n = 0; n < 3; n++) assert.equal(await noticeOf((await notMe()).screen, 'not-me'), 0)
    // a phone of nobody that we know by its key, with a passkey in it
    const { screen, browser, claimed, options } = await notMe()
    assert.equal(await noticeOf(screen, 'not-me'), 0)
    await browser.call(contract.declineRequest, {
      confirm: claimed.confirm,
      reason: 'not-me',
      assertion: phone.authenticator.get(options, { origin: server.origin }),
    })
    const [told, ...more] = (await notices('not-me')).filter(({ event }) => event.codeId === screen.code.id)
    assert.deepEqual([told?.event.actor.name, more], [ada.username, []])
    // her sessions ended with it
    const again = await signIn(server, ada)
    assert.equal((await again.call(contract.myNotices, {})).items[0]?.id, told?.id)
    // a phone that is one person’s is that person’s word, however many of them stand at one address
    phone.browser.headers['x-forwarded-for'] = address
    assert.equal(await noticeOf((await notMe(phone.browser)).screen, 'not-me'), 1)
  },
)

test('what anybody can cause pushes nothing grave out of the list', async () => {
  // one list for both kinds of passkey
  const lost = async (synced: boolean): Promise<string> => {
    const bea = await newPerson(server, olga, ofKind('bea', synced))
    const hers = await enrolPhone(server, olga, bea, { synced })
    await olga.browser.call(contract.reportDeviceLost, { id: hers.deviceId, reason: 'a drill' })
    return hers.deviceId
  }
  const ids = await Promise.all([false, true].map(lost))
  await atOnce(60, (n) => stranger(`192.0.2.${n + 1}`).call(contract.reportCode, { content: `https://elsewhere.example/${n}` }))
  const { items } = await olga.browser.call(contract.myNotices, {})
  assert.equal(items.length, 50)
  const firstReported = items.findIndex(({ kind }) => kind === 'code-reported')
  for (const id of ids) {
    const at = items.findIndex(({ kind, event }) => kind === 'device-lost' && event.device.id === id)
    assert.ok(at >= 0 && at < firstReported, `${at} of ${firstReported}`)
  }
})

withEitherKind(
  'one frame alone where policy takes none: a fresh one is sent to our camera, and only a stale one is a relay attempt',
  async (synced) => {
    const { phone } = own(synced)
    const screen = await screenOf()
    await age(server, screen, 40)
    const n = Math.floor(await ageOf(server, screen))
    for (const ticket of [undefined, `${n}.${n}.${'A'.repeat(22)}`]) {
      const tried = await stranger().try(contract.claimCode, {
        id: screen.code.id,
        secret: frame(screen, n),
        ...(ticket === undefined ? {} : { ticket }),
      })
      assert.deepEqual([tried.status, said(tried), tried.problem.reason], [403, 'not-allowed', 'camera'])
    }
    assert.deepEqual(await relaysOf(screen), [])
    const refused = await eventsOf(screen, 'code.claimed')
    assert.deepEqual(
      refused.map(({ outcome, detail }) => [outcome, detail.code]),
      [
        ['denied', 'not-allowed'],
        ['denied', 'not-allowed'],
      ],
    )
    const stale = await stranger().try(contract.claimCode, { id: screen.code.id, secret: frame(screen, 0) })
    assert.deepEqual([said(stale), stale.problem.reason], ['code-expired', 'not-live'])
    assert.equal((await relaysOf(screen)).length, 1)
    assert.equal(((await scan(server, phone, screen)) as Claimed).context.read, 'frames')
  },
  async (both) => {
    const read = await olga.browser.try(contract.getDeviceSettings, {})
    const { version: _, ...settings } = read.value
    const save = async (oneFrame: boolean) => {
      const etag = (await olga.browser.try(contract.getDeviceSettings, {})).headers.get('etag') as string
      await olga.browser.call(contract.putDeviceSettings, { ...settings, oneFrame }, { headers: { 'if-match': etag } })
    }
    await save(false)
    try {
      await both()
    } finally {
      await save(true)
    }
  },
)
