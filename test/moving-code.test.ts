import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import canonicalize from 'canonicalize'
import { firstOperator, newPerson } from './support/people.ts'
import { approve, askPhone, enrolPhone, scan } from './support/phones.ts'
import { startServer } from './support/server.ts'

for (const synced of [false, true])
  test(`a desk without a password is signed in by a phone that read three frames (${synced ? 'synced' : 'held in the device'})`, async () => {
    const server = await startServer()
    const operator = await firstOperator(server)
    const ada = await newPerson(server, operator, 'ada')
    const phone = await enrolPhone(server, operator, ada, { synced })
    const desk = server.browser()
    const screen = await askPhone(desk)
    assert.match(screen.match, /^[1-9][0-9]$/)
    const claimed = await scan(server, phone, screen)
    assert.equal(claimed.kind, 'sign-in')
    assert.equal(claimed.context.username, 'ada')
    const challenge = Buffer.from(claimed.options.challenge, 'base64url')
    assert.equal(challenge.length, 64)
    assert.deepEqual(
      challenge.subarray(32),
      createHash('sha256')
        .update(canonicalize(claimed.context) as string)
        .digest(),
    )
    const early = await desk.try(contract.collectSignIn, {})
    assert.equal(early.problem.code, 'conflict')
    const approved = await approve(phone, server.origin, claimed, screen.match)
    assert.deepEqual([approved.status, approved.value], [200, { state: 'approved' }])
    const { signIn } = await desk.call(contract.collectSignIn, {})
    assert.equal(signIn.state, 'complete')
    assert.equal(signIn.assurance?.acr, 'aal2')
    assert.deepEqual(signIn.assurance?.amr, [synced ? 'swk' : 'hwk', 'user', 'mfa'])
    const session = await desk.call(contract.currentSession, {})
    assert.equal(session.user.username, 'ada')
    assert.equal(session.codeId, screen.code.id)
    assert.equal(session.device?.id, phone.deviceId)
    const again = await desk.try(contract.collectSignIn, {})
    assert.equal(again.problem.code, 'conflict')
  })
