import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import { said } from './support/attack.ts'
import { Authenticator, type Maker } from './support/authenticator.ts'
import { issuedBy, makerOf, newRoot } from './support/makers.ts'
import { firstOperator, newPerson } from './support/people.ts'
import { startServer } from './support/server.ts'

const server = await startServer()
const olga = await firstOperator(server)
const ada = await newPerson(server, olga, 'ada')
const aaguid = 'ee882879-721c-4913-9775-3dfcce97072a'
const another = 'cb69481e-8ff7-4039-93ec-0a2729a154a8'
const [root, stranger] = [newRoot('Yubico Test Root'), newRoot('A root of nobody')]
const right = issuedBy(root, { aaguid })

const save = async (change: Partial<contract.DeviceSettings>) => {
  const { version, ...settings } = await olga.browser.call(contract.getDeviceSettings, {})
  return olga.browser.try(contract.putDeviceSettings, { ...settings, ...change }, { headers: { 'if-match': `"${version}"` } })
}
const register = async (maker: Maker, model = aaguid) => {
  const options = await ada.browser.call(contract.passkeyOptions, {})
  const registration = new Authenticator({ aaguid: model }).create(
    options,
    { origin: server.origin },
    { attestation: 'packed', maker },
  )
  const tried = await ada.browser.try(contract.addPasskey, { registration })
  return tried.status < 300 ? tried.value.device.aaguid : (tried.problem.reason ?? tried.problem.code)
}

test('where policy names models, a key registers whose certificates lead to a root that the operators hold', async () => {
  assert.equal((await save({ models: [aaguid], attestationRoots: '' })).status, 200)
  assert.equal(await register(makerOf(right)), 'model-unproven', 'without the root, its certificate is anybody’s')
  assert.equal((await save({ attestationRoots: stranger.pem })).status, 200)
  assert.equal(await register(makerOf(right)), 'model-unproven', 'under another root')
  assert.equal((await save({ attestationRoots: stranger.pem + root.pem })).status, 200)
  assert.equal(await register(makerOf(right)), aaguid)
  assert.equal(await register(makerOf(right, root)), aaguid, 'a chain may bring its root')
  const between = issuedBy(root, { ca: true })
  assert.equal(await register(makerOf(issuedBy(between, { aaguid }), between)), aaguid, 'and what stands between')
  const listed = issuedBy(root, { aaguid: another })
  assert.equal(await register(makerOf(listed), another), 'model', 'it proves what it is, and that is not on the list')
})

test('nobody gets in by a certificate of another model, of none, of nobody, or by one that may not issue', async () => {
  assert.equal((await save({ models: [aaguid], attestationRoots: root.pem })).status, 200)
  assert.equal(await register(makerOf(issuedBy(root, { aaguid: another }))), 'factor-wrong', 'it names another model')
  assert.equal(await register(makerOf(issuedBy(root, { aaguid: null }))), 'model-unproven', 'it names none')
  const between = issuedBy(stranger, { ca: true })
  assert.equal(await register(makerOf(issuedBy(between, { aaguid }), between)), 'model-unproven', 'it leads elsewhere')
  assert.equal(await register(makerOf(issuedBy(between, { aaguid }), root)), 'model-unproven', 'the root beside it issued it not')
  assert.equal(await register(makerOf(issuedBy(right, { aaguid }), right)), 'model-unproven', 'the key of a model issued another')
  const namesake = newRoot('Yubico Test Root')
  assert.equal(await register(makerOf(issuedBy(namesake, { aaguid }))), 'model-unproven', 'a root of the same name')
  const borrowed = { key: makerOf(issuedBy(stranger, { aaguid })).key, chain: makerOf(right).chain }
  assert.equal(await register(borrowed), 'factor-wrong', 'a certificate whose key it has not')
})

test('what cannot be a root is refused by name; what is kept is told, and left out it stays', async () => {
  const wrong = async (attestationRoots: string) => {
    const tried = await save({ attestationRoots })
    const [error] = tried.problem.errors ?? []
    return `${said(tried)} ${error?.path} ${error?.code}: ${error?.message}`
  }
  assert.match(await wrong('hello'), /^invalid-request attestationRoots no-certificates: “hello” is no certificate: paste PEM/)
  assert.match(await wrong(readFileSync(root.key, 'utf8')), /holds a private key/)
  assert.match(await wrong(right.pem), /certificate 1 \(A batch of keys\) issues no certificates/)
  assert.match(
    await wrong(root.pem + newRoot('Long ago', { days: -1 }).pem),
    /certificate 2 \(Long ago\) ended on \d{4}-\d{2}-\d{2}$/,
  )
  assert.match(await wrong(root.pem.replace(/\n(.{20}).*\n/, '\n$1\n')), /certificate 1 cannot be read/)
  assert.match(await wrong(`${root.pem}\n`.repeat(contract.rootsMost + 1)), /too-many: at most 20/)
  assert.match(await wrong('x'.repeat(65_537)), /too-long/)

  assert.equal((await save({ models: [], attestationRoots: `${root.pem}\r\n \n${root.pem}` })).status, 200)
  const { attestationRoots, version, ...rest } = await olga.browser.call(contract.getDeviceSettings, {})
  assert.equal(attestationRoots, root.pem, 'each once')
  const kept = await olga.browser.try(contract.putDeviceSettings, rest, { headers: { 'if-match': `"${version}"` } })
  assert.equal(kept.value.attestationRoots, root.pem)
  const { fingerprint256 } = new X509Certificate(root.pem)
  const { roots, items } = await olga.browser.call(contract.passkeyModels, {})
  assert.deepEqual(
    roots.map(({ name, fingerprint }) => [name, fingerprint]),
    [['Yubico Test Root', fingerprint256]],
  )
  assert.ok(items.every(({ name, provable }) => provable === /^YubiKey|not synced/.test(name)))
  const [event] = await server.sql(
    `select entry::jsonb->'detail'->>'attestationRoots.to' as held from event where type = 'settings.changed' and outcome = 'success' and entry like '%attestationRoots.to%' order by id desc limit 1`,
  )
  assert.equal(event?.held, JSON.stringify([fingerprint256]))
})
