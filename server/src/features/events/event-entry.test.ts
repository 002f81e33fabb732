import assert from 'node:assert/strict'
import { createHash, createHmac, createSecretKey, randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import canonicalize from 'canonicalize'
import { uuid7 } from '../../platform/ids.ts'
import { decrypt, encrypt, type Keys } from '../../platform/keys.ts'
import { EventDraft } from './event-draft.ts'
import { leafHash, openPersonal, prepareEvent } from './event-entry.ts'
import type { PersonKeys } from './person-keys.ts'

const root = process.env.POSTERN_VECTORS ?? join(import.meta.dirname, '../../../../../shared/vectors')
const vectors = (path: string): string | undefined => {
  const found = existsSync(join(root, path))
  if (!found) console.log('skipped: vectors not found')
  return found ? join(root, path) : undefined
}

test('entries are written as RFC 8785 says: its published vectors', () => {
  const folder = vectors('json-canonicalization/testdata')
  if (!folder) return
  for (const name of readdirSync(join(folder, 'input'))) {
    const input = JSON.parse(readFileSync(join(folder, 'input', name), 'utf8')) as unknown
    assert.equal(canonicalize(input), readFileSync(join(folder, 'output', name), 'utf8').trim(), name)
  }
})

test('a leaf is SHA-256 of a zero byte and the entry (RFC 6962 §2.1)', () => {
  // the empty entry: the first leaf of the reference implementation of Certificate Transparency
  assert.equal(leafHash('').toString('hex'), '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d')
  assert.deepEqual(
    leafHash('{"ü":1}'),
    createHash('sha256')
      .update(Buffer.concat([Buffer.of(0), Buffer.from('{"ü":1}')]))
      .digest(),
  )
})

test('AES-GCM vectors of Wycheproof, good and bad, through the seal of the rows', () => {
  const file = vectors('wycheproof/testvectors_v1/aes_gcm_test.json')
  if (!file) return
  type Case = { tcId: number; key: string; iv: string; aad: string; msg: string; ct: string; tag: string; result: string }
  const { testGroups } = JSON.parse(readFileSync(file, 'utf8')) as {
    testGroups: { ivSize: number; keySize: number; tagSize: number; tests: Case[] }[]
  }
  let tried = 0
  for (const { ivSize, keySize, tagSize, tests } of testGroups) {
    if (ivSize !== 96 || keySize !== 256 || tagSize !== 128) continue
    for (const { tcId, key, iv, aad, msg, ct, tag, result } of tests) {
      // our additional data is text
      const text = Buffer.from(aad, 'hex').toString()
      if (Buffer.from(text).toString('hex') !== aad) continue
      const open = () => decrypt(createSecretKey(Buffer.from(key, 'hex')), Buffer.from(iv + ct + tag, 'hex'), text)
      if (result === 'invalid') assert.throws(open, String(tcId))
      else assert.equal(open().toString('hex'), msg, String(tcId))
      tried++
    }
  }
  assert.ok(tried > 30)
})

test('any altered byte, other row or other key of a seal is refused', () => {
  const key = createSecretKey(randomBytes(32))
  const sealed = encrypt(key, Buffer.from('secret'), 'row 1')
  assert.equal(decrypt(key, sealed, 'row 1').toString(), 'secret')
  for (let at = 0; at < sealed.length; at++) {
    const altered = Buffer.from(sealed)
    altered[at] = (altered[at] as number) ^ 1
    assert.throws(() => decrypt(key, altered, 'row 1'))
  }
  assert.throws(() => decrypt(key, sealed, 'row 2'))
  assert.throws(() => decrypt(createSecretKey(randomBytes(32)), sealed, 'row 1'))
  assert.throws(() => decrypt(key, sealed.subarray(0, sealed.length - 4), 'row 1'))
  assert.notDeepEqual(encrypt(key, Buffer.from('secret'), 'row 1'), sealed)
})

const own = createSecretKey(randomBytes(32))
const shared = createSecretKey(randomBytes(32))
const keys = {
  hash: (kind: string, text: string) => createHmac('sha256', kind).update(text).digest(),
  nobodyKey: async () => ({ kid: 7, key: shared }),
  keyById: async (kid: number) => (kid === 7 ? shared : undefined),
} as unknown as Keys
const people = (erased = false) => ({ find: async () => (erased ? undefined : own) }) as unknown as PersonKeys
const source = {
  address: '203.0.113.9',
  place: { country: 'PL', city: 'Łódź' },
  device: { type: 'desktop' as const, platform: 'Linux', browser: 'Firefox 150' },
}

test('an entry holds no name, address, place or device, and no place in the log; the sealed part holds them', async () => {
  const draft = new EventDraft({ kind: 'stranger', source }, 'sign-in.password', {
    typedName: 'ada\r\n<script>',
    subject: { kind: 'user', id: uuid7(), name: 'ada.lovelace' },
    factor: 'password',
    detail: { code: 'factor-wrong' },
  })
  const prepared = await prepareEvent(keys, people(), draft)
  // two letters stand in a hash now and then
  const entry = prepared.entry.replaceAll(/"[\w+/=-]{43,}"/g, '""')
  for (const personal of ['script', 'lovelace', '203.0.113', 'PL', 'Łódź', 'Linux', 'Firefox', 'desktop'])
    assert.ok(!entry.includes(personal), personal)
  assert.ok(!('seq' in JSON.parse(prepared.entry)))
  assert.equal(canonicalize(JSON.parse(prepared.entry)), prepared.entry)
  assert.deepEqual(prepared.leaf, leafHash(prepared.entry))
  for (const personal of ['ada', '203.0.113', 'Firefox']) assert.ok(!prepared.sealed.toString('latin1').includes(personal))
  const opened = await openPersonal(keys, people(), prepared.id, prepared.sealed)
  assert.deepEqual(opened.actor, { name: 'ada\r\n<script>', address: '203.0.113.9', place: source.place, device: source.device })
  assert.deepEqual(opened.subject, { name: 'ada.lovelace' })
})

test('two events of the same facts have different commitments, so that nobody can guess a name from one', async () => {
  const make = () =>
    prepareEvent(keys, people(), new EventDraft({ kind: 'stranger', source }, 'sign-in.password', { typedName: 'ada' }))
  const macOf = (entry: string) => (JSON.parse(entry) as { personal: { actor: string } }).personal.actor
  assert.notEqual(macOf((await make()).entry), macOf((await make()).entry))
})

test('a person whose key is gone is erased from the event, and nothing else of it changes', async () => {
  const draft = new EventDraft({ kind: 'stranger', source }, 'sign-in.totp', { person: { id: uuid7(), name: 'ada' } })
  const prepared = await prepareEvent(keys, people(), draft)
  assert.equal((await openPersonal(keys, people(), prepared.id, prepared.sealed)).actor?.name, 'ada')
  assert.deepEqual(await openPersonal(keys, people(true), prepared.id, prepared.sealed), {})
  assert.deepEqual(prepared.leaf, leafHash(prepared.entry))
})
