import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import { afterPassword, said } from './support/attack.ts'
import { claimKey, firstOperator, forgetStep, goodPassword, newPerson, partsOf, passcode } from './support/people.ts'
import { startServer } from './support/server.ts'

/** The statements that the documents give for the time after a restore. */
const documented = (): string[] => {
  const text = readFileSync(join(import.meta.dirname, '../docs/operators.md'), 'utf8')
  const block = /\*\*After a restore\*\*[^`]*```sql\n([^`]+)```/.exec(text)?.[1] ?? ''
  return block.split('\n').filter((line) => line !== '')
}

test('after a restore the documented statements void what was open before', async () => {
  const server = await startServer()
  const olga = await firstOperator(server)
  const ada = await newPerson(server, olga, 'ada')
  const codeFor = async (username: string) => {
    const user = await olga.browser.call(contract.createUser, { username })
    return partsOf((await olga.browser.call(contract.enrolUser, { id: user.id, factor: 'totp' })).code.url as string)
  }
  const unclaimed = await codeFor('unclaimed')
  const spent = await codeFor('spent')
  const claimer = server.browser()
  const claimed = await claimKey(claimer, spent)
  const half = await afterPassword(server.browser(), ada)
  const { url } = await olga.browser.call(contract.createDownload, { path: '/api/events/export' })

  const statements = documented()
  assert.ok(statements.length > 0)
  for (const statement of statements) await server.sql(statement)
  // what a backup revives: a claim that had not been made yet when it was taken
  await server.sql(`delete from claim`)
  await server.sql(`update code set claimed_at = null, claimed_by = null`)

  for (const person of [olga, ada]) assert.equal(said(await person.browser.try(contract.currentSession, {})), 'no-session')
  for (const code of [unclaimed, spent]) {
    assert.equal((await server.browser().call(contract.inspectCode, code)).state, 'expired')
    assert.equal(said(await server.browser().try(contract.claimCode, code)), 'code-expired')
  }
  const { confirm, secret } = claimed
  const late = await claimer.try(contract.confirmEnrolment, { confirm, code: passcode(secret), password: goodPassword })
  assert.equal(said(late), 'code-unknown')
  assert.equal((await half.call(contract.currentSignIn, {})).signIn.state, 'expired')
  await forgetStep(server, ada)
  assert.equal(said(await half.try(contract.proveTotp, { code: passcode(ada.secret) })), 'conflict')
  assert.equal((await fetch(url)).status, 404)

  // people come back by what they have, and by no recovery code
  const back = await afterPassword(server.browser(), ada)
  assert.deepEqual((await back.call(contract.currentSignIn, {})).signIn.next, ['totp'])
  assert.equal(said(await back.try(contract.proveRecoveryCode, { code: ada.recoveryCodes[0] as string })), 'conflict')
  await back.call(contract.proveTotp, { code: passcode(ada.secret) })
  assert.equal((await back.call(contract.myFactors, {})).recoveryCodes.left, 0)
  assert.equal((await back.call(contract.renewRecoveryCodes, {})).recoveryCodes.length, 10)
})

test('a claim that was under way when the epoch rose is over for the key that made it', async () => {
  const server = await startServer()
  const olga = await firstOperator(server)
  const user = await olga.browser.call(contract.createUser, { username: 'under-way' })
  const code = partsOf((await olga.browser.call(contract.enrolUser, { id: user.id, factor: 'totp' })).code.url as string)
  const browser = server.browser()
  const { confirm, secret } = await claimKey(browser, code)
  for (const statement of documented()) await server.sql(statement)
  const late = await browser.try(contract.confirmEnrolment, { confirm, code: passcode(secret), password: goodPassword })
  assert.equal(said(late), 'code-expired')
  assert.notEqual(said(await browser.try(contract.claimCode, code)), '200')
})
