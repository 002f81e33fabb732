import assert from 'node:assert/strict'
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import { Authenticator } from './support/authenticator.ts'
import { Browser } from './support/browser.ts'
import { machine } from './support/deployment.ts'
import { firstOperator, forgetStep, goodPassword, keyOf, newPerson, partsOf, passcode } from './support/people.ts'
import { age, ageOf, askPhone, type Claimed, claimDevice, enrolPhone, frame, liveFrames, phoneAgent } from './support/phones.ts'
import { freePort, startServer, type TestServer } from './support/server.ts'
import { shownOrigin, Transcript } from './support/transcript.ts'

const folder = join(import.meta.dirname, '../docs/flows')
const again = 'UPDATE_FLOWS=1 npm test -- test/flows.test.ts'
/** `UPDATE_FLOWS=1` writes the files anew; otherwise each must be, byte by byte, what was recorded just now. */
const settle = (name: string, transcript: Transcript): void => {
  const file = join(folder, name)
  const text = transcript.text()
  if (process.env.UPDATE_FLOWS) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(file, text)
    return
  }
  assert.ok(existsSync(file), `${name} is not there: ${again}`)
  assert.equal(text, readFileSync(file, 'utf8'), `${name} is not what happens: ${again}`)
}

/** A server under its public name, as behind a proxy; set-up goes to it by localhost, and stands in no transcript. */
const publicServer = async (): Promise<{ server: TestServer; open: (title: string, about: string) => Transcript }> => {
  const port = await freePort()
  const local = `http://localhost:${port}`
  const env = { POSTERN_ORIGIN: `${shownOrigin},${local}`, POSTERN_LISTEN: `127.0.0.1:${port}` }
  const server = await startServer({ env })
  return {
    server: { ...server, browser: () => Object.assign(new Browser(local), { audience: shownOrigin }) },
    open: (title, about) => new Transcript(title, about, local),
  }
}

test('the first operator enrols as the transcript says', async () => {
  const { server, open } = await publicServer()
  const flow = open(
    'The first operator',
    'A start without an operator prints a link and its symbol, good once and for 30 minutes. Whoever opens it chooses a user name and a password, sets up a TOTP key, and is the owner.',
  )
  const code = partsOf(await server.bootstrapUrl())
  const page = server.browser()
  const who = 'The page of the link'
  await flow.call(who, 'It asks what the code is. Nothing changes, however often it asks.', page, contract.inspectCode, code)
  const claimed = await flow.call(
    who,
    'After a tap it claims the code, with the user name that was chosen. The TOTP key leaves the server once, in this answer; what follows is for this browser’s key alone.',
    page,
    contract.claimCode,
    { ...code, username: 'olga', factor: 'totp' },
  )
  const confirm = { confirm: claimed.confirm, code: passcode(keyOf(claimed).secret), signIn: true }
  await flow.refused(
    who,
    'A password that anybody would try is refused, with what is wrong at its field.',
    page,
    contract.confirmEnrolment,
    { ...confirm, password: 'passwordpassword' },
    { status: 422, code: 'invalid-request' },
  )
  await flow.call(
    who,
    'One passcode proves the key. The person exists now, is the owner, and is signed in in this browser. The recovery codes are shown this once.',
    page,
    contract.confirmEnrolment,
    { ...confirm, password: goodPassword },
  )
  await flow.call('The console', 'The same browser asks who is signed in.', page, contract.currentSession, {})
  await flow.call(
    'Another browser',
    'Who opens the link later learns that it was used; the owner gets a notice.',
    server.browser(),
    contract.inspectCode,
    code,
  )
  settle('first-operator.md', flow)
})

test('people enrol, sign in, recover, replace their phone and leave as the transcripts say', async (t) => {
  const { server, open } = await publicServer()
  const olga = await firstOperator(server)
  const robot = (await machine(olga))(olga.browser.origin)
  const theirPassword = 'seven brass kettles whistle'

  await t.test('enrol by code', async () => {
    const flow = open(
      'Enrol by code',
      'A machine with a service token of scope `operator` creates a person and issues a single-use code. The person opens its address on any device, claims it, and sets up password and TOTP key.',
    )
    const user = await flow.call(
      'The machine',
      'It creates the person, who has no way in yet. Sent again with the same `Idempotency-Key` the call gets the same answer and creates nobody.',
      robot,
      contract.createUser,
      { username: 'adam', displayName: 'Adam Nowak' },
      { headers: { 'idempotency-key': 'joiner-4711' } },
    )
    const { code } = await flow.call(
      'The machine',
      'It issues a code. The address, whose part behind `#` is the secret, and the symbol stand in this answer alone.',
      robot,
      contract.enrolUser,
      { id: user.id, factor: 'totp' },
    )
    const page = server.browser()
    const parts = partsOf(code.url as string)
    const who = 'Adam’s page'
    await flow.call(
      who,
      'It takes id and secret out of the address and asks what the code is. Nothing changes.',
      page,
      contract.inspectCode,
      parts,
    )
    const claimed = await flow.call(who, 'After a tap it claims.', page, contract.claimCode, parts)
    await flow.call(
      who,
      'Should the answer be lost, the same key asks again within two minutes and gets it again: a lost answer burns nothing.',
      page,
      contract.claimCode,
      parts,
    )
    await flow.refused(
      'Another page',
      'Whoever else claims is told that the code was used. Adam and the operators get a notice.',
      server.browser(),
      contract.claimCode,
      parts,
      { status: 410, code: 'code-used' },
    )
    const confirm = { confirm: claimed.confirm, password: theirPassword }
    await flow.refused(
      who,
      'A wrong passcode takes one of five tries.',
      page,
      contract.confirmEnrolment,
      { ...confirm, code: '000000' },
      { status: 401, code: 'factor-wrong' },
    )
    await flow.call(who, 'A right one. `needs` said what goes with it: a password to choose.', page, contract.confirmEnrolment, {
      ...confirm,
      code: passcode(keyOf(claimed).secret),
    })
    await flow.call('The machine', 'It sees that the code was used.', robot, contract.getCode, { id: code.id })
    settle('enrol-by-code.md', flow)
  })

  await t.test('enrol on screen', async () => {
    const flow = open(
      'Enrol on screen',
      'Policy demands a second factor, and Bella has only a password. Her sign-in stops in the state `enrolment-required`: its cookie and key open the calls that set up a factor, and nothing else. The symbol is on the screen that she signs in at.',
    )
    const bella = await newPerson(server, olga, 'bella')
    // as it was before the policy: a password alone
    for (const table of ['totp', 'recovery_code'])
      await server.sql(`delete from ${table} where user_id = (select id from users where username = 'bella')`)
    const page = server.browser()
    const who = 'Bella’s browser'
    await flow.call(
      who,
      'It opens a sign-in. Before the first proof `next` is the same for everybody.',
      page,
      contract.openSignIn,
      {},
    )
    await flow.call(who, 'The password is right, and policy asks for more.', page, contract.provePassword, {
      username: 'bella',
      password: bella.password,
    })
    await flow.refused(who, 'This is no session yet.', page, contract.myFactors, {}, { status: 401, code: 'no-session' })
    await forgetStep(server, bella)
    const fresh = await flow.call(who, 'It asks for a TOTP key and shows its symbol.', page, contract.startTotp, {})
    await flow.call(
      who,
      'One passcode confirms it. The recovery codes are shown this once; the sign-in is complete, and the session’s cookie is set.',
      page,
      contract.confirmTotp,
      { id: fresh.id, code: passcode(fresh.secret) },
    )
    await flow.call(who, 'Bella is signed in.', page, contract.currentSession, {})
    settle('enrol-on-screen.md', flow)
  })

  await t.test('sign in', async () => {
    const flow = open('Sign in', 'Password, then passcode; later a step-up, and signing out.')
    const cleo = await newPerson(server, olga, 'cleo')
    await forgetStep(server, cleo)
    const page = server.browser()
    const who = 'Cleo’s browser'
    await flow.call(who, 'It opens a sign-in, bound to this browser by cookie and key.', page, contract.openSignIn, {
      returnTo: '/events',
    })
    await flow.refused(
      who,
      'A wrong password. An unknown user name gets the same answer in the same time.',
      page,
      contract.provePassword,
      { username: 'cleo', password: 'not the password' },
      { status: 401, code: 'factor-wrong' },
    )
    await flow.call(who, 'The right one. `next` says what may be proved now.', page, contract.provePassword, {
      username: 'cleo',
      password: cleo.password,
    })
    const code = passcode(cleo.secret)
    await flow.call(who, 'The passcode completes it: the session’s cookie is set.', page, contract.proveTotp, { code })
    await flow.call(who, 'It asks who is signed in.', page, contract.currentSession, {})

    const other = server.browser()
    await other.call(contract.openSignIn, { username: 'cleo' })
    await other.call(contract.provePassword, { password: cleo.password })
    await flow.refused(
      'Another browser',
      'It has got as far with the password, and saw the passcode. Each passcode is accepted once.',
      other,
      contract.proveTotp,
      { code },
      { status: 401, code: 'totp-replayed' },
    )

    flow.note('A clock that is off by more than a minute needs a nonce of the server’s:')
    await flow.refused(
      who,
      'Its clock is ten minutes slow, so the proof is too old. The answer carries a nonce.',
      page,
      contract.currentSession,
      {},
      { status: 401, code: 'proof-stale', clockOffset: -600 },
    )
    await flow.call(
      who,
      'With the nonce in the proof the clock does not matter.',
      page,
      contract.currentSession,
      {},
      { clockOffset: -600, nonce: flow.nonce() },
    )

    await forgetStep(server, cleo)
    flow.note('Some calls want authentication of the last five minutes, else they answer 403 `step-up-required`. A step-up:')
    await flow.call(who, 'It opens one.', page, contract.stepUp, {})
    await flow.call(who, 'The password again.', page, contract.provePassword, { password: cleo.password })
    await flow.call(
      who,
      'And a passcode of a later step: a new session takes the place of the old one.',
      page,
      contract.proveTotp,
      { code: passcode(cleo.secret) },
    )
    await flow.call(who, 'It signs out.', page, contract.signOut, {})
    settle('sign-in.md', flow)
  })

  await t.test('recover', async () => {
    const flow = open(
      'Recover',
      'The phone is lost. A recovery code stands in for the passcode, once, and opens a session that can only enrol a new factor.',
    )
    const dora = await newPerson(server, olga, 'dora')
    const page = server.browser()
    const who = 'Dora’s browser'
    await flow.call(who, 'It opens a sign-in.', page, contract.openSignIn, { username: 'dora' })
    await flow.call(who, 'The password.', page, contract.provePassword, { password: dora.password })
    await flow.call(who, 'A recovery code, in any case, with or without hyphens.', page, contract.proveRecoveryCode, {
      code: dora.recoveryCodes[0] as string,
    })
    await flow.call(who, 'The session says what it is for.', page, contract.currentSession, {})
    await flow.refused(who, 'It opens nothing else.', page, contract.myFactors, {}, { status: 403, code: 'step-up-required' })
    await forgetStep(server, dora)
    const fresh = await flow.call(who, 'It asks for a new TOTP key.', page, contract.startTotp, {})
    await flow.call(
      who,
      'One passcode confirms it: the lost key is void, all other sessions end, and the new cookie is of full scope.',
      page,
      contract.confirmTotp,
      { id: fresh.id, code: passcode(fresh.secret) },
    )
    await flow.call(who, 'Nine recovery codes are left.', page, contract.myFactors, {})
    await flow.refused(
      'Dora’s other browser',
      'Where she was signed in before, she no longer is.',
      dora.browser,
      contract.currentSession,
      {},
      { status: 401, code: 'no-session' },
    )
    settle('recover.md', flow)
  })

  await t.test('replace a phone', async () => {
    const flow = open(
      'Replace a phone',
      'Emma has a new phone, and is signed in by the old one within the last five minutes. The old key works until the new one is confirmed.',
    )
    const emma = await newPerson(server, olga, 'emma')
    const { code } = await flow.call(
      'Emma’s browser',
      'It asks for a code and shows its symbol.',
      emma.browser,
      contract.enrolAnotherPhone,
      { factor: 'totp' },
    )
    const phone = server.browser()
    const parts = partsOf(code.url as string)
    const who = 'The new phone'
    await flow.call(
      who,
      'It scans the symbol and asks what the code is. `needs` says that her password goes with the confirmation, so that a photograph of the screen is no key.',
      phone,
      contract.inspectCode,
      parts,
    )
    const claimed = await flow.call(who, 'After a tap it claims, and keeps the key in its app.', phone, contract.claimCode, parts)
    await forgetStep(server, emma)
    await flow.call(
      who,
      'A passcode of the new key and the password confirm it: the old key is void, and sessions end everywhere.',
      phone,
      contract.confirmEnrolment,
      { confirm: claimed.confirm, code: passcode(keyOf(claimed).secret), currentPassword: emma.password },
    )
    await flow.refused(
      'Emma’s browser',
      'It signs in anew, with the new phone.',
      emma.browser,
      contract.currentSession,
      {},
      { status: 401, code: 'no-session' },
    )
    settle('replace-a-phone.md', flow)
  })

  await t.test('suspend', async () => {
    const flow = open(
      'Suspend',
      'One act ends sessions, open codes and sign-ins of a person, everywhere, before it answers. Nothing of theirs is accepted until they are let back in, with the factors that they had.',
    )
    const fred = await newPerson(server, olga, 'fred')
    const who = 'Fred’s browser'
    const suspend = { id: fred.id, reason: 'a lost laptop' }
    await flow.call('The machine', 'It suspends Fred.', robot, contract.suspendUser, suspend)
    await flow.refused(
      who,
      'His next call finds no session.',
      fred.browser,
      contract.currentSession,
      {},
      { status: 401, code: 'no-session' },
    )
    const page = server.browser()
    await page.call(contract.openSignIn, {})
    const password = { username: 'fred', password: fred.password }
    await flow.refused(
      who,
      'His password is answered as a wrong one is: nobody learns by it that he is suspended.',
      page,
      contract.provePassword,
      password,
      { status: 401, code: 'factor-wrong' },
    )
    await flow.call('The machine', 'It lets him back in.', robot, contract.resumeUser, { id: fred.id })
    await flow.call(who, 'His password counts again.', page, contract.provePassword, password)

    flow.note('A change of a person goes with the `ETag` of what was read, so that nobody overwrites what they did not see:')
    const { version } = await flow.call('The machine', 'It reads Fred.', robot, contract.getUser, { id: fred.id })
    const change = { id: fred.id, displayName: 'Fred, with a new laptop' }
    const headers = { 'if-match': `"${version}"` }
    await flow.call('The machine', 'It changes his name.', robot, contract.updateUser, change, { headers })
    await flow.refused(
      'Another machine',
      'It read the same and is late. It reads again, then decides.',
      robot,
      contract.updateUser,
      change,
      {
        headers,
        status: 412,
        code: 'precondition-failed',
      },
    )
    settle('suspend.md', flow)
  })

  await t.test('off-board', async () => {
    const flow = open(
      'Off-board',
      'Codes, sessions, factors and tokens of a person end in one transaction, everywhere, before the answer, and for good.',
    )
    const gina = await newPerson(server, olga, 'gina')
    const { code } = await robot.call(contract.enrolUser, { id: gina.id, factor: 'totp' })
    await flow.call('The machine', 'It off-boards Gina.', robot, contract.offboardUser, { id: gina.id, reason: 'left' })
    await flow.refused(
      'Gina’s browser',
      'Her next call finds no session.',
      gina.browser,
      contract.currentSession,
      {},
      { status: 401, code: 'no-session' },
    )
    await flow.refused(
      'Gina’s phone',
      'A code that she still had is void.',
      server.browser(),
      contract.claimCode,
      partsOf(code.url as string),
      { status: 410, code: 'code-revoked' },
    )
    const page = server.browser()
    await page.call(contract.openSignIn, {})
    await flow.refused(
      'Gina’s browser',
      'Her password is answered as nobody’s is.',
      page,
      contract.provePassword,
      { username: 'gina', password: gina.password },
      { status: 401, code: 'factor-wrong' },
    )
    await flow.refused(
      'The machine',
      'There is no way back: whoever returns is created anew.',
      robot,
      contract.resumeUser,
      { id: gina.id },
      { status: 409, code: 'conflict' },
    )
    await flow.call('The machine', 'The record says what ended.', robot, contract.listEvents, {
      userId: gina.id,
      type: 'user.offboarded',
      limit: 1,
    })
    settle('off-board.md', flow)
  })

  const atPublicName = { ...server, origin: shownOrigin }
  const newPhone = (): Browser => {
    const browser = server.browser()
    browser.headers['user-agent'] = phoneAgent
    return browser
  }

  await t.test('register a phone', async () => {
    const flow = open(
      'Register a phone',
      'A registered phone is a device: a passkey of that phone. An operator’s code registers one for a new person; later the person shows a code for another, and reports one lost.',
    )
    const user = await robot.call(contract.createUser, { username: 'hana', displayName: 'Hana Dvořák' })
    const { code } = await flow.call(
      'The machine',
      'It issues a code for a device. Address and symbol stand in this answer alone.',
      robot,
      contract.enrolUser,
      { id: user.id, factor: 'device' },
    )
    const phone = newPhone()
    const authenticator = new Authenticator({ backupEligible: true, backedUp: true, counter: 'zero' })
    const who = 'Hana’s phone'
    const parts = partsOf(code.url as string)
    await flow.call(who, 'It scans, and asks what the code is. Nothing changes.', phone, contract.inspectCode, parts)
    const claimed = await flow.call(
      who,
      'After a tap it claims. `options` go as they are to `parseCreationOptionsFromJSON` and `navigator.credentials.create`; their challenge is good once, for five minutes, for this browser’s key.',
      phone,
      contract.claimCode,
      parts,
    )
    assert.equal(claimed.kind, 'enrol-device')
    const { confirm, options } = claimed as Extract<typeof claimed, { kind: 'enrol-device' }>
    await flow.call(
      who,
      'The phone has asked for finger, face or PIN and made the passkey. Confirmed with what `needs` named, it is a device of Hana’s. With `signIn` the phone’s browser is signed in, too. It is the first second factor, so recovery codes come with it.',
      phone,
      contract.confirmEnrolment,
      {
        confirm,
        registration: authenticator.create(options, { origin: shownOrigin }),
        password: theirPassword,
        signIn: true,
      },
    )
    await flow.call(
      'The machine',
      'It sees the device. `synced`: its passkey can leave the phone, as the phone itself says.',
      robot,
      contract.listDevices,
      { userId: user.id },
    )

    flow.note('Later Hana registers a second phone, from a session of the last five minutes:')
    const { code: another } = await flow.call(
      who,
      'It asks for a code and shows its symbol.',
      phone,
      contract.enrolAnotherPhone,
      { factor: 'device' },
    )
    const second = newPhone()
    const inIt = new Authenticator()
    const theirs = await claimDevice(second, another.url as string)
    await flow.call(
      'The second phone',
      'It has claimed the code and made a passkey, as above. Her password goes with it, so that a photograph of the symbol registers nothing.',
      second,
      contract.confirmEnrolment,
      {
        confirm: theirs.confirm,
        registration: inIt.create(theirs.options, { origin: shownOrigin }),
        currentPassword: theirPassword,
        name: 'Spare phone',
      },
    )
    const { items } = await flow.call(
      who,
      'Every other session of Hana’s has ended. The one that showed the code goes on, and lists both.',
      phone,
      contract.myDevices,
      {},
    )
    const old = (items[0] as contract.Device).id
    await flow.call(
      who,
      'The second one is gone. No fresh proof is asked: its passkey, its sessions and what it approved are dead with this answer, for good.',
      phone,
      contract.reportMyDeviceLost,
      { id: old },
    )
    await second.call(contract.openSignIn, {})
    const late = await second.call(contract.signInPasskeyOptions, {})
    await flow.refused(
      'The second phone',
      'Its passkey opens nothing, although its signature is right.',
      second,
      contract.provePasskey,
      { assertion: inIt.get(late, { origin: shownOrigin }) },
      { status: 401, code: 'factor-wrong' },
    )
    settle('register-a-phone.md', flow)
  })

  await t.test('sign in by passkey', async () => {
    const flow = open(
      'Sign in by passkey',
      'Ivan adds a passkey of his computer, signs in with it, and steps up. The same calls serve a phone beside the computer by hybrid transport: which authenticator answers is the browser’s affair.',
    )
    const ivan = await newPerson(server, olga, 'ivan')
    const page = ivan.browser
    const authenticator = new Authenticator()
    const who = 'Ivan’s browser'
    const creation = await flow.call(
      who,
      'Signed in within the last five minutes, it asks for options.',
      page,
      contract.passkeyOptions,
      {},
    )
    await flow.call(
      who,
      'It registers what `navigator.credentials.create` made. All other sessions end, and this one gets a new cookie.',
      page,
      contract.addPasskey,
      { registration: authenticator.create(creation, { origin: shownOrigin }), name: 'Desk' },
    )
    await page.call(contract.signOut, {})

    flow.note('The next day:')
    await flow.call(who, 'It opens a sign-in.', page, contract.openSignIn, {})
    const options = await flow.call(
      who,
      'It asks for options. Nobody is known yet, so no credential is named: the authenticator says whose it is.',
      page,
      contract.signInPasskeyOptions,
      {},
    )
    const assertion = authenticator.get(options, { origin: shownOrigin })
    await flow.call(
      who,
      'What `navigator.credentials.get` made completes the sign-in, with no name and no password. `phrh`: phishing-resistant, with a passkey that cannot leave its device; a synced one gives `phr`.',
      page,
      contract.provePasskey,
      { assertion },
    )
    await flow.call(who, 'It asks who is signed in.', page, contract.currentSession, {})
    const other = server.browser()
    await other.call(contract.openSignIn, {})
    await flow.refused(
      'Another browser',
      'It sends the same assertion. A challenge is good once, and only for the sign-in and the browser that it was given to.',
      other,
      contract.provePasskey,
      { assertion },
      { status: 401, code: 'factor-wrong' },
    )

    flow.note('A step-up can ask for an assurance. For `phr` and `phrh` only a passkey will do:')
    await flow.call(who, 'It opens a step-up.', page, contract.stepUp, { acr: 'phr' })
    const again = await flow.call(
      who,
      'The person is known, and their passkeys are named.',
      page,
      contract.signInPasskeyOptions,
      {},
    )
    await flow.call(who, 'A new session takes the place of the old one.', page, contract.provePasskey, {
      assertion: authenticator.get(again, { origin: shownOrigin }),
    })
    settle('sign-in-by-passkey.md', flow)
  })

  await t.test('sign in by phone', async () => {
    const flow = open(
      'Sign in by phone',
      'A computer shows a moving code. A registered phone reads it live, is shown who asks, and approves with its passkey and the number beside the code; the computer collects the session. Then a photo of a code, one frame by a camera app, and “this was not me”.',
    )
    const jana = await newPerson(server, olga, 'jana')
    const hers = await enrolPhone(atPublicName, olga, jana)
    const newDesk = (): Browser => {
      const browser = server.browser()
      browser.headers['x-forwarded-for'] = '10.20.0.7'
      return browser
    }
    const [desk, phone] = [newDesk(), hers.browser]
    phone.headers['x-forwarded-for'] = '10.20.0.23'
    const [who, whom] = ['The computer', 'Jana’s phone']
    await flow.call(who, 'It opens a sign-in. `qr` in `next`: policy offers the moving code.', desk, contract.openSignIn, {})
    const screen = await flow.call(
      who,
      'It asks for a code. From then on it draws a frame a second by itself: frame n, for n whole periods since this answer, is `url#n.MAC`, MAC the first 16 bytes of HMAC-SHA-256(`key`, `{code.id}.n`) in base64url. It shows `match` beside it.',
      desk,
      contract.openQr,
      {},
    )
    const live = await liveFrames(server, screen)
    for (const [at, each] of [...live.frames, live.secret].entries())
      flow.name(each, ['frame n-2', 'frame n-1', 'frame n'][at] as string)
    const claimed = (await flow.call(
      whom,
      'Our camera page has read three frames in a row, and claims with them; the last is at most three seconds old. The answer holds who asks, and options whose challenge is 32 random bytes and the SHA-256 of the RFC 8785 form of `context`: the page computes it anew, so that the phone signs just what it shows.',
      phone,
      contract.claimCode,
      live,
    )) as Claimed
    const approval = (options: contract.RequestOptions, match: string) => ({
      confirm: claimed.confirm,
      assertion: hers.authenticator.get(options, { origin: shownOrigin }),
      match,
    })
    const wrong = await flow.refused(
      whom,
      'Jana has confirmed with her finger, but typed a number that is not the one on the screen. One of three tries is gone; the next one has a challenge of its own.',
      phone,
      contract.approveRequest,
      approval(claimed.options, '00'),
      { status: 401, code: 'factor-wrong' },
    )
    await flow.call(
      whom,
      'The right one.',
      phone,
      contract.approveRequest,
      approval(wrong.options as contract.RequestOptions, screen.match),
    )
    await flow.call(
      who,
      'It listens from the moment it draws the code. Whoever comes later is told all from the beginning; the stream ends with the last of it.',
      desk,
      contract.signInEvents,
      {},
    )
    await flow.call(
      who,
      'It collects what was approved: once, by the cookie and key that opened the sign-in. `aal2`, and never `phr`: the computer itself proved nothing to the phone.',
      desk,
      contract.collectSignIn,
      {},
    )
    await flow.call(
      who,
      'Jana is signed in here for an hour at most. The session names code and device.',
      desk,
      contract.currentSession,
      {},
    )

    flow.note('Another computer shows a code, and a phone’s own camera app is used, which reads one frame:')
    const next = await askPhone(newDesk())
    await age(server, next, 30)
    const n = Math.floor(await ageOf(server, next))
    const [photo, fresh] = [frame(next, n - 20), frame(next, n)]
    flow.name(photo, 'frame n-20')
    flow.name(fresh, 'fresh frame')
    await flow.refused(
      'Another phone',
      'It opens a photo of the code that was taken 20 seconds ago, and claims. The frame was ours and is stale: a relay attempt on record. The code itself is not burnt by it.',
      newPhone(),
      contract.claimCode,
      { id: next.code.id, secret: photo },
      { status: 410, code: 'code-expired' },
    )
    const { ticket } = await flow.call(
      whom,
      'It opens the frame of now. For a frame of at most 15 seconds `ticket` lets this very frame claim within a minute, where policy takes one frame.',
      phone,
      contract.inspectCode,
      { id: next.code.id, secret: fresh },
    )
    const asked = await flow.call(
      whom,
      'After a tap it claims with the ticket. `read` says how it was read.',
      phone,
      contract.claimCode,
      {
        id: next.code.id,
        secret: fresh,
        ticket: ticket as string,
      },
    )
    const { confirm } = asked as Claimed
    const { options } = await flow.call(
      whom,
      'Jana did not ask for this. The request is dead with the answer, and the operators are told. No proof is asked for a no.',
      phone,
      contract.declineRequest,
      { confirm, reason: 'not-me' },
    )
    await flow.call(whom, 'With an assertion over these options it also ends all her sessions.', phone, contract.declineRequest, {
      confirm,
      reason: 'not-me',
      assertion: hers.authenticator.get(options as contract.RequestOptions, { origin: shownOrigin }),
    })
    await flow.refused(
      who,
      'So hers on the first computer has ended.',
      desk,
      contract.currentSession,
      {},
      { status: 401, code: 'no-session' },
    )
    settle('sign-in-by-phone.md', flow)
  })
})

test('the list of flows names each of them', () => {
  const list = readFileSync(join(folder, 'README.md'), 'utf8')
  const listed = [...list.matchAll(/\]\(([\w-]+\.md)\)/g)].map(([, file]) => file)
  const there = globSync('*.md', { cwd: folder }).filter((file) => file !== 'README.md')
  assert.deepEqual(listed.toSorted(), there.toSorted())
})
