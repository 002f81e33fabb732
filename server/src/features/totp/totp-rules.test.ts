import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { acceptedStep, base32, hotp, offsetOf, stepAt } from './totp-rules.ts'

const ascii = (text: string) => createSecretKey(Buffer.from(text))
const seed = '12345678901234567890'
const sha1 = { algorithm: 'SHA1' as const, digits: 6, period: 30 }

test('RFC 4226, Appendix D: the ten values of its test secret', () => {
  const right = ['755224', '287082', '359152', '969429', '338314', '254676', '287922', '162583', '399871', '520489']
  right.forEach((value, counter) => {
    assert.equal(hotp(ascii(seed), counter, sha1), value)
  })
})

test('RFC 6238, Appendix B: SHA-1, SHA-256 and SHA-512 at its six instants', () => {
  const seeds = { SHA1: seed, SHA256: `${seed}123456789012`, SHA512: seed.repeat(4).slice(0, 64) }
  const table: [number, string, string, string][] = [
    [59, '94287082', '46119246', '90693936'],
    [1_111_111_109, '07081804', '68084774', '25091201'],
    [1_111_111_111, '14050471', '67062674', '99943326'],
    [1_234_567_890, '89005924', '91819424', '93441116'],
    [2_000_000_000, '69279037', '90698825', '38618901'],
    [20_000_000_000, '65353130', '77737706', '47863826'],
  ]
  for (const [seconds, ...values] of table)
    (['SHA1', 'SHA256', 'SHA512'] as const).forEach((algorithm, at) => {
      assert.equal(hotp(ascii(seeds[algorithm]), stepAt(seconds * 1_000, 30), { algorithm, digits: 8 }), values[at])
    })
})

test('RFC 4648 §10: Base32, without padding', () => {
  const vectors = { '': '', f: 'MY', fo: 'MZXQ', foo: 'MZXW6', foob: 'MZXW6YQ', fooba: 'MZXW6YTB', foobar: 'MZXW6YTBOI' }
  for (const [plain, encoded] of Object.entries(vectors)) assert.equal(base32(Buffer.from(plain)), encoded)
})

const instants = fc.integer({ min: 3_600_000, max: 4_000_000_000_000 })
const periods = fc.constantFrom(15, 30, 60)
const secrets = fc.uint8Array({ minLength: 20, maxLength: 32 }).map((bytes) => createSecretKey(Buffer.from(bytes)))

test('the current step and the one before are accepted, as themselves', () => {
  fc.assert(
    fc.property(secrets, instants, periods, fc.constantFrom(0, -1), (key, now, period, offset) => {
      const parameters = { algorithm: 'SHA1' as const, digits: 8, period }
      const step = stepAt(now, period) + offset
      if (step < 0) return
      const accepted = acceptedStep(key, hotp(key, step, parameters), now, parameters)
      // two steps may share a value by chance; then the later of the two is meant
      assert.ok(accepted === step || (accepted === step + 1 && hotp(key, step + 1, parameters) === hotp(key, step, parameters)))
    }),
  )
})

test('a later step, or one two back, is never accepted unless it looks like an accepted one', () => {
  fc.assert(
    fc.property(
      secrets,
      instants,
      periods,
      fc.integer({ min: -30, max: 30 }).filter((offset) => offset > 0 || offset < -1),
      (key, now, period, offset) => {
        const parameters = { algorithm: 'SHA1' as const, digits: 8, period }
        const current = stepAt(now, period)
        if (current + offset < 0 || current < 1) return
        const typed = hotp(key, current + offset, parameters)
        const accepted = acceptedStep(key, typed, now, parameters)
        if (accepted !== undefined) assert.equal(hotp(key, accepted, parameters), typed)
        else if (Math.abs(offset) <= 20)
          assert.equal(hotp(key, current + (offsetOf(key, typed, now, parameters) as number), parameters), typed)
      },
    ),
  )
})

test('only the exact digits count: another length or spelling is wrong, not an error', () => {
  const key = ascii(seed)
  const now = 59_000
  const right = hotp(key, 1, sha1)
  assert.equal(acceptedStep(key, right, now, sha1), 1)
  for (const typed of [
    '',
    `${right}0`,
    right.slice(1),
    `0${right}`,
    [...right].map((digit) => String.fromCodePoint(0x0660 + Number(digit))).join(''),
  ])
    assert.equal(acceptedStep(key, typed, now, sha1), undefined)
})
