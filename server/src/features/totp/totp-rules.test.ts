import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { test } from 'node:test'
import { Passcode } from '@postern/contract'
import fc from 'fast-check'
import { type Algorithm, acceptedStep, base32, hotp, offsetOf, otpauthUrl, stepAt } from './totp-rules.ts'

const keyOf = (text: string) => createSecretKey(Buffer.from(text))
const sixOfSha1 = { algorithm: 'SHA1', digits: 6, period: 30 } as const

test('HOTP gives the values of RFC 4226, Appendix D', () => {
  const key = keyOf('12345678901234567890')
  const values = ['755224', '287082', '359152', '969429', '338314', '254676', '287922', '162583', '399871', '520489']
  values.forEach((value, counter) => {
    assert.equal(hotp(key, counter, sixOfSha1), value)
  })
})

test('TOTP gives the values of RFC 6238, Appendix B, for its three hashes', () => {
  // the seeds of the reference implementation are as long as the hash (errata 2866)
  const keys: Record<Algorithm, ReturnType<typeof keyOf>> = {
    SHA1: keyOf('12345678901234567890'),
    SHA256: keyOf('12345678901234567890123456789012'),
    SHA512: keyOf('1234567890123456789012345678901234567890123456789012345678901234'),
  }
  const table: [number, Record<Algorithm, string>][] = [
    [59, { SHA1: '94287082', SHA256: '46119246', SHA512: '90693936' }],
    [1_111_111_109, { SHA1: '07081804', SHA256: '68084774', SHA512: '25091201' }],
    [1_111_111_111, { SHA1: '14050471', SHA256: '67062674', SHA512: '99943326' }],
    [1_234_567_890, { SHA1: '89005924', SHA256: '91819424', SHA512: '93441116' }],
    [2_000_000_000, { SHA1: '69279037', SHA256: '90698825', SHA512: '38618901' }],
    [20_000_000_000, { SHA1: '65353130', SHA256: '77737706', SHA512: '47863826' }],
  ]
  for (const [seconds, values] of table)
    for (const algorithm of ['SHA1', 'SHA256', 'SHA512'] as const) {
      const parameters = { algorithm, digits: 8, period: 30 }
      assert.equal(hotp(keys[algorithm], stepAt(seconds * 1_000, 30), parameters), values[algorithm])
      assert.equal(acceptedStep(keys[algorithm], values[algorithm], seconds * 1_000, parameters), Math.floor(seconds / 30))
    }
})

test('Base32 gives the values of RFC 4648, section 10, without padding', () => {
  const table = { '': '', f: 'MY', fo: 'MZXQ', foo: 'MZXW6', foob: 'MZXW6YQ', fooba: 'MZXW6YTB', foobar: 'MZXW6YTBOI' }
  for (const [plain, encoded] of Object.entries(table)) assert.equal(base32(Buffer.from(plain)), encoded)
})

test('Base32 can be read back whatever the bytes', () => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      let bits = ''
      for (const character of base32(bytes)) bits += alphabet.indexOf(character).toString(2).padStart(5, '0')
      const back = bits.match(/.{8}/g)?.map((byte) => Number.parseInt(byte, 2)) ?? []
      assert.deepEqual(back, [...bytes])
    }),
  )
})

const parameters = fc.record({
  algorithm: fc.constantFrom<Algorithm>('SHA1', 'SHA256', 'SHA512'),
  digits: fc.constantFrom(6, 8),
  period: fc.constantFrom(15, 30, 60),
})
const secret = fc.uint8Array({ minLength: 20, maxLength: 20 }).map((bytes) => createSecretKey(bytes))
/** Any UTF-16, also what is no Unicode. */
const anything = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 12 }).map((units) => String.fromCharCode(...units))
const instant = fc.integer({ min: 1_500_000_000_000, max: 4_000_000_000_000 })

test('the current step and the one before are accepted, never a later or an older one', () => {
  fc.assert(
    fc.property(secret, instant, parameters, fc.integer({ min: -50, max: 50 }), (key, now, given, offset) => {
      const current = stepAt(now, given.period)
      const typed = hotp(key, current + offset, given)
      const accepted = acceptedStep(key, typed, now, given)
      if (offset === 0 || offset === -1) assert.ok(accepted === current || accepted === current - 1)
      // by chance in a million the value of another step is that of the present one
      else if (typed !== hotp(key, current, given) && typed !== hotp(key, current - 1, given)) assert.equal(accepted, undefined)
      assert.ok(accepted === undefined || accepted <= current)
    }),
    { numRuns: 500 },
  )
})

test('what is accepted depends on the step alone: anywhere within it the answer is the same', () => {
  fc.assert(
    fc.property(secret, instant, parameters, fc.double({ min: 0, max: 0.999, noNaN: true }), (key, now, given, part) => {
      const step = stepAt(now, given.period)
      const within = (step + part) * given.period * 1_000
      assert.equal(acceptedStep(key, hotp(key, step, given), Math.floor(within), given), step)
    }),
  )
})

test('other spellings of a passcode are one passcode, and other signs are none', () => {
  assert.equal(Passcode.parse(' 123 456 '), '123456')
  assert.equal(Passcode.parse('123-456'), '123456')
  assert.equal(Passcode.parse('1234 5678'), '12345678')
  for (const typed of [
    '',
    '12345',
    '123456789',
    '12345a',
    '+12345',
    '1234.56',
    '0x1234',
    '１２３４５６',
    '١٢٣٤٥٦',
    '१२३४५६',
    '123\u00a0456x',
    '123456\u0000',
    '1e5000',
  ])
    assert.equal(Passcode.safeParse(typed).success, false, JSON.stringify(typed))
})

test('whatever is typed is compared without a throw, and only digits of the right length match', () => {
  fc.assert(
    fc.property(
      secret,
      instant,
      parameters,
      fc.oneof(anything, fc.string({ maxLength: 12 }), fc.stringMatching(/^[0-9]{5,9}$/)),
      (key, now, given, typed) => {
        const step = acceptedStep(key, typed, now, given)
        if (!/^[0-9]+$/.test(typed) || typed.length !== given.digits) assert.equal(step, undefined)
      },
    ),
    { numRuns: 500 },
  )
})

test('the offset of a wrong passcode is named within twenty steps, and never for one that is accepted', () => {
  fc.assert(
    fc.property(secret, instant, parameters, fc.integer({ min: -40, max: 40 }), (key, now, given, offset) => {
      const current = stepAt(now, given.period)
      const typed = hotp(key, current + offset, given)
      const found = offsetOf(key, typed, now, given)
      if (found === undefined) assert.ok(Math.abs(offset) > 20 || offset === 0 || offset === -1)
      else {
        assert.notEqual(found, 0)
        assert.notEqual(found, -1)
        assert.equal(hotp(key, current + found, given), typed)
      }
    }),
  )
})

test('the link for apps escapes names and holds every parameter', () => {
  const url = new URL(otpauthUrl('MZXW6YTBOI', 'Ärzte & Co?', 'ada/x@y', { algorithm: 'SHA256', digits: 8, period: 60 }))
  assert.equal(url.protocol, 'otpauth:')
  assert.equal(decodeURIComponent(url.pathname.replace(/^\/*/, '').replace(/^totp\//, '')), 'Ärzte & Co?:ada/x@y')
  assert.deepEqual(Object.fromEntries(url.searchParams), {
    secret: 'MZXW6YTBOI',
    issuer: 'Ärzte & Co?',
    algorithm: 'SHA256',
    digits: '8',
    period: '60',
  })
})
