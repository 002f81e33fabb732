import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import { Authenticator } from './support/authenticator.ts'
import { firstOperator, newPerson } from './support/people.ts'
import { startServer } from './support/server.ts'

test('where policy names models, a passkey that only says it is one of them is refused', async () => {
  const server = await startServer()
  const olga = await firstOperator(server)
  const ada = await newPerson(server, olga, 'ada')
  const aaguid = 'ee882879-721c-4913-9775-3dfcce97072a'
  const add = async (attestation: 'none' | 'packed') => {
    const options = await ada.browser.call(contract.passkeyOptions, {})
    const registration = new Authenticator({ aaguid }).create(options, { origin: server.origin }, { attestation })
    return { options, tried: await ada.browser.try(contract.addPasskey, { registration }) }
  }
  const save = async (models: string[]) => {
    const { version, ...settings } = await olga.browser.call(contract.getDeviceSettings, {})
    await olga.browser.call(contract.putDeviceSettings, { ...settings, models }, { headers: { 'if-match': `"${version}"` } })
  }
  await save([aaguid])
  for (const attestation of ['none', 'packed'] as const) {
    const { options, tried } = await add(attestation)
    assert.equal(options.attestation, 'direct')
    assert.deepEqual([tried.status, tried.problem.code], [403, 'not-allowed'], attestation)
  }
  assert.deepEqual((await ada.browser.call(contract.myDevices, {})).items, [])
  await save([])
  const { options, tried } = await add('packed')
  assert.deepEqual([options.attestation, tried.status], ['none', 201])
  assert.equal(tried.value.device.aaguid, aaguid)
})
