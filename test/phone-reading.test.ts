import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import canonicalize from 'canonicalize'
import fc from 'fast-check'
import { rowOfFrames, seenAs } from '../web/src/phone/frames.ts'
import { canonical, signsContext } from '../web/src/phone/signed.ts'

/** What the phone page decides by itself: what it opens, when a code was seen moving, and what it signs. */

const vectors = process.env.POSTERN_VECTORS ?? join(import.meta.dirname, '../../shared/vectors')
test('what is signed is written as RFC 8785 says: its published vectors, where they hold no fractions', () => {
  const folder = join(vectors, 'json-canonicalization/testdata')
  if (!existsSync(folder)) return console.log('skipped: vectors not found')
  for (const name of ['arrays', 'french', 'structures', 'unicode', 'weird']) {
    const input = JSON.parse(readFileSync(join(folder, `input/${name}.json`), 'utf8')) as unknown
    assert.equal(canonical(input), readFileSync(join(folder, `output/${name}.json`), 'utf8').trim(), name)
  }
  // values.json is numbers with fractions and exponents, of which a request has none: they are refused, not written anyhow
  const values = JSON.parse(readFileSync(join(folder, 'input/values.json'), 'utf8')) as unknown
  assert.throws(() => canonical(values), /not a whole number/)
})
test('and as another implementation writes it, whatever the strings are', () => {
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.maxSafeInteger(),
      fc.constant(null),
      fc.boolean(),
      fc.array(tie('any'), { maxLength: 3 }),
      fc.dictionary(fc.string({ unit: 'grapheme' }), tie('any'), { maxKeys: 5 }),
    ),
  })).any
  fc.assert(fc.property(value, (given) => canonical(given) === canonicalize(given)))
  for (const bad of [0.5, Number.NaN, 2 ** 53, '\ud800', { a: undefined }, Symbol('x'), 1n])
    assert.throws(() => canonical(bad), TypeError)
})

const context = { v: 1, issuer: 'Northfield Rail', place: { city: 'Kraków', lat: null }, askedAt: '2026-11-28T09:41:00.000Z' }
const challengeOf = (what: unknown): string =>
  Buffer.concat([
    randomBytes(32),
    createHash('sha256')
      .update(canonicalize(what) as string)
      .digest(),
  ]).toString('base64url')
test('a challenge that ends with the hash of something else is not signed', async () => {
  const challenge = challengeOf(context)
  assert.equal(await signsContext(challenge, context), true)
  for (const other of [
    { ...context, issuer: 'Northfield Rai1' },
    { ...context, more: 1 },
    { ...context, v: 2 },
    { ...context, place: { city: 'Kraków' } },
    {},
    { ...context, v: 1.5 },
  ])
    assert.equal(await signsContext(challenge, other), false, JSON.stringify(other))
  const bytes = Buffer.from(challenge, 'base64url')
  for (const bad of [
    '',
    'no base64url at all!',
    bytes.subarray(32).toString('base64url'),
    bytes.subarray(0, 63).toString('base64url'),
    Buffer.concat([bytes, Buffer.of(0)]).toString('base64url'),
    bytes.fill(bytes[63] === 0 ? 1 : 0, 63).toString('base64url'),
  ])
    assert.equal(await signsContext(bad, context), false, bad)
})

const origin = 'https://postern.test'
const id = `cod_${'0'.repeat(26)}`
const mac = 'A'.repeat(22)
test('only codes of the own origin are opened', () => {
  assert.deepEqual(seenAs(`${origin}/c/${id}`, origin), { is: 'code', id, url: `${origin}/c/${id}` })
  assert.deepEqual(seenAs(`${origin}/c/${id}#${'s'.repeat(43)}`, origin), {
    is: 'code',
    id,
    url: `${origin}/c/${id}#${'s'.repeat(43)}`,
  })
  assert.deepEqual(seenAs(`${origin}/c/${id}#12.${mac}`, origin), { is: 'frame', id, n: 12, frame: `12.${mac}` })
  for (const foreign of [
    `https://postern.test.evil.example/c/${id}`,
    `https://postern.test@evil.example/c/${id}`,
    `http://postern.test/c/${id}`,
    `https://pоstern.test/c/${id}`,
    `HTTPS://POSTERN.TEST/c/${id}`,
    `${origin}:8443/c/${id}`,
    `${origin}/c/${id}/../../sign-in`,
    `${origin}/c/../sign-in`,
    `${origin}/c/${id}?next=//evil.example`,
    `${origin}/c/${id}#<img>`,
    `${origin}/sign-in`,
    ` ${origin}/c/${id}`,
    'javascript:alert(1)',
    `otpauth://totp/x?secret=${'A'.repeat(32)}`,
    'WIFI:S:guest;;',
    '',
  ])
    assert.deepEqual(seenAs(foreign, origin), { is: 'foreign', text: foreign }, foreign)
})
test('three frames in a row are three, of one code, without a gap or a step back', () => {
  const frame = (n: number, of = id) => ({ id: of, n, frame: `${n}.${mac}` })
  const taken = (...frames: ReturnType<typeof frame>[]) => {
    const row = rowOfFrames()
    let last: string[] = []
    for (const each of frames) last = row.take(each)
    return last.map((each) => Number(each.split('.')[0]))
  }
  assert.deepEqual(taken(frame(7), frame(8), frame(9)), [7, 8, 9])
  // a camera sees each of them many times
  assert.deepEqual(taken(frame(7), frame(7), frame(8), frame(8), frame(8), frame(9)), [7, 8, 9])
  assert.deepEqual(taken(frame(7), frame(7), frame(7)), [7])
  assert.deepEqual(taken(frame(7), frame(8), frame(10)), [10])
  assert.deepEqual(taken(frame(7), frame(8), frame(7)), [7])
  assert.deepEqual(taken(frame(7), frame(8), frame(9, `cod_${'1'.repeat(26)}`)), [9])
  assert.deepEqual(taken(frame(6), frame(7), frame(8), frame(9)), [7, 8, 9])
})
