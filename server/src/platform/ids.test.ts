import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CodeId, UserId } from '@postern/contract'
import fc from 'fast-check'
import { fromId, toId, uuid7, uuid7Low, uuid7Time, uuidOfHash } from './ids.ts'

test('ids of one process rise, also within a millisecond and when the clock goes back', () => {
  const now = Date.now() + 10_000
  const made = [
    ...Array.from({ length: 10_000 }, () => uuid7(now)),
    ...Array.from({ length: 10 }, () => uuid7(now - 60_000)),
    uuid7(now + 60_000),
  ]
  assert.equal(new Set(made).size, made.length)
  assert.deepEqual([...made].sort(), made)
  for (const uuid of made) assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})

test('an id reads back as the UUID that it was made of, sorts as it does, and fits the contract', () => {
  fc.assert(
    fc.property(fc.uuid(), fc.uuid(), (one, other) => {
      assert.equal(fromId(toId('usr', one)), one)
      assert.ok(UserId.safeParse(toId('usr', one)).success)
      assert.ok(!CodeId.safeParse(toId('usr', one)).success)
      assert.equal(toId('usr', one) < toId('usr', other), one < other)
    }),
  )
})

test('every id that the contract lets in is a UUID', () => {
  const alphabet = [...'0123456789abcdefghjkmnpqrstvwxyz']
  const body = fc.array(fc.constantFrom(...alphabet), { minLength: 26, maxLength: 26 }).map((each) => `usr_${each.join('')}`)
  fc.assert(
    fc.property(body, (id) => {
      if (UserId.safeParse(id).success) assert.match(fromId(id), /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/)
    }),
  )
})

test('the instant of an id is the one that it was made at, and the lowest id of an instant is below all of it', () => {
  const at = Date.UTC(2030, 4, 1, 12)
  const uuid = uuid7(at)
  assert.equal(uuid7Time(uuid), at)
  assert.ok(uuid7Low(new Date(at)) <= uuid)
  assert.ok(uuid7Low(new Date(at + 1)) > uuid)
})

test('the lowest id of any instant that can be written is a UUID', () => {
  for (const text of [
    '0000-01-01T00:00:00.000Z',
    '1969-12-31T23:59:59.999Z',
    '1970-01-01T00:00:00.000Z',
    '9999-12-31T23:59:59.999Z',
  ])
    assert.match(uuid7Low(new Date(text)), /^[0-9a-f]{8}-[0-9a-f]{4}-7000-8000-000000000000$/, text)
})

test('the account key of a name that nobody has is a UUID of version 8, always the same for one hash', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
      const uuid = uuidOfHash(Buffer.from(bytes))
      assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      assert.equal(uuidOfHash(Buffer.from(bytes)), uuid)
    }),
  )
})
