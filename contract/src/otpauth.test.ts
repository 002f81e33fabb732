import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fromBase32, isKeyLink, readKeyLink, readKeyLinks, readOtpauth } from './otpauth.ts'

const hex = (bytes: Uint8Array | null | undefined): string | undefined => (bytes ? Buffer.from(bytes).toString('hex') : undefined)

test('Base32 by the vectors of RFC 4648 §10, in any case, with blanks, hyphens and padding', () => {
  for (const [plain, text] of [
    ['f', 'MY======'],
    ['fo', 'MZXQ===='],
    ['foo', 'MZXW6==='],
    ['foob', 'MZXW6YQ='],
    ['fooba', 'MZXW6YTB'],
    ['foobar', 'MZXW6YTBOI======'],
  ] as const)
    for (const written of [text, text.toLowerCase(), text.replaceAll('=', ''), text.replace(/(..)/g, '$1 ').replace('Y', '-Y')])
      assert.equal(Buffer.from(fromBase32(written) ?? []).toString(), plain, written)
  for (const wrong of ['', 'M', 'MZX', 'MZXW6Y', '0189', 'MZ=Q', 'MŻXQ', '=']) assert.equal(fromBase32(wrong), undefined, wrong)
})

test('the example of Google’s Key URI Format, and defaults where nothing is said', () => {
  const read = readOtpauth(
    'otpauth://totp/ACME%20Co:john.doe@email.com?secret=HXDMVJECJJWSRB3HWIZR4IFUGFTMXBOZ&issuer=ACME%20Co&algorithm=SHA1&digits=6&period=30',
  )
  assert.deepEqual(
    { ...read, secret: hex(read.secret) },
    {
      issuer: 'ACME Co',
      label: 'john.doe@email.com',
      secret: '3dc6caa4824a6d288767b2331e20b43166cb85d9',
      algorithm: 'SHA1',
      digits: 6,
      periodSeconds: 30,
      problem: null,
    },
  )
  const bare = readOtpauth('OTPAUTH://TOTP/ada?SECRET=x&secret=hxdm vjec jjws rb3h wizr 4ifu gftm xboz')
  assert.deepEqual([bare.issuer, bare.label, bare.digits, bare.periodSeconds, bare.problem], ['', 'ada', 6, 30, null])
  // the label's issuer stands where the parameter is not there
  assert.equal(readOtpauth('otpauth://totp/GitHub:ada?secret=HXDMVJECJJWSRB3HWIZR4IFUGFTMXBOZ').issuer, 'GitHub')
})

test('what is not taken is named, and never repeated', () => {
  const secret = 'HXDMVJECJJWSRB3HWIZR4IFUGFTMXBOZ'
  for (const [link, code] of [
    [`otpauth://hotp/a?secret=${secret}&counter=1`, 'hotp'],
    [`otpauth://totp/a?secret=${secret}&algorithm=MD5`, 'algorithm'],
    [`otpauth://totp/a?secret=${secret}&digits=7`, 'digits'],
    [`otpauth://totp/a?secret=${secret}&digits=six`, 'digits'],
    [`otpauth://totp/a?secret=${secret}&period=45`, 'period'],
    [`otpauth://totp/a?secret=${secret}&period=-30`, 'period'],
    ['otpauth://totp/a?secret=JBSWY3DPEHPK3PXP', 'too-short'],
    [`otpauth://totp/a?secret=${'A'.repeat(208)}`, 'too-long'],
    [`otpauth://totp/a?secret=${secret}&secret=${secret}`, 'unreadable'],
    [`otpauth://totp/%E0%A4%A?secret=${secret}`, 'unreadable'],
    [`otpauth://steam/a?secret=${secret}`, 'unreadable'],
    ['otpauth://totp/a', 'unreadable'],
    [`https://totp/a?secret=${secret}`, 'unreadable'],
    [secret, 'unreadable'],
  ] as const) {
    const { problem } = readOtpauth(link)
    assert.equal(problem?.code, code, link)
    assert.ok(!problem?.message.includes(secret.slice(0, 8)), problem?.message)
  }
  assert.match(readOtpauth('otpauth://totp/a?secret=JBSWY3DPEHPK3PXP').problem?.message ?? '', /80 bits; RFC 4226 §4 R6/)
})

/** A protocol buffer, written field by field: an encoder of the test's own. */
const varint = (value: bigint): number[] => {
  const bytes: number[] = []
  for (let rest = BigInt.asUintN(64, value); ; rest >>= 7n) {
    if (rest < 0x80n) return [...bytes, Number(rest)]
    bytes.push(Number(rest & 0x7fn) | 0x80)
  }
}
const number = (field: number, value: number | bigint): number[] => [...varint(BigInt(field << 3)), ...varint(BigInt(value))]
const bytes = (field: number, value: Uint8Array | number[] | string): number[] => {
  const content = [...(typeof value === 'string' ? new TextEncoder().encode(value) : value)]
  return [...varint(BigInt((field << 3) | 2)), ...varint(BigInt(content.length)), ...content]
}
const linkOf = (message: number[]): string =>
  `otpauth-migration://offline?data=${encodeURIComponent(Buffer.from(message).toString('base64'))}`
const twenty = Uint8Array.from({ length: 20 }, (_, at) => at + 1)

test('varints by the examples of the protocol buffers’ encoding guide', () => {
  assert.deepEqual(number(1, 150), [0x08, 0x96, 0x01])
  assert.deepEqual(bytes(2, 'testing'), [0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67])
  assert.deepEqual(varint(-2n), [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01])
})

test('an export of Google Authenticator: as published examples have it, and in all its parts', () => {
  // of the README of qistoph/otp_export and of others: the label and secret of Google's own example
  const known = readKeyLink(
    'otpauth-migration://offline?data=CjEKCkhlbGxvId6tvu8SGEV4YW1wbGU6YWxpY2VAZ29vZ2xlLmNvbRoHRXhhbXBsZTAC',
  )
  const [alice] = known.keys
  assert.deepEqual(
    [alice?.issuer, alice?.label, hex(alice?.secret), alice?.algorithm, alice?.digits, alice?.problem?.code],
    ['Example', 'alice@google.com', '48656c6c6f21deadbeef', 'SHA1', 6, 'too-short'],
  )
  const key = (more: number[]) => [...bytes(1, twenty), ...bytes(2, 'Żółw:zoë@example.org'), ...bytes(3, 'Żółw'), ...more]
  const message = [
    ...bytes(1, key([...number(4, 3), ...number(5, 2), ...number(6, 2)])),
    ...bytes(1, key([...number(6, 1), ...number(7, 41)])),
    ...bytes(1, key([...number(4, 4), ...number(6, 2)])),
    ...bytes(1, key([...number(5, 3), ...number(6, 2), ...bytes(8, 'an id of later versions')])),
    ...number(2, 2),
    ...number(3, 3),
    ...number(4, 1),
    ...number(5, -1_234_567_890),
  ]
  const { keys, batch } = readKeyLink(linkOf(message))
  assert.deepEqual(batch, { id: '-1234567890', index: 1, size: 3 })
  assert.deepEqual(
    keys.map(({ issuer, label, algorithm, digits, periodSeconds, problem }) => [
      issuer,
      label,
      algorithm,
      digits,
      periodSeconds,
      problem?.code ?? null,
    ]),
    [
      ['Żółw', 'zoë@example.org', 'SHA512', 8, 30, null],
      ['Żółw', 'zoë@example.org', 'SHA1', 6, 30, 'hotp'],
      ['Żółw', 'zoë@example.org', null, 6, 30, 'algorithm'],
      ['Żółw', 'zoë@example.org', 'SHA1', null, 30, 'digits'],
    ],
  )
  assert.deepEqual(readKeyLinks(`\n${linkOf(message)}\r\notpauth://totp/x?secret=AAAA\n`).missingParts, [1, 3])
  // a + that somebody forgot to encode came as a blank
  const plain = linkOf([
    ...bytes(1, [
      ...bytes(
        1,
        Uint8Array.from({ length: 20 }, () => 0xfb),
      ),
      ...number(6, 2),
    ]),
  ])
  assert.ok(plain.includes('%2B'))
  assert.equal(readKeyLink(plain.replaceAll('%2B', '+')).keys[0]?.problem, null)
})

test('what is no such export is refused in words that repeat nothing of it', () => {
  const one = bytes(1, [...bytes(1, twenty), ...number(6, 2)])
  for (const [link, why] of [
    ['otpauth-migration://offline', /no data in Base64/],
    ['otpauth-migration://offline?data=%%%', /no data in Base64/],
    ['otpauth-migration://online?data=CgA', /no otpauth-migration/],
    [linkOf([]).replace('data=', 'data=AA'), /without a number/],
    [linkOf(number(2, 1)), /no key/],
    [linkOf([...one, ...number(2, 3)]), /version 3/],
    [linkOf([...one, ...number(3, 2), ...number(4, 2)]), /cannot be/],
    [linkOf(bytes(1, number(6, 2))), /without a secret/],
    [linkOf(bytes(1, [...bytes(1, twenty), ...number(6, 3)])), /no known type/],
    [linkOf(bytes(1, [...number(1, 5), ...number(6, 2)])), /another kind/],
    [linkOf(number(1, 5)), /another kind/],
    [linkOf(bytes(1, [...bytes(1, twenty), ...bytes(2, [0xff, 0xfe])])), /no UTF-8/],
    [linkOf(one.slice(0, -1)), /ends too early/],
    [linkOf([0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]), /ends too early/],
    [linkOf([0x08, ...Array.from({ length: 11 }, () => 0xff)]), /more than/],
    [linkOf([0x0b]), /no known kind/],
    [linkOf([0x00, 0x00]), /without a number/],
  ] as const) {
    const { keys } = readKeyLink(link)
    assert.deepEqual([keys.length, keys[0]?.problem?.code], [1, 'unreadable'], link)
    assert.match(keys[0]?.problem?.message ?? '', why, link)
  }
})

test('whatever is read, the reader answers, repeats nothing, and takes keys of 128 bits and more alone', () => {
  const looksRight = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((some) => linkOf([...some])),
    // nearly right: an export with bytes changed, or cut
    fc
      .tuple(fc.uint8Array({ minLength: 1, maxLength: 64 }), fc.nat(200), fc.nat(255), fc.nat(200))
      .map(([secret, at, value, length]) => {
        const message = [...bytes(1, [...bytes(1, secret), ...bytes(2, 'ada'), ...number(6, 2)]), ...number(2, 1)]
        message[at % message.length] = value
        return linkOf(message.slice(0, length))
      }),
    fc.string({ unit: 'binary' }),
    fc.string().map((some) => `otpauth://totp/${some}`),
    fc
      .tuple(fc.webQueryParameters(), fc.string())
      .map(([query, label]) => `otpauth://totp/${encodeURIComponent(label)}?${query}`),
    fc.uint8Array({ minLength: 1, maxLength: 40 }).map((some) => `otpauth://totp/a?secret=${Buffer.from(some).toString('hex')}`),
  )
  fc.assert(
    fc.property(fc.array(looksRight, { minLength: 1, maxLength: 4 }), (links) => {
      for (const key of readKeyLinks(links.join('\n')).keys) {
        if (!key.problem) assert.ok(key.secret && key.secret.length >= 16 && key.secret.length <= 128)
        assert.ok(key.label.length <= 200 && key.issuer.length <= 200)
        assert.ok(!/\p{C}/u.test(key.label + key.issuer))
      }
    }),
    { numRuns: 3_000 },
  )
})

test('a link is known by its beginning, in either case', () => {
  for (const text of ['otpauth://totp/a?secret=A', ' OTPAUTH://TOTP/a', 'otpauth-migration://offline?data=x'])
    assert.ok(isKeyLink(text))
  for (const text of ['https://otpauth.example', 'otpauth:totp', 'xotpauth://', '']) assert.ok(!isKeyLink(text))
})
