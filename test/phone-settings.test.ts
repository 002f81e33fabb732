import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import canonicalize from 'canonicalize'
import { afterPassword, atOnce, from, said, settle, tallied } from './support/attack.ts'
import { Browser } from './support/browser.ts'
import { eitherKindInTurn, ofKind, withEitherKind } from './support/either-kind.ts'
import { firstOperator, forgetStep, newPerson, type Person, passcode, signIn } from './support/people.ts'
import {
  age,
  approve,
  askPhone,
  type Claimed,
  enrolPhone,
  frame,
  hear,
  liveFrames,
  type Phone,
  type Screen,
  scan,
  uuidOf,
} from './support/phones.ts'
import { freePort, startServer } from './support/server.ts'

const server = await startServer()
await server.sql(`update authentication_settings set starts_per_minute = 100000, failures_per_minute = 100000`)
const olga = await firstOperator(server)
const ada = await newPerson(server, olga, 'ada')
const phone = await enrolPhone(server, olga, ada)
const alma = await newPerson(server, olga, 'alma')
const almas = await enrolPhone(server, olga, alma, { synced: true })
/** Somebody with a phone of that kind. */
const own = (synced: boolean) => (synced ? { ada: alma, phone: almas } : { ada, phone })

const settingsOf = async () => olga.browser.try(contract.getDeviceSettings, {})
/** Saved as Settings → Devices saves them, and on record; `work` is done under them, and they are put back. */
const under = async (more: Partial<contract.DeviceSettings>, work: () => Promise<void>): Promise<void> => {
  const read = await settingsOf()
  const { version: _, ...before } = read.value
  const save = async (settings: contract.DeviceSettings) => {
    const etag = (await settingsOf()).headers.get('etag') as string
    return olga.browser.call(contract.putDeviceSettings, settings, { headers: { 'if-match': etag } })
  }
  const saved = await save({ ...before, ...more })
  const [event] = (await olga.browser.call(contract.listEvents, { type: 'settings.changed', limit: 1 })).items
  assert.deepEqual([event?.outcome, event?.subject?.name, event?.detail.version], ['success', 'devices', saved.version])
  for (const [name, value] of Object.entries(more)) assert.equal(event?.detail[`${name}.to`], JSON.stringify(value))
  try {
    await work()
  } finally {
    await save(before)
  }
}
const places = { london: '81.2.69.142', mountainView: '8.8.8.8', alsoThere: '8.8.4.4', home: '10.1.2.3', sofa: '10.1.2.99' }
const phoneAt = (address: string, which: Phone): Phone => {
  which.browser.headers['x-forwarded-for'] = address
  return which
}
const claim = async (which: Phone, screen: Screen) => which.browser.try(contract.claimCode, await liveFrames(server, screen))
const toldLast = async (desk: Browser) => {
  const { told, ended } = await hear(desk)
  await ended
  return told.map(({ data }) => data)
}
const codes = async (): Promise<number> => Number((await server.sql(`select count(*) as n from code`))[0]?.n)
const denials = async () => (await olga.browser.call(contract.listEvents, { type: 'request.denied' })).items
const signedIn = async (desk: Browser, person: Person): Promise<Browser> => {
  await afterPassword(desk, person)
  await forgetStep(server, person)
  await desk.call(contract.proveTotp, { code: passcode(person.secret) })
  return desk
}

test(
  'near: by default the phone is warned of a far desk; where policy requires it the claim is refused, and the screen told',
  eitherKindInTurn(async (synced) => {
    const { ada, phone } = own(synced)
    const warned = await scan(server, phoneAt(places.london, phone), await askPhone(from(server, places.mountainView)))
    assert.deepEqual([warned.context.near, warned.context.country], ['no', 'US'])
    await under({ near: 'require' }, async () => {
      for (const [desk, at, near] of [
        [places.mountainView, places.london, 'no'],
        [places.home, places.london, 'unknown'],
      ] as const) {
        const screenOf = from(server, desk)
        const screen = await askPhone(screenOf)
        const refused = await claim(phoneAt(at, phone), screen)
        assert.deepEqual([refused.status, refused.problem.code, refused.problem.reason], [403, 'not-allowed', 'far'], near)
        // dead, also for a phone that is near; the screen hears of no claim
        assert.deepEqual(await toldLast(screenOf), [{ type: 'denied', reason: 'far' }])
        assert.notEqual((await claim(phoneAt(desk, phone), screen)).status, 200)
        const [event] = (await olga.browser.call(contract.listEvents, { codeId: screen.code.id, outcome: 'denied' })).items.slice(
          -1,
        )
        assert.deepEqual([event?.type, event?.detail.near, event?.subject?.name], ['code.claimed', near, ada.username])
        assert.match(String(event?.policy), /^devices\/\d+$/)
      }
      for (const [desk, at, near] of [
        [places.mountainView, places.alsoThere, 'country'],
        [places.home, places.sofa, 'network'],
      ] as const) {
        const browser = from(server, desk)
        const screen = await askPhone(browser)
        const claimed = await scan(server, phoneAt(at, phone), screen)
        assert.equal(claimed.context.near, near)
        assert.equal(said(await approve(phone, server.origin, claimed, screen.match)), '200')
        assert.equal((await browser.call(contract.collectSignIn, {})).signIn.state, 'complete')
      }
    })
    delete phone.browser.headers['x-forwarded-for']
  }),
)

test(
  'near and known browser off: neither is looked at, shown, signed or on record; what is signed says so',
  eitherKindInTurn(async (synced) => {
    const { ada, phone } = own(synced)
    const before = phoneAt(places.london, phone)
    const known = await signedIn(from(server, places.mountainView), ada)
    const claimedBy = async (more: Partial<contract.DeviceSettings>) => {
      let told: unknown[] = []
      await under(more, async () => {
        const screen = await askPhone(known)
        const { context, options, confirm } = await scan(server, before, screen)
        const tail = Buffer.from(options.challenge, 'base64url').subarray(32)
        assert.deepEqual(
          tail,
          createHash('sha256')
            .update(canonicalize(context) as string)
            .digest(),
        )
        assert.equal(said(await approve(before, server.origin, { context, options, confirm } as Claimed, screen.match)), '200')
        const { items } = await olga.browser.call(contract.listEvents, { codeId: screen.code.id })
        told = [context.near, context.known, context.unasked]
        for (const { detail } of items) told.push([detail.near, detail.known])
      })
      return told
    }
    assert.deepEqual(await claimedBy({}), ['no', 'yes', undefined, ['no', 'yes'], ['no', 'yes']])
    assert.deepEqual(await claimedBy({ near: 'off' }), ['unknown', 'yes', ['near'], [undefined, 'yes'], [undefined, 'yes']])
    assert.deepEqual(await claimedBy({ knownBrowser: 'off' }), ['no', 'unknown', ['known'], ['no', undefined], ['no', undefined]])
    assert.deepEqual(await claimedBy({ near: 'off', knownBrowser: 'off' }), [
      'unknown',
      'unknown',
      ['near', 'known'],
      [undefined, undefined],
      [undefined, undefined],
    ])
    delete phone.browser.headers['x-forwarded-for']
  }),
)

test('near: behind a proxy that nobody named everybody has its address, and nobody is near', async (t) => {
  // the page's own name first; the tests come in by localhost, as such a proxy does
  const port = await freePort()
  const name = 'https://postern.example.org'
  const env = { POSTERN_ORIGIN: `${name},http://localhost:${port}`, POSTERN_LISTEN: `127.0.0.1:${port}` }
  const hidden = await startServer({ env: { ...env, POSTERN_TRUSTED_PROXIES: '' } })
  const local = { ...hidden, browser: () => Object.assign(new Browser(`http://localhost:${port}`), { audience: name }) }
  const hanna = await firstOperator(local)
  const journey = eitherKindInTurn(async (synced) => {
    const ida = await newPerson(local, hanna, ofKind('ida', synced))
    const hers = await enrolPhone({ ...local, origin: name }, hanna, ida, { synced })
    // the other kind left it at its end
    await local.sql(`update device_settings set near = default`)
    const first = await askPhone(local.browser())
    assert.deepEqual((await scan(local, hers, first)).context.near, 'unknown')
    await local.sql(`update device_settings set near = 'require'`)
    const desk = local.browser()
    const tried = await hers.browser.try(contract.claimCode, await liveFrames(local, await askPhone(desk)))
    assert.deepEqual([tried.status, tried.problem.reason], [403, 'far'])
  })
  await journey(t)
})

test('near: a phone that was too far ends the code; asking again and again fills no log', async () => {
  await under({ near: 'require' }, async () => {
    const screen = await askPhone(from(server, places.mountainView))
    const far = phoneAt(places.london, own(false).phone)
    assert.equal((await claim(far, screen)).problem.reason, 'far')
    await settle(10, 60)
    const again = await Promise.all(Array.from({ length: 80 }, () => claim(far, screen)))
    assert.deepEqual([...new Set(again.map(({ problem }) => problem.code))], ['code-expired'])
    const { items } = await olga.browser.call(contract.listEvents, { codeId: screen.code.id, limit: 200 })
    assert.ok(items.length <= 61, `${items.length} events`)
    assert.deepEqual([...new Set(items.map(({ type }) => type))].sort(), ['code.claimed', 'code.relayed'])
  })
})

test('known browser: where policy requires one, a browser that nobody signed in by gets no code at all', async () => {
  await under({ knownBrowser: 'require' }, async () => {
    const fresh = server.browser()
    await fresh.call(contract.openSignIn, {})
    const before = await codes()
    const refused = await fresh.try(contract.openQr, {})
    assert.deepEqual([refused.status, refused.problem.code, refused.problem.reason], [403, 'not-allowed', 'unknown-browser'])
    assert.equal(await codes(), before)
    const [event] = await denials()
    assert.deepEqual([event?.outcome, event?.detail.why], ['denied', 'a browser that nobody signed in by'])
    assert.match(String(event?.policy), /^devices\/\d+$/)
  })
})

withEitherKind(
  'known browser: where policy requires one, a phone signs its person in at a browser that is theirs, and at no other',
  async (synced) => {
    const { ada, phone } = own(synced)
    const known = await signedIn(server.browser(), ada)
    const screen = await askPhone(known)
    const claimed = await scan(server, phone, screen)
    assert.equal(claimed.context.known, 'yes')
    assert.equal(said(await approve(phone, server.origin, claimed, screen.match)), '200')
    assert.equal((await known.call(contract.collectSignIn, {})).signIn.state, 'complete')

    // of somebody else: the code is offered, for nobody is named yet; the person's own phone is refused
    const bea = await newPerson(server, olga, ofKind('bea', synced))
    const hers = await enrolPhone(server, olga, bea, { synced })
    const shared = await askPhone(known)
    const asBea = await scan(server, hers, shared)
    assert.equal(asBea.context.known, 'no')
    const denied = await approve(hers, server.origin, asBea, shared.match)
    assert.deepEqual([said(denied), denied.problem.reason], ['not-allowed', 'unknown-browser'])
    assert.equal((await toldLast(known)).at(-1)?.type, 'denied')
    assert.equal(said(await known.try(contract.collectSignIn, {})), 'conflict')
    // nor by a page whose key is on no device's file, so that its claim names nobody: the rule is of the person who approves
    const elsewhere = { ...hers, browser: server.browser() }
    const again = await askPhone(known)
    const unnamed = await scan(server, elsewhere, again)
    assert.deepEqual([unnamed.context.username, unnamed.context.known], [null, 'unknown'])
    const refusedToo = await approve(elsewhere, server.origin, unnamed, again.match)
    assert.deepEqual([said(refusedToo), refusedToo.problem.reason], ['not-allowed', 'unknown-browser'])
    const [judged] = (await olga.browser.call(contract.listEvents, { codeId: again.code.id, type: 'approval.approved' })).items
    assert.deepEqual([judged?.outcome, judged?.actor.name, judged?.detail.known], ['denied', bea.username, 'no'])
    assert.equal((await toldLast(known)).at(-1)?.reason, 'policy')
    assert.equal(said(await known.try(contract.collectSignIn, {})), 'conflict')
    // her own browser is hers by such a page, too
    const beas = await signedIn(server.browser(), bea)
    const third = await askPhone(beas)
    const unnamedToo = await scan(server, elsewhere, third)
    assert.equal(unnamedToo.context.known, 'unknown')
    assert.equal(said(await approve(elsewhere, server.origin, unnamedToo, third.match)), '200')
    // and after their password not even offered
    await afterPassword(known, bea)
    assert.equal(said(await known.try(contract.openQr, {})), 'not-allowed')
    // 90 days are the end of it
    await server.sql(`update known_browser set last_at = now() - interval '91 days' where thumbprint = $1`, [known.thumbprint()])
    await known.call(contract.openSignIn, {})
    assert.equal(said(await known.try(contract.openQr, {})), 'not-allowed')
  },
  (both) => under({ knownBrowser: 'require' }, both),
)

test('start networks: our code is for the networks that are named; the other ways stay', async () => {
  await under({ startNetworks: ['198.51.100.0/24', '2001:db8:7::/48'] }, async () => {
    for (const inside of ['198.51.100.7', '2001:db8:7:1::5']) assert.ok((await askPhone(from(server, inside))).match)
    for (const outside of ['198.51.101.7', '2001:db8:8::1', '127.0.0.1']) {
      const desk = from(server, outside)
      const { signIn: opened } = await desk.call(contract.openSignIn, {})
      assert.ok(opened.next.includes('password'))
      const before = await codes()
      const refused = await desk.try(contract.openQr, {})
      assert.deepEqual([refused.status, refused.problem.reason], [403, 'network'], outside)
      assert.equal(await codes(), before)
      assert.equal((await denials())[0]?.detail.why, 'outside the networks that may ask')
      await signedIn(desk, ada)
    }
  })
})

test('start networks: what is no network is refused with what would be one', async () => {
  const { version: _, ...settings } = (await settingsOf()).value
  const etag = (await settingsOf()).headers.get('etag') as string
  for (const wrong of ['10.0.0.1', '10.0.0.0/33', 'office']) {
    const save = { ...settings, startNetworks: ['192.0.2.0/24', wrong] }
    const { status, problem } = await olga.browser.try(contract.putDeviceSettings, save, { headers: { 'if-match': etag } })
    assert.deepEqual([status, problem.errors?.map(({ path }) => path)], [422, ['startNetworks.1']], wrong)
    assert.match(problem.detail ?? '', /192\.0\.2\.0\/24/, wrong)
  }
})

test('start networks: asking again and again from elsewhere costs starts, and fills no log', async () => {
  const address = '203.0.113.77'
  const asks = async (): Promise<string> => said(await desk.try(contract.openQr, {}))
  const desk = from(server, address)
  await under({ startNetworks: ['198.51.100.0/24'] }, async () => {
    await server.sql(`update authentication_settings set starts_per_minute = 5`)
    try {
      await settle(15, 60)
      await desk.call(contract.openSignIn, {})
      const answers = tallied(await atOnce(12, asks))
      assert.deepEqual(answers, { 'not-allowed': 4, 'rate-limited': 8 })
    } finally {
      await server.sql(`update authentication_settings set starts_per_minute = 100000`)
    }
    const { items } = await olga.browser.call(contract.listEvents, { type: 'request.denied', address })
    assert.equal(items.length, 4)
  })
})

test(
  'qr: off it is offered nowhere; as the second factor after a password alone; at a step-up likewise',
  eitherKindInTurn(async (synced) => {
    const { ada } = own(synced)
    const next = async (desk: Browser) => (await desk.call(contract.currentSignIn, {})).signIn.next
    const desk = await signIn(server, ada)
    for (const [qr, alone, after] of [
      ['off', ['passkey', 'password'], ['passkey', 'totp', 'recovery-code']],
      ['second-factor', ['passkey', 'password'], ['passkey', 'qr', 'totp', 'recovery-code']],
      ['passwordless', ['passkey', 'qr', 'password'], ['passkey', 'qr', 'totp', 'recovery-code']],
    ] as const) {
      const work = async () => {
        const browser = server.browser()
        await browser.call(contract.openSignIn, {})
        assert.deepEqual(await next(browser), alone, qr)
        assert.equal(said(await browser.try(contract.openQr, {})), qr === 'passwordless' ? '200' : 'conflict', qr)
        await browser.call(contract.provePassword, { username: ada.username, password: ada.password })
        assert.deepEqual(await next(browser), after, qr)
        const tried = await browser.try(contract.openQr, {})
        assert.equal(said(tried), qr === 'off' ? 'conflict' : '200', qr)
        await desk.call(contract.stepUp, {})
        assert.equal((await next(desk)).includes('qr'), qr === 'passwordless')
      }
      if (qr === 'passwordless') await work()
      else await under({ qr }, work)
    }
  }),
)

test(
  'qr: what was drawn before it was switched off signs nobody in without the password',
  eitherKindInTurn(async (synced) => {
    const { phone } = own(synced)
    for (const qr of ['off', 'second-factor'] as const) {
      const desk = server.browser()
      const screen = await askPhone(desk)
      const claimed = await scan(server, phone, screen)
      const approved = server.browser()
      const earlier = await askPhone(approved)
      assert.equal(said(await approve(phone, server.origin, await scan(server, phone, earlier), earlier.match)), '200')
      await under({ qr }, async () => {
        const refused = await approve(phone, server.origin, claimed, screen.match)
        const reason = qr === 'off' ? 'policy' : 'computer-first'
        assert.deepEqual([refused.status, refused.problem.code, refused.problem.reason], [403, 'not-allowed', reason])
        // the screen and the phone are told by the same word
        assert.deepEqual((await toldLast(desk)).at(-1), { type: 'denied', reason })
        for (const each of [desk, approved]) {
          const { problem } = await each.try(contract.collectSignIn, {})
          assert.deepEqual([problem.code, problem.reason], ['conflict', reason])
        }
      })
    }
  }),
)

test(
  'one frame: where policy takes none, a camera app’s look gets no ticket, and one from before is worth nothing',
  eitherKindInTurn(async (synced) => {
    const { phone } = own(synced)
    const screen = await askPhone(server.browser())
    const one = { id: screen.code.id, secret: frame(screen, 0) }
    const { ticket } = await phone.browser.call(contract.inspectCode, one)
    assert.ok(ticket)
    await under({ oneFrame: false }, async () => {
      const looked = await phone.browser.call(contract.inspectCode, one)
      assert.deepEqual([looked.state, looked.ticket], ['live', undefined])
      const tried = await phone.browser.try(contract.claimCode, { ...one, ticket })
      assert.deepEqual([tried.status, tried.problem.code, tried.problem.reason], [403, 'not-allowed', 'camera'])
      // three frames are taken still
      assert.equal((await scan(server, phone, screen)).context.read, 'frames')
    })
  }),
)

withEitherKind(
  'session minutes: a session that our code opened ends by them, and no call makes it longer',
  async (synced) => {
    const { ada, phone } = own(synced)
    const desk = server.browser()
    const screen = await askPhone(desk)
    await approve(phone, server.origin, await scan(server, phone, screen), screen.match)
    await desk.call(contract.collectSignIn, {})
    const session = await desk.call(contract.currentSession, {})
    const left = Date.parse(session.expiresAt) - Date.now()
    assert.ok(left > 290_000 && left <= 300_000, String(left))
    await server.sql(`update session set expires_at = expires_at - interval '5 min' where id = $1`, [uuidOf(session.id)])
    assert.equal(said(await desk.try(contract.currentSession, {})), 'no-session')
    // others are as long as ever
    const other = await signIn(server, ada)
    assert.ok(Date.parse((await other.call(contract.currentSession, {})).expiresAt) - Date.now() > 3_600_000)
  },
  (both) => under({ sessionMinutes: 5 }, both),
)

test(
  'computer first: without it an operator signs in by the phone alone; with it for users too they cannot',
  eitherKindInTurn(async (synced) => {
    const { phone } = own(synced)
    const otto = await newPerson(server, olga, ofKind('otto', synced), ['operator'])
    const his = await enrolPhone(server, olga, otto, { synced })
    const alone = async (which: Phone): Promise<string> => {
      const screen = await askPhone(server.browser())
      await age(server, screen, 3)
      return said(await approve(which, server.origin, await scan(server, which, screen), screen.match))
    }
    assert.equal(await alone(his), 'not-allowed')
    assert.equal(await alone(phone), '200')
    await under({ computerFirst: ['user'] }, async () => {
      assert.equal(await alone(his), '200')
      assert.equal(await alone(phone), 'not-allowed')
    })
  }),
)
