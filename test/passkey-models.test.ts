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
    assert.deepEqual(
      [tried.status, tried.problem.code, tried.problem.reason],
      [403, 'not-allowed', 'model-unproven'],
      attestation,
    )
  }
  assert.deepEqual((await ada.browser.call(contract.myDevices, {})).items, [])
  await save([])
  const { options, tried } = await add('packed')
  assert.deepEqual([options.attestation, tried.status], ['none', 201])
  assert.equal(tried.value.device.aaguid, aaguid)
})

test('which models have a name, and which of them can prove here what they are, is told to whoever may read settings', async () => {
  const server = await startServer()
  const olga = await firstOperator(server)
  const { formats, items } = await olga.browser.call(contract.passkeyModels, {})
  assert.deepEqual(formats, ['android-key', 'android-safetynet', 'apple'])
  // what the list of settings takes, each once
  const aaguids = items.map(({ aaguid }) => aaguid)
  assert.deepEqual(contract.DeviceSettings.shape.models.parse(aaguids), [...new Set(aaguids)])
  const provable = items.filter((each) => each.provable).map(({ name }) => name)
  assert.deepEqual(provable, ['Apple (not synced)', 'Android (not synced)'])
  assert.ok(items.some(({ name }) => name.startsWith('YubiKey')))
  const ada = await newPerson(server, olga, 'ada')
  const refused = await ada.browser.try(contract.passkeyModels, {})
  assert.deepEqual([refused.status, refused.problem.code], [403, 'not-allowed'])
})
