import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import { firstOperator, forgetStep, newPerson, passcode, signIn } from './support/people.ts'
import { startServer } from './support/server.ts'

test('from an empty database to a first privileged sign-in', async () => {
  const server = await startServer()
  const olga = await firstOperator(server)
  assert.equal(olga.recoveryCodes.length, 10)
  const session = await olga.browser.call(contract.currentSession, {})
  assert.deepEqual(session.user.roles, ['owner'])
  assert.equal(session.assurance.acr, 'aal2')
  assert.equal(session.codeId, olga.codeId)

  const adam = await newPerson(server, olga, 'adam')
  assert.equal((await adam.browser.call(contract.currentSession, {})).user.username, 'adam')
  const codes = await olga.browser.call(contract.listCodes, {})
  assert.deepEqual(
    codes.items.map((code) => code.state),
    ['used', 'used'],
  )

  const again = await signIn(server, adam)
  assert.equal((await again.call(contract.currentSession, {})).assurance.acr, 'aal2')

  // the phone is lost: a recovery code opens a session that can only enrol a new factor
  const lost = server.browser()
  await lost.call(contract.openSignIn, { username: 'adam' })
  const asked = await lost.call(contract.provePassword, { password: adam.password })
  assert.deepEqual(asked.signIn.next, ['totp', 'recovery-code'])
  await lost.call(contract.proveRecoveryCode, { code: (adam.recoveryCodes[0] as string).toLowerCase() })
  const recovery = await lost.call(contract.currentSession, {})
  assert.equal(recovery.scope, 'recovery')
  assert.equal(recovery.assurance.acr, 'aal1')
  assert.equal((await lost.try(contract.myFactors, {})).problem.code, 'step-up-required')
  const fresh = await lost.call(contract.startTotp, {})
  await forgetStep(server, adam)
  await lost.call(contract.confirmTotp, { id: fresh.id, code: passcode(fresh.secret) })
  assert.equal((await lost.call(contract.currentSession, {})).scope, 'full')
  assert.equal((await again.try(contract.currentSession, {})).problem.code, 'no-session')

  await olga.browser.call(contract.suspendUser, { id: adam.id, reason: 'left the desk' })
  assert.equal((await lost.try(contract.currentSession, {})).status, 401)
  await olga.browser.call(contract.resumeUser, { id: adam.id })
  await signIn(server, { ...adam, secret: fresh.secret })
  const gone = await olga.browser.call(contract.offboardUser, { id: adam.id, reason: 'left' })
  assert.equal(gone.state, 'offboarded')
  assert.deepEqual(gone.factors, { password: false, totp: false, devices: 0, recoveryCodesLeft: 0 })
  const dead = server.browser()
  await dead.call(contract.openSignIn, {})
  assert.equal(
    (await dead.try(contract.provePassword, { username: 'adam', password: adam.password })).problem.code,
    'factor-wrong',
  )

  const events = await olga.browser.call(contract.listEvents, { limit: 200 })
  const types = new Set(events.items.map((event) => event.type))
  for (const type of [
    'bootstrap.issued',
    'code.claimed',
    'enrolment.confirmed',
    'recovery-codes.made',
    'user.created',
    'code.issued',
    'sign-in.password',
    'sign-in.totp',
    'sign-in.recovery-code',
    'user.suspended',
    'user.resumed',
    'user.offboarded',
  ] as const)
    assert.ok(types.has(type), type)
})
