import assert from 'node:assert/strict'
import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Assertion, type CreationOptions, Registration } from '@postern/contract'
import { SettingsService } from '@simplewebauthn/server'
import { Authenticator, cbor, coseOf, type Tamper } from '../../../../test/support/authenticator.ts'
import { algorithms, BadPasskey, type KnownPasskey, verifyAssertion, verifyRegistration } from './verify-passkey.ts'

const origin = 'https://postern.example'
const rpId = 'postern.example'
const challenge = randomBytes(32).toString('base64url')
const userHandle = randomBytes(16)
const party = { challenge, rpId, origins: [origin, 'https://vpn.postern.example'] }
const creation: CreationOptions = {
  challenge,
  rp: { id: rpId, name: 'Postern' },
  user: { id: userHandle.toString('base64url'), name: 'olga', displayName: 'Olga' },
  pubKeyCredParams: algorithms.map((alg) => ({ type: 'public-key', alg })),
}
const request = { challenge, rpId }
type Forgery = Tamper & { client?: Partial<Parameters<Authenticator['get']>[1]> }
type Made = { attestation?: 'none' | 'packed' }

/** As the edge does: by the schema of the contract, then verified. */
const register = (authenticator: Authenticator, { client, ...tamper }: Forgery = {}, { attestation = 'none' }: Made = {}) =>
  verifyRegistration(Registration.parse(authenticator.create(creation, { origin, ...client }, { attestation, tamper })), party)
const prove = (authenticator: Authenticator, known: KnownPasskey, { client, ...tamper }: Forgery = {}, identified = false) =>
  verifyAssertion(Assertion.parse(authenticator.get(request, { origin, ...client }, { tamper })), known, { ...party, identified })
const registered = async (authenticator: Authenticator): Promise<KnownPasskey> => ({
  ...(await register(authenticator)),
  userHandle,
})
/** Refused, and for this reason: what fails for another one would pass once that is gone. */
const refused = (verified: Promise<unknown>, why: RegExp): Promise<void> =>
  assert.rejects(verified, (error) => {
    assert.ok(error instanceof BadPasskey, String((error as Error).stack))
    assert.match(error.message, why)
    return true
  })

for (const algorithm of [-7, -8, -257] as const)
  test(`algorithm ${algorithm}: what is right passes, and the answer tells of the passkey`, async () => {
    const aaguid = 'ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4'
    const authenticator = new Authenticator({ algorithm, aaguid, backupEligible: true, backedUp: true, counter: 7 })
    for (const attestation of ['none', 'packed'] as const) {
      const made = await register(authenticator, {}, { attestation })
      const credential = authenticator.credentials.at(-1)
      assert.deepEqual(made, {
        credentialId: credential?.id,
        publicKey: credential?.publicKey,
        signCount: 7,
        be: true,
        bs: true,
        aaguid,
        transports: ['internal', 'hybrid'],
        format: attestation,
        attested: false,
        chain: [],
      })
    }
    const known = await registered(authenticator)
    assert.deepEqual(await prove(authenticator, known), { signCount: 8, bs: true })
    assert.deepEqual(await prove(authenticator, known, { flags: { bs: false } }), { signCount: 9, bs: false })
  })
test('a passkey without counter, and one that stays in its device', async () => {
  const authenticator = new Authenticator({ counter: 'zero' })
  const made = await register(authenticator)
  assert.deepEqual([made.be, made.bs, made.signCount], [false, false, 0])
  const known = { ...made, userHandle }
  for (let n = 0; n < 2; n++) assert.deepEqual(await prove(authenticator, known), { signCount: 0, bs: false })
})
test('a counter is told as it is, also one that went back: the statement that uses the device judges it', async () => {
  const authenticator = new Authenticator({ counter: 41 })
  const known = await registered(authenticator)
  assert.equal((await prove(authenticator, known)).signCount, 42)
  assert.equal((await prove(authenticator, known, { counter: 3 })).signCount, 3)
  assert.equal((await prove(authenticator, known, { counter: 0xffffffff })).signCount, 0xffffffff)
})

/** Right all the same: WebAuthn Level 3 §5.8.1 and §6.1 say that more may come. */
const tolerated: [string, Forgery][] = [
  ['unknown members of the client data', { clientData: { extraData: 'in the future', nested: { a: [1, null] } } }],
  ['client data without crossOrigin, as of Level 1', { clientData: { crossOrigin: undefined } }],
  ['outputs of extensions that nobody asked for', { extensions: cbor(new Map([['credProtect', 2]])) }],
  ['each of our origins', { client: { origin: 'https://vpn.postern.example' } }],
]
for (const [what, forgery] of tolerated)
  test(`tolerated: ${what}`, async () => {
    const authenticator = new Authenticator()
    const known = { ...(await register(authenticator, forgery)), userHandle }
    assert.deepEqual(await prove(authenticator, known, forgery), { signCount: 1, bs: false })
  })
test('tolerated: unknown members of what the browser sends', async () => {
  const authenticator = new Authenticator()
  const registration = authenticator.create(creation, { origin })
  const more = { ...registration, later: 1, response: { ...registration.response, publicKeyAlgorithm: -7, later: [] } }
  const known = { ...(await verifyRegistration(Registration.parse(more), party)), userHandle }
  const assertion = authenticator.get(request, { origin })
  const proof = { ...assertion, later: 1, response: { ...assertion.response, attestationObject: null } }
  assert.equal((await verifyAssertion(Assertion.parse(proof), known, { ...party, identified: false })).signCount, 1)
})
test('transports that no level knows are dropped', async () => {
  const registration = new Authenticator().create(creation, { origin })
  const sent = { ...registration, response: { ...registration.response, transports: ['usb', 'telepathy', 'nfc'] } }
  assert.deepEqual((await verifyRegistration(Registration.parse(sent), party)).transports, ['usb', 'nfc'])
  const { transports, ...response } = registration.response
  assert.deepEqual((await verifyRegistration(Registration.parse({ ...registration, response }), party)).transports, [])
  assert.ok(transports)
})

const frame = /frame of another origin/
const unlike = (text: string) => new RegExp(`Unexpected .*${text}`)
/** Rules of both §7.1 and §7.2; each forgery is signed by the right key. */
const forgeries: [string, Forgery, RegExp][] = [
  ['type missing', { clientData: { type: undefined } }, unlike('response type')],
  ['type of another ceremony (payment)', { clientData: { type: 'payment.get' } }, unlike('response type')],
  ['another challenge', { clientData: { challenge: randomBytes(32).toString('base64url') } }, unlike('challenge')],
  ['the challenge cut short', { clientData: { challenge: challenge.slice(0, -4) } }, unlike('challenge')],
  ['the challenge padded', { clientData: { challenge: `${challenge}=` } }, unlike('challenge')],
  ['no challenge', { clientData: { challenge: undefined } }, unlike('challenge')],
  ['an empty challenge', { clientData: { challenge: '' } }, unlike('challenge')],
  ['challenge no string', { clientData: { challenge: [challenge] } }, /challenge/],
  ['another site', { clientData: { origin: 'https://postern-example.com' } }, unlike('origin')],
  ['a subdomain', { clientData: { origin: 'https://evil.postern.example' } }, unlike('origin')],
  ['the domain above', { clientData: { origin: 'https://example' } }, unlike('origin')],
  ['ours as the beginning of another', { clientData: { origin: 'https://postern.example.evil.test' } }, unlike('origin')],
  ['another port', { clientData: { origin: 'https://postern.example:8443' } }, unlike('origin')],
  ['another scheme', { clientData: { origin: 'http://postern.example' } }, unlike('origin')],
  ['origin with a path', { clientData: { origin: 'https://postern.example/' } }, unlike('origin')],
  ['no origin', { clientData: { origin: undefined } }, unlike('origin')],
  ['origin null', { clientData: { origin: 'null' } }, unlike('origin')],
  ['origin a list that holds ours', { clientData: { origin: [origin] } }, unlike('origin')],
  ['crossOrigin', { client: { crossOrigin: true } }, frame],
  ['crossOrigin, and ours as the top', { client: { crossOrigin: true, topOrigin: origin } }, frame],
  ['crossOrigin, and a top origin', { client: { crossOrigin: true, topOrigin: 'https://evil.test' } }, frame],
  ['topOrigin without crossOrigin', { client: { topOrigin: 'https://evil.test' } }, frame],
  ['topOrigin empty', { clientData: { topOrigin: '' } }, frame],
  ['topOrigin null', { clientData: { topOrigin: null } }, frame],
  ['crossOrigin a word', { clientData: { crossOrigin: 'true' } }, frame],
  ['crossOrigin a number', { clientData: { crossOrigin: 1 } }, frame],
  ['client data no JSON', { clientDataText: '{"type":' }, /no JSON/],
  ['client data empty', { clientDataText: '' }, /no JSON/],
  ['client data null', { clientDataText: 'null' }, /no JSON object/],
  ['client data a number', { clientDataText: '1' }, unlike('response type')],
  ['client data a list', { clientDataText: '[]' }, unlike('response type')],
  ['hash of another rpId', { rpId: 'evil.test' }, /RP ID/],
  ['hash of the domain above', { rpId: 'example' }, /RP ID/],
  ['nobody present (UP)', { flags: { up: false } }, /not present/],
  ['nobody verified (UV)', { flags: { uv: false } }, /could not be verified/],
  ['neither present nor verified', { flags: { up: false, uv: false } }, /not (be )?(present|verified)/],
  ['backed up without being eligible (BS, BE)', { flags: { be: false, bs: true } }, /[Ss]ingle-device/],
  ['extensions announced, and none there (ED)', { flags: { ed: true } }, /./],
  ['bytes after the authenticator data', { extensions: Buffer.of(0xa0, 0xa0) }, /[Ll]eftover/],
]
for (const [rule, forgery, why] of forgeries)
  test(`a registration is refused: ${rule}`, () => refused(register(new Authenticator(), forgery), why))
for (const [rule, forgery, why] of forgeries)
  test(`an assertion is refused: ${rule}`, async () => {
    const authenticator = new Authenticator()
    const known = await registered(authenticator)
    await refused(prove(authenticator, known, forgery), why)
    // the same passkey is good as soon as nothing is forged
    await prove(authenticator, known)
  })

// §7.1 alone
const flip =
  (at: number, bit = 1) =>
  (bytes: Buffer): Buffer => {
    bytes[at < 0 ? bytes.length + at : at] = (bytes.at(at) as number) ^ bit
    return bytes
  }
const otherKey = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const p256 = (algorithm: number): Forgery => ({ publicKey: coseOf(otherKey.publicKey, algorithm) })
const rsa = (publicExponent: number) => generateKeyPairSync('rsa', { modulusLength: 2_048, publicExponent }).publicKey
/** Its y has 31 bytes. */
const withoutY = ((cose: Buffer) => Buffer.concat([cose.subarray(0, -34), Buffer.of(0x58, 31), cose.subarray(-32, -1)]))(
  coseOf(otherKey.publicKey, -7),
)
const noKey = /none of its algorithm/
const unsupported = /Unexpected public key alg/
const registrations: [string, Forgery, RegExp, Made?][] = [
  ['type of an assertion', { clientData: { type: 'webauthn.get' } }, unlike('response type')],
  ['ES384', { publicKey: coseOf(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey, -35) }, unsupported],
  ['ES512', { publicKey: coseOf(generateKeyPairSync('ec', { namedCurve: 'P-521' }).publicKey, -36) }, unsupported],
  ['Ed448', { publicKey: coseOf(generateKeyPairSync('ed448').publicKey, -53) }, unsupported],
  ...[-37, -38, -39, -47, -48, -49, -50, -258, -259, -65535, 7].map((each): [string, Forgery, RegExp] => [
    `algorithm ${each}`,
    p256(each),
    unsupported,
  ]),
  ['ES256 on P-384', { publicKey: coseOf(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey, -7) }, noKey],
  ['EdDSA on Ed448', { publicKey: coseOf(generateKeyPairSync('ed448').publicKey, -8) }, noKey],
  ['EdDSA with a key of P-256', p256(-8), noKey],
  ['RS256 with 1024 bits', { publicKey: coseOf(generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey, -257) }, noKey],
  ['RS256 with exponent 3', { publicKey: coseOf(rsa(3), -257) }, noKey],
  ['a point that is not on the curve', { publicKey: flip(-1)(coseOf(otherKey.publicKey, -7)) }, /./],
  ['a key cut short', { publicKey: withoutY }, /part of the key is missing/],
  ['no algorithm', { publicKey: cbor(new Map([[1, 2]])) }, /alg/],
  ['no key', { publicKey: Buffer.alloc(0) }, /./],
  ['a key that is no CBOR', { publicKey: Buffer.of(0xff, 0xff) }, /./],
  ['no attested credential (AT)', { flags: { at: false } }, /./],
  ['a credential id of 1024 bytes', { credentialId: randomBytes(1_024) }, /too long/],
  ['an empty credential id', { credentialId: Buffer.alloc(0) }, /credential ID/i],
  ['an id that is not the one in the authenticator data', { sent: { id: flip(0), rawId: flip(0) } }, /another one/],
  ['id and rawId differ', { sent: { id: flip(0) } }, /credential ID/i],
  ['rawId and id differ', { sent: { rawId: flip(-1) } }, /credential ID/i],
  ['self attestation by another key', { signer: otherKey.privateKey }, /does not hold/, { attestation: 'packed' }],
  ['self attestation of an algorithm that is not the key’s', p256(-8), /./, { attestation: 'packed' }],
  [
    'an attestation format that nobody knows',
    { sent: { attestationObject: (bytes) => Buffer.from(bytes.toString('latin1').replace('none', 'nine'), 'latin1') } },
    /[Uu]nsupported Attestation Format/,
  ],
  ['an attestation object that is no CBOR', { sent: { attestationObject: () => Buffer.from('none') } }, /./],
  ['an attestation object cut short', { sent: { attestationObject: (bytes) => bytes.subarray(0, -1) } }, /./],
  ['an empty attestation object', { sent: { attestationObject: () => Buffer.alloc(0) } }, /./],
]
for (const [rule, forgery, why, made] of registrations)
  test(`a registration is refused: ${rule}`, () => refused(register(new Authenticator(), forgery, made), why))
test('a credential id of 1023 bytes is taken', async () => {
  const credentialId = randomBytes(1_023)
  assert.deepEqual((await register(new Authenticator(), { credentialId })).credentialId, credentialId)
})
test('fmt none with a statement is refused (§8.7)', async () => {
  const packed = new Authenticator().create(creation, { origin }, { attestation: 'packed' })
  const object = Buffer.from(packed.response.attestationObject, 'base64url')
  const renamed = Buffer.concat([object.subarray(0, 5), cbor('none'), object.subarray(5 + cbor('packed').length)])
  assert.equal(renamed.indexOf('none'), 6)
  const response = { ...packed.response, attestationObject: renamed.toString('base64url') }
  await refused(verifyRegistration(Registration.parse({ ...packed, response }), party), /None attestation/)
})

// §7.2 alone
const assertions: [string, Forgery, RegExp][] = [
  ['type of a registration', { clientData: { type: 'webauthn.create' } }, unlike('response type')],
  ['eligible for backup now, and not at registration (BE)', { flags: { be: true } }, /eligibility changed/],
  ['signed by another key', { signer: otherKey.privateKey }, /signature is wrong/],
  ['signed by a key of another kind', { signer: generateKeyPairSync('ed25519').privateKey }, /./],
  ['no signature', { sent: { signature: () => Buffer.alloc(0) } }, /./],
  ['the signature cut short', { sent: { signature: (bytes) => bytes.subarray(0, -1) } }, /./],
  ['a byte after the signature', { sent: { signature: (bytes) => Buffer.concat([bytes, Buffer.of(0)]) } }, /./],
  ['no user handle', { userHandle: null }, /no user handle/],
  ['an empty user handle', { userHandle: Buffer.alloc(0) }, /no user handle/],
  ['the user handle of another person', { userHandle: randomBytes(16) }, /another person/],
  ['the user handle cut short', { userHandle: userHandle.subarray(0, 15) }, /another person/],
  ['the user handle and one byte', { userHandle: Buffer.concat([userHandle, Buffer.of(0)]) }, /another person/],
  ['the id of another credential', { sent: { id: flip(0), rawId: flip(0) } }, /another credential/],
  ['id and rawId differ', { sent: { id: flip(0) } }, /another credential/],
  ['rawId and id differ', { sent: { rawId: flip(0) } }, /credential ID/i],
  ['authenticator data cut short', { sent: { authenticatorData: (bytes) => bytes.subarray(0, 36) } }, /./],
  ['no authenticator data', { sent: { authenticatorData: () => Buffer.alloc(0) } }, /./],
  ['flags changed after signing', { flags: { uv: false }, sent: { authenticatorData: flip(32, 0x04) } }, /signature is wrong/],
  ['the rpId’s hash changed after signing', { sent: { authenticatorData: flip(0) } }, /RP ID/],
  ['the counter changed after signing', { sent: { authenticatorData: flip(36, 0x40) } }, /signature is wrong/],
  [
    'client data written otherwise',
    { sent: { clientDataJSON: (bytes) => Buffer.concat([bytes, Buffer.from(' ')]) } },
    /signature/,
  ],
]
for (const [rule, forgery, why] of assertions)
  test(`an assertion is refused: ${rule}`, async () => {
    const authenticator = new Authenticator()
    const known = await registered(authenticator)
    await refused(prove(authenticator, known, forgery), why)
    await prove(authenticator, known)
  })
test('an assertion is refused: eligible for backup at registration, and not now (BE)', async () => {
  const authenticator = new Authenticator({ backupEligible: true })
  const known = await registered(authenticator)
  await refused(prove(authenticator, known, { flags: { be: false } }), /eligibility changed/)
})
test('an assertion is refused: of another credential of the same authenticator and person', async () => {
  const authenticator = new Authenticator()
  const [first, second] = [await registered(authenticator), await registered(authenticator)]
  await refused(prove(authenticator, first), /another credential/)
  await refused(prove(authenticator, { ...second, publicKey: first.publicKey }), /signature is wrong/)
  await prove(authenticator, second)
})
test('where the person was known before, no user handle is needed; another person’s is refused all the same', async () => {
  const authenticator = new Authenticator()
  const known = await registered(authenticator)
  await prove(authenticator, known, { userHandle: null }, true)
  await refused(prove(authenticator, known, { userHandle: randomBytes(16) }, true), /another person/)
})
test('an answer to one challenge is none to the next', async () => {
  const authenticator = new Authenticator()
  const known = await registered(authenticator)
  const assertion = authenticator.get(request, { origin })
  const next = { ...party, challenge: randomBytes(32).toString('base64url'), identified: false }
  await refused(verifyAssertion(assertion, known, next), unlike('challenge'))
  await verifyAssertion(assertion, known, { ...party, identified: false })
})
test('the context that a phone signs is part of the challenge: 64 bytes, and no other end', async () => {
  const authenticator = new Authenticator()
  const known = await registered(authenticator)
  const random = randomBytes(32)
  const over = (context: string) => Buffer.concat([random, createHash('sha256').update(context).digest()]).toString('base64url')
  const assertion = authenticator.get({ challenge: over('shown'), rpId }, { origin })
  await verifyAssertion(assertion, known, { ...party, challenge: over('shown'), identified: false })
  await refused(verifyAssertion(assertion, known, { ...party, challenge: over('asked'), identified: false }), unlike('challenge'))
})

// every altered bit
for (const algorithm of [-7, -8, -257] as const)
  test(`algorithm ${algorithm}: each altered bit of an assertion is refused`, async () => {
    const authenticator = new Authenticator({ algorithm })
    const known = await registered(authenticator)
    const right = authenticator.get(request, { origin })
    const verify = (assertion: Assertion) => verifyAssertion(assertion, known, { ...party, identified: false })
    await verify(right)
    for (const part of ['id', 'rawId'] as const)
      for (const altered of eachBit(right[part])) await refused(verify({ ...right, [part]: altered }), /./)
    for (const altered of eachBit(right.id))
      await refused(verify({ ...right, id: altered, rawId: altered }), /another credential/)
    for (const part of ['clientDataJSON', 'authenticatorData', 'signature', 'userHandle'] as const)
      for (const altered of eachBit(right.response[part] as string))
        await refused(verify({ ...right, response: { ...right.response, [part]: altered } }), /./)
    await verify(right)
  })
test('each altered bit of what a registration signs is refused, and of its signature', async () => {
  const right = new Authenticator({ algorithm: -8 }).create(creation, { origin }, { attestation: 'packed' })
  await verifyRegistration(right, party)
  for (const part of ['id', 'rawId'] as const)
    for (const altered of eachBit(right[part])) await refused(verifyRegistration({ ...right, [part]: altered }, party), /./)
  for (const part of ['clientDataJSON', 'attestationObject'] as const)
    for (const altered of eachBit(right.response[part], part === 'clientDataJSON' ? [[0]] : signedIn(right)))
      await refused(verifyRegistration({ ...right, response: { ...right.response, [part]: altered } }, party), /./)
})
/** Signature and authenticator data in a packed attestation object, without the CBOR around them. */
const signedIn = ({ response }: Registration): [number, number?][] => {
  const object = Buffer.from(response.attestationObject, 'base64url')
  const [signature, data] = [object.indexOf(cbor('sig')) + 6, object.indexOf(cbor('authData')) + 11]
  assert.deepEqual(object.subarray(data, data + 32), createHash('sha256').update(rpId).digest())
  return [[signature, signature + 64], [data]]
}
function* eachBit(base64url: string, regions: [number, number?][] = [[0]]): Generator<string> {
  const bytes = Buffer.from(base64url, 'base64url')
  for (const [from, to = bytes.length] of regions)
    for (let at = from; at < to; at++)
      for (let bit = 0; bit < 8; bit++) yield flip(at, 1 << bit)(Buffer.from(bytes)).toString('base64url')
}

// the published vectors of WebAuthn Level 3 §16
const vectorsFile = join(
  process.env.POSTERN_VECTORS ?? join(import.meta.dirname, '../../../../../shared/vectors'),
  'webauthn/vectors.json',
)
type Section = { title: string; anchor: string; values: Record<string, string[]> }
type Party = Parameters<typeof verifyRegistration>[1]
/** A section as a browser would send it: of a name with two values the first is of the registration. */
const ceremoniesOf = ({ values }: Section) => {
  const bytes = (name: string, at = 0): Buffer => Buffer.from(values[name]?.[at] as string, 'hex')
  const text = (name: string, at = 0): string => bytes(name, at).toString('base64url')
  const object = bytes('attestationObject')
  // authData is the object's last member, and COSE_Key is the last of it
  const stated = object.subarray(object.indexOf(cbor('authData')) + cbor('authData').length)
  const authData = stated.subarray(stated[0] === 0x58 ? 2 : 3)
  const credentialId = bytes('credential_id')
  assert.deepEqual(authData.subarray(55, 55 + credentialId.length), credentialId)
  const id = credentialId.toString('base64url')
  const sent = { id, rawId: id, type: 'public-key' as const, clientExtensionResults: {} }
  const registration = {
    ...sent,
    response: { clientDataJSON: text('clientDataJSON'), attestationObject: text('attestationObject') },
  }
  const assertion = {
    ...sent,
    response: {
      clientDataJSON: text('clientDataJSON', 1),
      authenticatorData: text('authenticatorData'),
      signature: text('signature'),
      userHandle: userHandle.toString('base64url'),
    },
  }
  const party = (at: number): Party => ({
    challenge: text('challenge', at),
    origins: ['https://example.org'],
    rpId: 'example.org',
  })
  const publicKey = authData.subarray(55 + credentialId.length)
  const be = ((authData[32] as number) & 0x08) !== 0
  return { registration, assertion, party, authData, known: { credentialId, publicKey, be, userHandle } }
}
const good = undefined
const unverified = /could not be verified/
const otherAlgorithm = /Unexpected public key alg|none of its algorithm|invalid alg/
// attestation is asked for by policy only, and then one that can be traced: the vectors’ TPM is of no maker that the TCG knows,
// and their Android key has a leaf without the chain that real ones send
const madeUpMaker = /TPM manufacturer/
const noChain = /certificate path/
/** What is to become of registration and assertion: the vectors are made with and without user verification, in frames or not. */
const verdicts: Record<string, [RegExp | undefined, RegExp | undefined]> = {
  'none-es256': [unverified, unverified],
  'packed-self-es256': [good, unverified],
  'none-es256-crossOrigin': [frame, frame],
  'none-es256-topOrigin': [frame, frame],
  'none-es256-long-credential-id': [unverified, good],
  'packed-es256': [good, good],
  'packed-es384': [unverified, otherAlgorithm],
  'packed-es512': [otherAlgorithm, unverified],
  'packed-rs256': [good, unverified],
  'packed-eddsa': [unverified, unverified],
  'packed-ed448': [unverified, otherAlgorithm],
  'tpm-es256': [madeUpMaker, good],
  'android-key-es256': [noChain, unverified],
  'apple-es256': [unverified, unverified],
  'fido-u2f-es256': [unverified, unverified],
}
if (!existsSync(vectorsFile)) console.log('skipped: vectors not found')
else {
  const { sections } = JSON.parse(readFileSync(vectorsFile, 'utf8')) as { sections: Section[] }
  const made = sections.filter(({ values }) => values.attestationObject)
  const nameOf = ({ anchor }: Section) => anchor.replace('sctn-test-vectors-', '')
  const root = Buffer.from(sections[0]?.values.attestation_ca_cert?.[0] as string, 'hex')
  const pem = `-----BEGIN CERTIFICATE-----\n${root.toString('base64')}\n-----END CERTIFICATE-----`
  for (const identifier of ['packed', 'tpm', 'android-key', 'apple', 'fido-u2f'] as const)
    SettingsService.setRootCertificates({ identifier, certificates: [pem] })

  test('each section of the vectors has its verdict', () => {
    assert.deepEqual(made.map(nameOf).sort(), Object.keys(verdicts).sort())
  })
  for (const section of made)
    test(`vector: ${section.title}`, async () => {
      const { registration, assertion, party, known } = ceremoniesOf(section)
      const [ofRegistration, ofAssertion] = verdicts[nameOf(section)] as [RegExp | undefined, RegExp | undefined]
      const register = verifyRegistration(registration, party(0))
      if (ofRegistration) await refused(register, ofRegistration)
      else {
        const { credentialId, publicKey, be, attested } = await register
        assert.equal(attested, false, 'self attestation, or a certificate of anybody, proves no model')
        assert.deepEqual({ credentialId, publicKey, be, userHandle }, known)
      }
      const prove = verifyAssertion(assertion, known, { ...party(1), identified: false })
      if (ofAssertion) await refused(prove, ofAssertion)
      else assert.equal((await prove).signCount, 0)
    })
  // that nothing but UV keeps the others out: signed again by the section's own key, with it
  for (const section of made.filter((each) => verdicts[nameOf(each)]?.[1] === unverified)) {
    const scalar = section.values.credential_private_key ?? section.values.private_key
    const { known } = ceremoniesOf(section)
    const key = scalar && privateOf(known.publicKey, scalar[0] as string)
    if (!key) continue
    test(`vector, signed again with user verification: ${section.title}`, async () => {
      const { assertion, party } = ceremoniesOf(section)
      const data = flip(32, 0x04)(Buffer.from(assertion.response.authenticatorData, 'base64url'))
      const hash = createHash('sha256').update(Buffer.from(assertion.response.clientDataJSON, 'base64url')).digest()
      const signature = sign(key.asymmetricKeyType === 'ed25519' ? null : 'sha256', Buffer.concat([data, hash]), key)
      const response = {
        ...assertion.response,
        authenticatorData: data.toString('base64url'),
        signature: signature.toString('base64url'),
      }
      await verifyAssertion({ ...assertion, response }, known, { ...party(1), identified: false })
    })
  }
}
/** Of ES256 and EdDSA, by the scalar or seed that the vectors tell. */
function privateOf(cose: Buffer, hex: string): KeyObject | undefined {
  const d = Buffer.from(hex, 'hex').toString('base64url')
  const tail = (from: number, to?: number) => cose.subarray(from, to).toString('base64url')
  const head = cose.toString('hex')
  if (/^a50102032620012158/.test(head))
    return createPrivateKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', d, x: tail(10, 42), y: tail(45) } })
  if (/^a401010327200621/.test(head))
    return createPrivateKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', d, x: tail(-32) } })
  return undefined
}
