import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mock, test } from 'node:test'
import * as contract from '@postern/contract'
import { afterPassword } from './support/attack.ts'
import { Browser } from './support/browser.ts'
import { eventually } from './support/deployment.ts'
import { ofKind, withEitherKind } from './support/either-kind.ts'
import { firstOperator, forgetStep, newPerson, passcode, signIn } from './support/people.ts'
import {
  age,
  ageOf,
  approve,
  askPhone,
  type Claimed,
  enrolPhone,
  frame,
  hear,
  liveFrames,
  type Screen,
  scan,
  uuidOf,
} from './support/phones.ts'
import { startServer } from './support/server.ts'

const server = await startServer()
await server.sql(`update authentication_settings set starts_per_minute = 100000, failures_per_minute = 100000`)
const operator = await firstOperator(server)
const ada = await newPerson(server, operator, 'ada')
const phone = await enrolPhone(server, operator, ada)
const alma = await newPerson(server, operator, 'alma')
const almas = await enrolPhone(server, operator, alma, { synced: true })
/** Somebody with a phone of that kind. */
const own = (synced: boolean) => (synced ? { ada: alma, phone: almas } : { ada, phone })
/** Desks come from an address of their own, and from a browser that was never declined. */
let desks = 0
const newDesk = (): Browser => {
  const desk = server.browser()
  desk.headers['x-forwarded-for'] = `198.51.100.${++desks}`
  return desk
}
const eventsOf = async (screen: Screen, type?: string) =>
  (await operator.browser.call(contract.listEvents, { codeId: screen.code.id, ...(type ? { type } : {}) })).items
/** RFC 8785 of a flat object of strings, null and small integers, by the text of the RFC alone: sorted keys, no blanks. */
const canonical = (context: object): string =>
  `{${Object.entries(context)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`)
    .join(',')}}`

for (const synced of [false, true])
  test(`a desk without a password is signed in by a phone that read three frames (${synced ? 'synced' : 'held in the device'})`, async () => {
    const bea = await newPerson(server, operator, synced ? 'bea' : 'bert')
    const hers = await enrolPhone(server, operator, bea, { synced })
    const desk = newDesk()
    const screen = await askPhone(desk)
    assert.match(screen.match, /^[1-9][0-9]$/)
    assert.equal(screen.url, `${server.origin}/c/${screen.code.id}`)
    const claimed = await scan(server, hers, screen)
    assert.equal(claimed.kind, 'sign-in')
    assert.equal(claimed.context.username, bea.username)
    assert.equal(claimed.context.read, 'frames')
    assert.equal(Array.isArray(claimed.options.allowCredentials) && claimed.options.allowCredentials.length, 0)
    const challenge = Buffer.from(claimed.options.challenge, 'base64url')
    assert.equal(challenge.length, 64)
    assert.deepEqual(challenge.subarray(32), createHash('sha256').update(canonical(claimed.context)).digest())
    assert.equal((await desk.try(contract.collectSignIn, {})).problem.code, 'conflict')
    const approved = await approve(hers, server.origin, claimed, screen.match)
    assert.deepEqual([approved.status, approved.value], [200, { state: 'approved' }])
    const { signIn } = await desk.call(contract.collectSignIn, {})
    assert.equal(signIn.state, 'complete')
    // never phr: the phone proved itself to its own page, not to the desk's
    assert.deepEqual([signIn.assurance?.acr, signIn.assurance?.amr], ['aal2', [synced ? 'swk' : 'hwk', 'user', 'mfa']])
    const session = await desk.call(contract.currentSession, {})
    assert.equal(session.user.username, bea.username)
    assert.equal(session.codeId, screen.code.id)
    assert.equal(session.device?.id, hers.deviceId)
    // RFC 10027 §6.1.10: an hour at most
    assert.ok(Date.parse(session.expiresAt) - Date.now() <= 3_600_000)
    assert.equal((await desk.try(contract.collectSignIn, {})).problem.code, 'conflict')
    const told = (await eventsOf(screen)).map(({ type, outcome, biometric, device }) => [type, outcome, biometric, device.id])
    assert.deepEqual(
      told.reverse(),
      [
        ['code.claimed', 'success', 'none', null],
        ['sign-in.phone', 'denied', 'none', null],
        ['approval.approved', 'success', 'verified', hers.deviceId],
        ['sign-in.phone', 'success', 'verified', hers.deviceId],
        ['sign-in.phone', 'denied', 'none', null],
      ].filter(([, outcome]) => outcome !== 'denied'),
    )
  })

test('only frames lead to a moving code: forged ones, the key of its frames and another code’s are of no code', async () => {
  const screen = await askPhone(newDesk())
  const other = await askPhone(newDesk())
  const live = await liveFrames(server, screen)
  const n = Number(live.secret.split('.')[0])
  for (const secret of [
    `${n}.${'A'.repeat(22)}`,
    screen.code.frames.key,
    `frames\n${screen.code.frames.key}`,
    frame(other, n),
    live.secret.replace('.', '.\u0000').slice(0, 20),
    `0${live.secret}`,
  ]) {
    const tried = await phone.browser.try(contract.claimCode, { ...live, secret })
    assert.ok(['code-unknown', 'invalid-request'].includes(tried.problem.code), `${secret}: ${tried.problem.code}`)
    const looked = await phone.browser.try(contract.inspectCode, { id: live.id, secret })
    assert.ok(['code-unknown', 'invalid-request'].includes(looked.problem.code), `${secret}: ${looked.problem.code}`)
  }
  const forged = await phone.browser.try(contract.claimCode, { ...live, frames: [frame(other, n - 2), frame(screen, n - 1)] })
  assert.equal(forged.problem.code, 'code-unknown')
  assert.equal((await phone.browser.call(contract.inspectCode, { id: live.id, secret: live.secret })).state, 'live')
})

test('frames that are stale, skipped, doubled, turned round or alone are refused, and are on record with both places', async () => {
  const attempts: [string, (screen: Screen, n: number) => { secret: string; frames?: string[]; ticket?: string }][] = [
    ['stale', (screen, n) => ({ secret: frame(screen, n - 5), frames: [frame(screen, n - 7), frame(screen, n - 6)] })],
    ['skipped', (screen, n) => ({ secret: frame(screen, n), frames: [frame(screen, n - 3), frame(screen, n - 1)] })],
    ['doubled', (screen, n) => ({ secret: frame(screen, n), frames: [frame(screen, n), frame(screen, n)] })],
    ['turned round', (screen, n) => ({ secret: frame(screen, n - 2), frames: [frame(screen, n), frame(screen, n - 1)] })],
    ['two only', (screen, n) => ({ secret: frame(screen, n), frames: [frame(screen, n - 1)] })],
    ['alone', (screen, n) => ({ secret: frame(screen, n) })],
    ['of the future', (screen, n) => ({ secret: frame(screen, n + 60), frames: [frame(screen, n + 58), frame(screen, n + 59)] })],
    ['with a forged ticket', (screen, n) => ({ secret: frame(screen, n), ticket: `${n}.${n}.${'A'.repeat(22)}` })],
  ]
  for (const [name, make] of attempts) {
    const screen = await askPhone(newDesk())
    await age(server, screen, 20)
    const n = Math.floor(await ageOf(server, screen))
    const tried = await phone.browser.try(contract.claimCode, { id: screen.code.id, ...make(screen, n) })
    assert.deepEqual([tried.status, tried.problem.code, tried.problem.reason], [410, 'code-expired', 'not-live'], name)
    const [relayed] = await eventsOf(screen, 'code.relayed')
    assert.equal(relayed?.outcome, 'denied', name)
    assert.match(String(relayed?.detail.reason), /^asked from 198\.51\.100\.\d+/, name)
    // the code itself is not burnt by it
    assert.equal((await scan(server, phone, screen)).kind, 'sign-in', name)
  }
  const { items } = await operator.browser.call(contract.myNotices, {})
  assert.ok(items.some(({ kind }) => kind === 'relay'))
})

test('a camera app’s one frame gets a ticket while it is fresh, and the ticket lets that very frame claim for a minute', async () => {
  const screen = await askPhone(newDesk())
  await age(server, screen, 14)
  const one = { id: screen.code.id, secret: frame(screen, 0) }
  const looked = await phone.browser.call(contract.inspectCode, one)
  assert.equal(looked.kind, 'sign-in')
  assert.equal(looked.state, 'live')
  const { ticket } = looked
  assert.ok(ticket)
  const others = [
    { ...one, ticket: `${ticket.slice(0, -1)}${ticket.endsWith('A') ? 'B' : 'A'}` },
    { id: one.id, secret: frame(screen, 1), ticket },
  ]
  for (const other of others) assert.equal((await phone.browser.try(contract.claimCode, other)).problem.code, 'code-expired')
  await age(server, screen, 55)
  const claimed = (await phone.browser.call(contract.claimCode, { ...one, ticket })) as Claimed
  assert.equal(claimed.context.read, 'one frame')
  // the next: opened too late
  const late = await askPhone(newDesk())
  await age(server, late, 17)
  const tooLate = await phone.browser.call(contract.inspectCode, { id: late.code.id, secret: frame(late, 0) })
  assert.deepEqual([tooLate.state, tooLate.ticket], ['expired', undefined])
  assert.equal((await eventsOf(late, 'code.relayed')).length, 1)
  // and one whose ticket grew old
  const slow = await askPhone(newDesk())
  const old = await phone.browser.call(contract.inspectCode, { id: slow.code.id, secret: frame(slow, 0) })
  await age(server, slow, 62)
  const tried = await phone.browser.try(contract.claimCode, {
    id: slow.code.id,
    secret: frame(slow, 0),
    ticket: old.ticket as string,
  })
  assert.equal(tried.problem.code, 'code-expired')
})

test('the first phone has it: a second one is told that it was used, on record; the first may ask again', async () => {
  const screen = await askPhone(newDesk())
  const claimed = await scan(server, phone, screen)
  const again = (await phone.browser.call(contract.claimCode, await liveFrames(server, screen))) as Claimed
  assert.deepEqual(again, claimed)
  const second = server.browser()
  const tried = await second.try(contract.claimCode, await liveFrames(server, screen))
  assert.deepEqual([tried.status, tried.problem.code], [410, 'code-used'])
  assert.equal((await eventsOf(screen, 'code.relayed')).length, 1)
  // nor can it decide with the first one's token
  const { assertion } = { assertion: phone.authenticator.get(claimed.options, { origin: server.origin }) }
  const stolen = { confirm: claimed.confirm, assertion, match: screen.match }
  assert.equal((await second.try(contract.approveRequest, stolen)).problem.code, 'code-unknown')
  const declined = await second.try(contract.declineRequest, { confirm: claimed.confirm, reason: 'declined' })
  assert.equal(declined.problem.code, 'code-unknown')
  assert.equal((await phone.browser.try(contract.approveRequest, stolen)).status, 200)
})

withEitherKind('three wrong numbers end a request; each of the first two gets a challenge of its own', async (synced) => {
  const { phone } = own(synced)
  const desk = newDesk()
  const screen = await askPhone(desk)
  const claimed = await scan(server, phone, screen)
  const wrong = screen.match === '10' ? '11' : '10'
  const first = await approve(phone, server.origin, claimed, wrong)
  assert.deepEqual([first.status, first.problem.code, first.problem.triesLeft], [401, 'factor-wrong', 2])
  assert.deepEqual([first.problem.reason, first.problem.errors?.[0]?.code], ['number', 'mismatch'])
  assert.ok(first.problem.options)
  // the challenge of the first try is spent, whatever the number
  assert.equal((await approve(phone, server.origin, claimed, screen.match)).problem.code, 'factor-wrong')
  const next = { ...claimed, options: first.problem.options as contract.RequestOptions }
  const second = await approve(phone, server.origin, next, 'x9')
  assert.equal(second.problem.triesLeft, 1)
  const third = await approve(phone, server.origin, { ...claimed, options: second.problem.options as never }, wrong)
  assert.deepEqual([third.status, third.problem.reason, third.problem.triesLeft], [401, 'number', 0])
  assert.equal(third.problem.options, undefined)
  assert.equal((await approve(phone, server.origin, claimed, screen.match)).problem.code, 'code-used')
  const { told, ended } = await hear(desk)
  await ended
  assert.deepEqual(told.at(-1)?.data, { type: 'denied', reason: 'number' })
  assert.equal((await desk.try(contract.collectSignIn, {})).problem.code, 'conflict')
})

withEitherKind(
  'what is declined is dead at once; each time the browser that asked waits longer for its next one',
  async (synced) => {
    const { phone } = own(synced)
    const desk = newDesk()
    let waited = 0
    for (let round = 0; round < 2; round++) {
      const screen = await askPhone(desk)
      const claimed = await scan(server, phone, screen)
      await phone.browser.call(contract.declineRequest, { confirm: claimed.confirm, reason: 'declined' })
      assert.equal((await approve(phone, server.origin, claimed, screen.match)).problem.code, 'code-used')
      const { told, ended } = await hear(desk)
      await ended
      assert.deepEqual(
        told.map(({ event }) => event),
        ['scanned', 'claimed', 'denied'],
      )
      assert.equal(told.at(-1)?.data.reason, 'declined')
      const next = await desk.try(contract.openQr, {})
      assert.deepEqual([next.status, next.problem.code], [429, 'rate-limited'])
      assert.ok((next.problem.retryAfter as number) > waited)
      waited = next.problem.retryAfter as number
      await server.sql(`update request_wait set open_at = now() where thumbprint = $1`, [desk.thumbprint()])
    }
    // anybody else asks as before
    await askPhone(newDesk())
  },
)

test('who names a person escapes no wait by a new key: browsers unknown to the person wait together, a known one for itself', async () => {
  const declan = await newPerson(server, operator, 'declan')
  const his = await enrolPhone(server, operator, declan)
  const ask = async (browser: Browser, person = declan) => (await afterPassword(browser, person)).try(contract.openQr, {})
  const known = await signIn(server, declan, newDesk())
  let waited = 0
  for (let round = 0; round < 2; round++) {
    const asked = await ask(newDesk())
    assert.equal(asked.status, 200)
    const claimed = await scan(server, his, asked.value)
    await his.browser.call(contract.declineRequest, { confirm: claimed.confirm, reason: 'declined' })
    const next = await ask(newDesk())
    assert.deepEqual([next.status, next.problem.code], [429, 'rate-limited'])
    assert.ok((next.problem.retryAfter as number) > waited)
    waited = next.problem.retryAfter as number
    if (round === 0) await server.sql(`update request_wait set open_at = now()`)
  }
  assert.equal((await ask(known)).status, 200, 'a stranger makes the person’s own browser wait')
  assert.equal((await ask(newDesk(), ada)).status, 200, 'another person waits')
  await askPhone(newDesk()) // nobody is named
})

withEitherKind('"this was not me" tells the operators, and with an assertion signs the person out everywhere', async (synced) => {
  const { phone } = own(synced)
  const cleo = await newPerson(server, operator, ofKind('cleo', synced))
  const hers = await enrolPhone(server, operator, cleo, { synced })
  const open = server.browser()
  await afterPassword(open, cleo)
  await forgetStep(server, cleo)
  await open.call(contract.proveTotp, { code: passcode(cleo.secret) })
  const screen = await askPhone(newDesk())
  const claimed = await scan(server, hers, screen)
  const { options, sessionsEnded } = await hers.browser.call(contract.declineRequest, {
    confirm: claimed.confirm,
    reason: 'not-me',
  })
  assert.ok(options)
  assert.equal(sessionsEnded, undefined)
  assert.equal((await open.call(contract.currentSession, {})).user.username, cleo.username)
  const { items } = await operator.browser.call(contract.myNotices, {})
  assert.ok(items.some(({ kind, event }) => kind === 'not-me' && event.codeId === screen.code.id))
  // another person's phone signs nobody out
  const foreign = { ...options, allowCredentials: [] }
  const theirs = {
    confirm: claimed.confirm,
    reason: 'not-me' as const,
    assertion: phone.authenticator.get(foreign, { origin: server.origin }),
  }
  assert.equal((await hers.browser.try(contract.declineRequest, theirs)).problem.code, 'factor-wrong')
  const fresh = await hers.browser.call(contract.declineRequest, { confirm: claimed.confirm, reason: 'not-me' })
  const assertion = hers.authenticator.get(fresh.options as contract.RequestOptions, { origin: server.origin })
  const all = await hers.browser.call(contract.declineRequest, { confirm: claimed.confirm, reason: 'not-me', assertion })
  assert.ok((all.sessionsEnded as number) >= 1)
  assert.equal((await open.try(contract.currentSession, {})).problem.code, 'no-session')
})

withEitherKind('as the second factor it takes the phone of the very person whose password was proved', async (synced) => {
  const { ada, phone } = own(synced)
  const desk = newDesk()
  await afterPassword(desk, ada)
  const { signIn } = await desk.call(contract.currentSignIn, {})
  assert.deepEqual(signIn.next, ['passkey', 'qr', 'totp', 'recovery-code'])
  const screen = await desk.call(contract.openQr, {})
  const dan = await newPerson(server, operator, ofKind('dan', synced))
  const his = await enrolPhone(server, operator, dan, { synced })
  const stolen = await scan(server, his, screen)
  assert.equal(stolen.context.username, ada.username)
  assert.equal((await approve(his, server.origin, stolen, screen.match)).problem.code, 'factor-wrong')
  const next = await desk.call(contract.openQr, {})
  const claimed = await scan(server, phone, next)
  assert.equal((await approve(phone, server.origin, claimed, next.match)).status, 200)
  const done = await desk.call(contract.collectSignIn, {})
  assert.deepEqual(done.signIn.assurance?.amr, ['pwd', synced ? 'swk' : 'hwk', 'user', 'mfa'])
})

withEitherKind(
  'a sign-in that was opened for somebody takes nobody else’s phone, whether there is such a person or not',
  async (synced) => {
    const { ada, phone } = own(synced)
    for (const username of [own(!synced).ada.username, 'nobody-here']) {
      const desk = newDesk()
      await desk.call(contract.openSignIn, { username })
      const screen = await desk.call(contract.openQr, {})
      const { status, problem } = await approve(phone, server.origin, await scan(server, phone, screen), screen.match)
      assert.deepEqual([status, problem.code, problem.reason], [409, 'conflict', 'another-person'], username)
      assert.equal((await desk.try(contract.collectSignIn, {})).problem.code, 'conflict')
      const [event] = await eventsOf(screen, 'approval.approved')
      assert.deepEqual([event?.outcome, event?.actor.name], ['denied', ada.username])
    }
    // as people write it
    const desk = newDesk()
    await desk.call(contract.openSignIn, { username: ` ${ada.username.toUpperCase()} ` })
    const screen = await desk.call(contract.openQr, {})
    assert.equal((await approve(phone, server.origin, await scan(server, phone, screen), screen.match)).status, 200)
    assert.equal((await desk.call(contract.collectSignIn, {})).signIn.state, 'complete')
  },
)

test('how long a phone has is the database’s to say, however wrong the clock of the process', async () => {
  for (const off of [600_000, -600_000]) {
    mock.timers.enable({ apis: ['Date'], now: Date.now() + off })
    try {
      const screen = await askPhone(newDesk())
      const claimed = await scan(server, phone, screen)
      const timeout = claimed.options.timeout as number
      assert.ok(timeout > 100_000 && timeout <= 120_000, `${timeout} ms`)
      const wrong = await approve(phone, server.origin, claimed, screen.match === '10' ? '11' : '10')
      const next = (wrong.problem.options as Claimed['options']).timeout as number
      assert.ok(next > 100_000 && next <= 120_000, `${next} ms`)
    } finally {
      mock.timers.reset()
    }
  }
})

withEitherKind('who may do more proves a password on the computer first, by default; the screen is told why', async (synced) => {
  const otto = await newPerson(server, operator, ofKind('otto', synced), ['operator'])
  const his = await enrolPhone(server, operator, otto, { synced })
  const desk = newDesk()
  const screen = await askPhone(desk)
  const claimed = await scan(server, his, screen)
  const refused = await approve(his, server.origin, claimed, screen.match)
  assert.deepEqual([refused.status, refused.problem.code, refused.problem.reason], [403, 'not-allowed', 'computer-first'])
  const { told, ended } = await hear(desk)
  await ended
  assert.deepEqual(told.at(-1)?.data, { type: 'denied', reason: 'computer-first' })
  const second = newDesk()
  await afterPassword(second, otto)
  const after = await second.call(contract.openQr, {})
  assert.equal((await approve(his, server.origin, await scan(server, his, after), after.match)).status, 200)
  assert.equal((await second.call(contract.collectSignIn, {})).signIn.state, 'complete')
})

withEitherKind(
  'an approval is collected by the very browser that asked, and by nobody who has its cookie, its id or its address',
  async (synced) => {
    const { phone } = own(synced)
    const desk = newDesk()
    const screen = await askPhone(desk)
    const claimed = await scan(server, phone, screen)
    await approve(phone, server.origin, claimed, screen.match)
    assert.equal((await Browser.withCookiesOf(desk).try(contract.collectSignIn, {})).problem.code, 'session-binding')
    const other = newDesk()
    await other.call(contract.openSignIn, {})
    assert.equal((await other.try(contract.collectSignIn, {})).problem.code, 'conflict')
    assert.equal((await phone.browser.try(contract.collectSignIn, {})).problem.code, 'no-session')
    assert.equal((await desk.call(contract.collectSignIn, {})).signIn.state, 'complete')
  },
)

withEitherKind('what is revoked, lost, suspended or over between the steps opens nothing', async (synced) => {
  const { phone } = own(synced)
  const eva = await newPerson(server, operator, ofKind('eva', synced))
  let hers = await enrolPhone(server, operator, eva, { synced })
  const approvedBy = async (how: (screen: Screen) => Promise<unknown>): Promise<string> => {
    const desk = newDesk()
    const screen = await askPhone(desk)
    const claimed = await scan(server, hers, screen)
    assert.equal((await approve(hers, server.origin, claimed, screen.match)).status, 200)
    await how(screen)
    return (await desk.try(contract.collectSignIn, {})).problem.code
  }
  const claimedBy = async (how: (screen: Screen) => Promise<unknown>): Promise<string> => {
    const screen = await askPhone(newDesk())
    const claimed = await scan(server, hers, screen)
    await how(screen)
    return (await approve(hers, server.origin, claimed, screen.match)).problem.code
  }
  const revoke = ({ code }: Screen) => operator.browser.call(contract.revokeCode, { id: code.id, reason: 'a drill' })
  assert.equal(await claimedBy(revoke), 'code-revoked')
  assert.equal(await approvedBy(revoke), 'conflict')
  assert.equal(await claimedBy((screen) => age(server, screen, 121)), 'code-expired')
  assert.equal(await approvedBy((screen) => age(server, screen, 121)), 'conflict')
  const lost = () => operator.browser.call(contract.reportDeviceLost, { id: hers.deviceId, reason: 'a drill' })
  // the request that it claimed has ended with it, before anything is proved
  assert.equal(await claimedBy(lost), 'code-used')
  hers = await enrolPhone(server, operator, eva, { synced })
  assert.equal(await approvedBy(lost), 'conflict')
  hers = await enrolPhone(server, operator, eva, { synced })
  const suspend = () => operator.browser.call(contract.suspendUser, { id: eva.id })
  assert.equal(await claimedBy(suspend), 'code-used')
  await operator.browser.call(contract.resumeUser, { id: eva.id })
  assert.equal(await approvedBy(suspend), 'conflict')
  // and at the start: at 121 s nothing is claimed
  const screen = await askPhone(newDesk())
  await age(server, screen, 121)
  const tried = await phone.browser.try(contract.claimCode, await liveFrames(server, screen))
  assert.equal(tried.problem.code, 'code-expired')
})

withEitherKind('a new code ends the one before it, also where that was claimed or approved', async (synced) => {
  const { phone } = own(synced)
  const desk = newDesk()
  const first = await askPhone(desk)
  const claimed = await scan(server, phone, first)
  const second = await desk.call(contract.openQr, {})
  assert.equal((await approve(phone, server.origin, claimed, first.match)).problem.code, 'code-used')
  const third = await desk.call(contract.openQr, {})
  assert.equal((await phone.browser.try(contract.claimCode, await liveFrames(server, second))).problem.code, 'code-expired')
  const last = await scan(server, phone, third)
  assert.equal((await approve(phone, server.origin, last, third.match)).status, 200)
  // approved and not collected: what is on the screen now is asked anew
  await desk.call(contract.openQr, {})
  assert.equal((await desk.try(contract.collectSignIn, {})).problem.code, 'conflict')
})

test('a waiting screen hears each step as it happens, and one that comes back hears what it missed', async () => {
  const desk = newDesk()
  const screen = await askPhone(desk)
  const live = await hear(desk)
  await age(server, screen, 3)
  await phone.browser.call(contract.inspectCode, { id: screen.code.id, secret: (await liveFrames(server, screen)).secret })
  await eventually(
    async () => live.told.map(({ event }) => event),
    (told) => told.join() === 'scanned',
  )
  const claimed = await scan(server, phone, screen)
  await eventually(
    async () => live.told.map(({ event }) => event),
    (told) => told.join() === 'scanned,claimed',
  )
  live.close()
  await approve(phone, server.origin, claimed, screen.match)
  const back = await hear(desk)
  await back.ended
  assert.deepEqual(
    back.told.map(({ event }) => event),
    ['scanned', 'claimed', 'approved'],
  )
  assert.deepEqual(
    back.told.map(({ data }) => data.type),
    ['scanned', 'claimed', 'approved'],
  )
  // so no id is given, and none is taken: the document promises none
  const { paths } = (await (await fetch(`${server.origin}/api/openapi.json`)).json()) as {
    paths: Record<string, { get: { parameters?: { name: string }[] } }>
  }
  const takesIds = (path: string) => paths[path]?.get.parameters?.some(({ name }) => name === 'Last-Event-ID') === true
  assert.deepEqual(['/api/sign-ins/current/events', '/api/events/stream'].map(takesIds), [false, true])
  // nobody came: told when its time is over
  const idle = newDesk()
  const unseen = await askPhone(idle)
  await age(server, unseen, 119.5)
  const { told, ended } = await hear(idle)
  await ended
  assert.deepEqual(
    told.map(({ event }) => event),
    ['expired'],
  )
  assert.deepEqual(await eventsOf(unseen), [])
})

test('a screen is told what became of its code, revoked or over, at whatever step, and never that nobody approved what was', async () => {
  const steps: [string, (screen: Screen) => Promise<unknown>][] = [
    ['shown', async () => undefined],
    ['claimed', (screen) => scan(server, phone, screen)],
    ['approved', async (screen) => approve(phone, server.origin, await scan(server, phone, screen), screen.match)],
  ]
  for (const [step, goOn] of steps) {
    const desk = newDesk()
    const screen = await askPhone(desk)
    await goOn(screen)
    const live = step === 'approved' ? undefined : await hear(desk)
    await operator.browser.call(contract.revokeCode, { id: screen.code.id, reason: 'a drill' })
    // the screen that is open hears it by itself, one that comes later from the beginning
    for (const heard of [live, await hear(desk)]) {
      await heard?.ended
      const before = step === 'shown' ? [] : [{ type: 'scanned' }, { type: 'claimed' }]
      if (heard)
        assert.deepEqual(
          heard.told.map(({ data }) => data),
          [...before, { type: 'denied', reason: 'revoked' }],
          step,
        )
    }
    const { status, problem } = await desk.try(contract.collectSignIn, {})
    assert.deepEqual([status, problem.code, problem.reason], [409, 'conflict', step === 'approved' ? 'revoked' : undefined], step)
  }
  const desk = newDesk()
  const screen = await askPhone(desk)
  assert.equal((await approve(phone, server.origin, await scan(server, phone, screen), screen.match)).status, 200)
  await age(server, screen, 121)
  const heard = await hear(desk)
  await heard.ended
  assert.deepEqual(
    heard.told.map(({ data }) => data.type),
    ['scanned', 'claimed', 'expired'],
  )
  const { status, problem } = await desk.try(contract.collectSignIn, {})
  assert.deepEqual([status, problem.code, problem.reason], [409, 'conflict', 'expired'])
  assert.doesNotMatch(problem.detail ?? '', /No phone/)
  const [attempt] = await eventsOf(screen, 'sign-in.phone')
  assert.deepEqual([attempt?.outcome, attempt?.detail.why], ['denied', 'it was not collected in time'])
  // by the policy that this way of signing in goes by, as where it succeeds
  assert.match(String(attempt?.policy), /^devices\/\d+$/)
})

test('a code lives no longer than the sign-in that asks for it: its screen is told when it is over', async () => {
  const desk = newDesk()
  const { signIn } = await desk.call(contract.openSignIn, {})
  await server.sql(`update sign_in set expires_at = now() + interval '40 s' where id = $1`, [uuidOf(signIn.id)])
  const screen = await desk.call(contract.openQr, {})
  const left = Date.parse(screen.code.expiresAt) - Date.now()
  assert.ok(left > 30_000 && left <= 41_000, `${left} ms`)
  await scan(server, phone, screen)
  await age(server, screen, 36)
  const heard = await hear(desk)
  await heard.ended
  assert.equal(heard.told.at(-1)?.data.type, 'expired')
})

test('whoever looks late at a request that ended hears that a phone had claimed it', async () => {
  const desk = newDesk()
  const screen = await askPhone(desk)
  let claimed = await scan(server, phone, screen)
  const wrong = screen.match === '10' ? '11' : '10'
  for (let tries = 1; tries <= 3; tries++) {
    const { problem } = await approve(phone, server.origin, claimed, wrong)
    claimed = { ...claimed, options: (problem.options ?? claimed.options) as Claimed['options'] }
  }
  const heard = await hear(desk)
  await heard.ended
  assert.deepEqual(
    heard.told.map(({ data }) => data),
    [{ type: 'scanned' }, { type: 'claimed' }, { type: 'denied', reason: 'number' }],
  )
})

withEitherKind(
  'the phone that claimed is told what became of its request, whatever ended it; nobody else is told anything',
  async (synced) => {
    const eve = await newPerson(server, operator, ofKind('eve', synced))
    const hers = await enrolPhone(server, operator, eve, { synced })
    type Claim = { desk: Browser; screen: Screen; claimed: Claimed }
    const claim = async (desk = newDesk()): Promise<Claim> => {
      const screen = await askPhone(desk)
      return { desk, screen, claimed: await scan(server, hers, screen) }
    }
    const told = ({ claimed: { confirm } }: Claim) => hers.browser.call(contract.claimedRequest, { confirm })
    const refuse = (reason: 'declined' | 'not-me') => (its: Claim) =>
      hers.browser.call(contract.declineRequest, { confirm: its.claimed.confirm, reason })
    const wrong = async ({ claimed, screen }: Claim) => {
      for (let { options } = claimed, tries = 0; tries < 3; tries++)
        ({ options = options } = (
          await approve(hers, server.origin, { ...claimed, options }, screen.match === '42' ? '43' : '42')
        ).problem as { options?: Claimed['options'] })
    }
    const ends: [state: string, reason: string | undefined, (its: Claim) => Promise<unknown>][] = [
      ['approved', undefined, ({ claimed, screen }) => approve(hers, server.origin, claimed, screen.match)],
      ['denied', 'declined', refuse('declined')],
      ['denied', 'not-me', refuse('not-me')],
      ['denied', 'number', wrong],
      ['denied', 'replaced', ({ desk }) => desk.call(contract.openQr, {})],
      ['expired', undefined, ({ screen }) => age(server, screen, 121)],
      [
        'revoked',
        undefined,
        ({ screen }) => operator.browser.call(contract.revokeCode, { id: screen.code.id, reason: 'a drill' }),
      ],
      [
        'withdrawn',
        undefined,
        async ({ desk }) => {
          await desk.call(contract.provePassword, { username: eve.username, password: eve.password })
          await forgetStep(server, eve)
          await desk.call(contract.proveTotp, { code: passcode(eve.secret) })
        },
      ],
      ['denied', 'device', () => operator.browser.call(contract.reportDeviceLost, { id: hers.deviceId })],
    ]
    for (const [state, reason, end] of ends) {
      const its = await claim()
      assert.deepEqual(await told(its), { state: 'claimed' })
      await end(its)
      assert.deepEqual(await told(its), { state, ...(reason ? { reason } : {}) }, `${state} ${reason}`)
    }
    // what was approved stays so for its phone, collected or not
    const itsAddress = `203.0.113.${synced ? 2 : 1}`
    const last = await enrolPhone(server, operator, eve, { synced, address: itsAddress })
    const desk = newDesk()
    const screen = await askPhone(desk)
    const claimed = await scan(server, last, screen)
    assert.equal((await approve(last, server.origin, claimed, screen.match)).status, 200)
    await desk.call(contract.collectSignIn, {})
    assert.deepEqual(await last.browser.call(contract.claimedRequest, { confirm: claimed.confirm }), { state: 'approved' })
    // by the key that claimed alone, and with a proof; a wrong token is on record
    const { confirm } = claimed
    assert.equal((await desk.try(contract.claimedRequest, { confirm })).problem.code, 'code-unknown')
    assert.equal((await last.browser.try(contract.claimedRequest, { confirm: `${confirm}x` })).problem.code, 'code-unknown')
    assert.equal((await last.browser.try(contract.claimedRequest, { confirm }, { proof: false })).problem.code, 'session-binding')
    for (const address of [itsAddress, desk.headers['x-forwarded-for']]) {
      const { items } = await operator.browser.call(contract.listEvents, { type: 'code.inspected', outcome: 'failure', address })
      assert.deepEqual(
        items.map(({ detail }) => detail.code),
        ['code-unknown'],
      )
    }
    // a person who is suspended takes along what their phone has claimed, and both ends hear it
    const open = newDesk()
    const shown = await askPhone(open)
    const theirs = await scan(server, last, shown)
    await operator.browser.call(contract.suspendUser, { id: eve.id })
    assert.deepEqual(await last.browser.call(contract.claimedRequest, { confirm: theirs.confirm }), {
      state: 'denied',
      reason: 'device',
    })
    const { value } = await open.try(contract.currentSignIn, {})
    assert.equal(value?.signIn.state, 'pending', 'the computer may go on in another way')
  },
)

test('an assertion for another purpose, request, context or page is refused', async () => {
  const screen = await askPhone(newDesk())
  const claimed = await scan(server, phone, screen)
  const other = await askPhone(newDesk())
  const stranger = await enrolPhone(server, operator, await newPerson(server, operator, 'fay'))
  const otherClaim = await scan(server, stranger, other)
  const send = (assertion: contract.Assertion) =>
    phone.browser.try(contract.approveRequest, { confirm: claimed.confirm, assertion, match: screen.match })
  const { authenticator } = phone
  const { origin } = server
  // of another request, though it shows the same
  assert.equal(
    (await send(authenticator.get({ ...claimed.options, challenge: otherClaim.options.challenge }, { origin }))).problem.code,
    'factor-wrong',
  )
  // of the sign-in page
  const desk = newDesk()
  await desk.call(contract.openSignIn, {})
  const forDesk = await desk.call(contract.signInPasskeyOptions, {})
  assert.equal(
    (await send(authenticator.get({ ...claimed.options, challenge: forDesk.challenge }, { origin }))).problem.code,
    'factor-wrong',
  )
  // one that was made up
  const made = Buffer.concat([Buffer.alloc(32), Buffer.from(claimed.options.challenge, 'base64url').subarray(32)]).toString(
    'base64url',
  )
  assert.equal((await send(authenticator.get({ ...claimed.options, challenge: made }, { origin }))).problem.code, 'factor-wrong')
  // and an approval's is no sign-in of the phone
  const onPhone = await phone.browser.try(contract.provePasskey, { assertion: authenticator.get(claimed.options, { origin }) })
  assert.equal(onPhone.problem.code, 'no-session')
  assert.equal((await approve(phone, origin, claimed, screen.match)).status, 200)
})

withEitherKind('a session is stepped up by the phone: its person is named, and its cookie is new', async (synced) => {
  const { ada, phone } = own(synced)
  const desk = server.browser()
  await afterPassword(desk, ada)
  await forgetStep(server, ada)
  await desk.call(contract.proveTotp, { code: passcode(ada.secret) })
  const before = desk.cookies.get('postern-session')
  const { signIn } = await desk.call(contract.stepUp, {})
  assert.deepEqual(signIn.next, ['passkey', 'qr', 'password'])
  const screen = await desk.call(contract.openQr, {})
  const claimed = await scan(server, phone, screen)
  assert.deepEqual([claimed.kind, claimed.context.purpose, claimed.context.username], ['approve', 'step-up', ada.username])
  assert.equal(claimed.context.known, 'yes')
  assert.equal((await approve(phone, server.origin, claimed, screen.match)).status, 200)
  assert.equal((await desk.call(contract.collectSignIn, {})).signIn.state, 'complete')
  assert.notEqual(desk.cookies.get('postern-session'), before)
  assert.equal((await desk.call(contract.currentSession, {})).codeId, screen.code.id)
  // only a passkey reaches phr
  const stronger = await desk.call(contract.stepUp, { acr: 'phr' })
  assert.deepEqual(stronger.signIn.next, ['passkey'])
  assert.equal((await desk.try(contract.openQr, {})).problem.code, 'conflict')
})

test('a sign-in code is listed where it is asked for, and never re-issued, edited or drawn', async () => {
  const screen = await askPhone(newDesk())
  const all = await operator.browser.call(contract.listCodes, { limit: 200 })
  assert.ok(all.items.every(({ kind }) => kind !== 'sign-in' && kind !== 'approve'))
  const asked = await operator.browser.call(contract.listCodes, { kind: 'sign-in', limit: 200 })
  assert.ok(asked.items.some(({ id }) => id === screen.code.id))
  const byId = await operator.browser.call(contract.listCodes, { q: screen.code.id })
  assert.deepEqual(
    byId.items.map(({ id }) => id),
    [screen.code.id],
  )
  const again = await operator.browser.try(contract.reissueCode, { id: screen.code.id })
  assert.deepEqual([again.status, again.problem.code], [409, 'conflict'])
  const drawn = await operator.browser.try(contract.codeSymbolSvg, { id: screen.code.id })
  assert.deepEqual([drawn.status, drawn.problem.code], [409, 'code-not-drawable'])
  // the words are of this kind: it is not static, and nobody can issue it again
  for (const { problem } of [again, drawn]) assert.match(problem.detail ?? '', /the screen that shows it/)
  const checked = await server
    .browser()
    .call(contract.checkCode, { content: `${screen.url}#${(await liveFrames(server, screen)).secret}` })
  assert.equal(checked.verdict, 'genuine')
  assert.equal(uuidOf(screen.code.id).length, 36)
})
