import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import { firstOperator, forgetStep, goodPassword, newPerson, partsOf, passcode } from './support/people.ts'
import { startServer } from './support/server.ts'
import { Transcript } from './support/transcript.ts'

const folder = join(import.meta.dirname, '../docs/flows')
/** `UPDATE_FLOWS=1` writes the files anew; otherwise each must be what was recorded just now. */
const settle = (name: string, transcript: Transcript): void => {
  const file = join(folder, name)
  if (process.env.UPDATE_FLOWS) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(file, transcript.text())
    return
  }
  assert.ok(existsSync(file), `${name} is not there: UPDATE_FLOWS=1 npm test -- test/flows.test.ts`)
  assert.equal(transcript.text(), readFileSync(file, 'utf8'))
}

test('each flow of the contract goes as its transcript says', async (t) => {
  const server = await startServer()
  const open = (title: string, about: string) => new Transcript(title, about, server.origin)

  await t.test('the first operator', async () => {
    const flow = open(
      'The first operator',
      'A start without an operator prints a link. Whoever opens it chooses a user name and a password, sets up a TOTP key, and is the owner.',
    )
    const code = partsOf(await server.bootstrapUrl())
    const browser = server.browser()
    await flow.call('Asks what the code is. Nothing changes.', 'The page of the link', browser, contract.inspectCode, code)
    const claimed = await flow.call(
      'Claims it after a tap. The key leaves the server once, in this answer.',
      'The page of the link',
      browser,
      contract.claimCode,
      { ...code, username: 'olga', factor: 'totp' },
    )
    const confirmed = await flow.call(
      'Proves the key with one passcode, and chooses the password.',
      'The page of the link',
      browser,
      contract.confirmEnrolment,
      {
        confirm: claimed.confirm,
        code: passcode(claimed.secret),
        password: goodPassword,
        signIn: true,
      },
    )
    await flow.call('Is signed in.', 'The console', browser, contract.currentSession, {})
    assert.equal(confirmed.recoveryCodes?.length, 10)
    settle('first-operator.md', flow)
  })

  await server.sql('update code set revoked_at = now() where revoked_at is null and claimed_at is null')
  const olga = await firstOperatorAgain(server)

  await t.test('enrol by code', async () => {
    const flow = open(
      'Enrol by code',
      'An operator creates a person and hands out a single-use code; the person claims it and sets up their factors.',
    )
    const user = await flow.call(
      'Creates the person. They have no factor yet.',
      'The operator',
      olga.browser,
      contract.createUser,
      { username: 'adam', displayName: 'Adam Nowak' },
    )
    const { code } = await flow.call(
      'Issues a code. Its address is in this answer alone.',
      'The operator',
      olga.browser,
      contract.enrolUser,
      { id: user.id, factor: 'totp' },
    )
    const browser = server.browser()
    const parts = partsOf(code.url as string)
    await flow.call('Opens the address: the page asks what it is.', 'Adam’s browser', browser, contract.inspectCode, parts)
    const claimed = await flow.call('Claims it after a tap.', 'Adam’s browser', browser, contract.claimCode, parts)
    await flow.call('Confirms, chooses a password, and is signed in.', 'Adam’s browser', browser, contract.confirmEnrolment, {
      confirm: claimed.confirm,
      code: passcode(claimed.secret),
      password: goodPassword,
      signIn: true,
    })
    await flow.call('Sees that it was used.', 'The operator', olga.browser, contract.getCode, { id: code.id })
    settle('enrol-by-code.md', flow)
  })

  await t.test('enrol on screen', async () => {
    const flow = open(
      'Enrol on screen',
      'A signed-in person shows a code for another phone of their own. Its claim also asks for the password, so that a photographed screen is no key.',
    )
    const bella = await newPerson(server, olga, 'bella')
    const { code } = await flow.call('Asks for a code.', 'Bella’s browser', bella.browser, contract.enrolAnotherPhone, {
      factor: 'totp',
    })
    const phone = server.browser()
    const claimed = await flow.call(
      'Scans it and claims.',
      'Bella’s phone',
      phone,
      contract.claimCode,
      partsOf(code.url as string),
    )
    await flow.call(
      'Confirms with a passcode and the password that she has. Sessions elsewhere end.',
      'Bella’s phone',
      phone,
      contract.confirmEnrolment,
      { confirm: claimed.confirm, code: passcode(claimed.secret), currentPassword: goodPassword },
    )
    settle('enrol-on-screen.md', flow)
  })

  await t.test('sign in', async () => {
    const flow = open('Sign in', 'Password, then passcode.')
    const cleo = await newPerson(server, olga, 'cleo')
    await forgetStep(server, cleo)
    const browser = server.browser()
    await flow.call('Opens a sign-in, bound to this browser.', 'Cleo’s browser', browser, contract.openSignIn, {
      returnTo: '/events',
    })
    await flow.call('Proves the password.', 'Cleo’s browser', browser, contract.provePassword, {
      username: 'cleo',
      password: goodPassword,
    })
    await flow.call(
      'Proves the passcode: complete, and the session’s cookie is set.',
      'Cleo’s browser',
      browser,
      contract.proveTotp,
      { code: passcode(cleo.secret) },
    )
    await flow.call('Asks who is signed in.', 'Cleo’s browser', browser, contract.currentSession, {})
    await flow.call('Signs out.', 'Cleo’s browser', browser, contract.signOut, {})
    settle('sign-in.md', flow)
  })

  await t.test('recover', async () => {
    const flow = open(
      'Recover',
      'The phone is lost. A recovery code stands in for the passcode, and opens a session that can only enrol a new factor.',
    )
    const dora = await newPerson(server, olga, 'dora')
    const browser = server.browser()
    await flow.call('Opens a sign-in.', 'Dora’s browser', browser, contract.openSignIn, {})
    await flow.call('Proves the password.', 'Dora’s browser', browser, contract.provePassword, {
      username: 'dora',
      password: goodPassword,
    })
    await flow.call('Uses a recovery code.', 'Dora’s browser', browser, contract.proveRecoveryCode, {
      code: dora.recoveryCodes[0] as string,
    })
    await flow.call('The session says what it is for.', 'Dora’s browser', browser, contract.currentSession, {})
    const fresh = await flow.call('Asks for a new key.', 'Dora’s browser', browser, contract.startTotp, {})
    await flow.call(
      'Confirms it. The old key is gone, other sessions end, and the new cookie is of full scope.',
      'Dora’s browser',
      browser,
      contract.confirmTotp,
      { id: fresh.id, code: passcode(fresh.secret) },
    )
    settle('recover.md', flow)
  })

  await t.test('replace a phone', async () => {
    const flow = open(
      'Replace a phone',
      'A signed-in person sets up a new key. It needs authentication of the last five minutes; the old key works until the new one is confirmed.',
    )
    const emma = await newPerson(server, olga, 'emma')
    const fresh = await flow.call('Asks for a new key.', 'Emma’s browser', emma.browser, contract.startTotp, {})
    await flow.call('Confirms it.', 'Emma’s browser', emma.browser, contract.confirmTotp, {
      id: fresh.id,
      code: passcode(fresh.secret),
    })
    await flow.call('Sees her ways in.', 'Emma’s browser', emma.browser, contract.myFactors, {})
    settle('replace-a-phone.md', flow)
  })

  await t.test('suspend', async () => {
    const flow = open('Suspend', 'One act ends what a person has open; nothing of theirs is accepted until they are let back in.')
    const fred = await newPerson(server, olga, 'fred')
    await flow.call('Suspends Fred.', 'The operator', olga.browser, contract.suspendUser, {
      id: fred.id,
      reason: 'a lost laptop',
    })
    await flow.call('Fred’s next call finds no session.', 'Fred’s browser', fred.browser, contract.currentSession, {})
    await flow.call('Lets him back in.', 'The operator', olga.browser, contract.resumeUser, { id: fred.id })
    settle('suspend.md', flow)
  })

  await t.test('off-board', async () => {
    const flow = open('Off-board', 'Codes, sessions, factors and tokens of a person end in one transaction, for good.')
    const gina = await newPerson(server, olga, 'gina')
    await flow.call('Off-boards Gina.', 'The operator', olga.browser, contract.offboardUser, { id: gina.id, reason: 'left' })
    await flow.call('Gina’s next call finds no session.', 'Gina’s browser', gina.browser, contract.currentSession, {})
    const browser = server.browser()
    await browser.call(contract.openSignIn, {})
    await flow.call(
      'Nor does her password open anything: she is answered as nobody is.',
      'Gina’s browser',
      browser,
      contract.provePassword,
      { username: 'gina', password: goodPassword },
    )
    settle('off-board.md', flow)
  })
})

/** The operator of the flows after the first: made by a host command’s link, and owner by a stroke of the database. */
const firstOperatorAgain = async (server: Awaited<ReturnType<typeof startServer>>) => {
  const operator = await firstOperator(server, 'oscar')
  await server.sql(`update user_role set role = 'owner' where user_id = (select id from users where username = 'oscar')`)
  return operator
}
