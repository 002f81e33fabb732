import type { Batch, judged, KeyAlgorithm } from './otpauth.ts'

/**
 * Google Authenticator's export, `otpauth-migration://offline?data=` and Base64 of a protocol buffer. Google publishes no
 * .proto; this is the reconstruction that Aegis, 2FAS and others agree on (google_auth.proto, OtpMigration.proto):
 *
 *     message MigrationPayload { repeated OtpParameters otp_parameters = 1; int32 version = 2; int32 batch_size = 3;
 *                                int32 batch_index = 4; int32 batch_id = 5; }
 *     message OtpParameters { bytes secret = 1; string name = 2; string issuer = 3; Algorithm algorithm = 4;
 *                             DigitCount digits = 5; OtpType type = 6; int64 counter = 7; }
 *     Algorithm 1 SHA1, 2 SHA256, 3 SHA512, 4 MD5 · DigitCount 1 six, 2 eight · OtpType 1 HOTP, 2 TOTP
 *
 * An enum that is left out, or 0, is the default of such keys: SHA-1, six digits, TOTP. There is no period: it is 30 s.
 * Fields that are not known are passed over, as protocol buffers want it; anything else out of order is refused.
 */
type Field = { number: number; varint: bigint } | { number: number; bytes: Uint8Array } | { number: number; fixed: true }

/** The fields of a message (protobuf.dev/programming-guides/encoding). Throws a RangeError where it is none. */
const fieldsOf = (message: Uint8Array): Field[] => {
  let at = 0
  const byte = (): number => {
    const value = message[at++]
    if (value === undefined) throw new RangeError('ends too early')
    return value
  }
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const part = byte()
      value |= BigInt(part & 0x7f) << shift
      if (part < 0x80) {
        if (value >= 1n << 64n) throw new RangeError('holds a number of more than 64 bits')
        return value
      }
    }
    throw new RangeError('holds a number of more than 10 bytes')
  }
  const take = (length: number): Uint8Array => {
    if (length > message.length - at) throw new RangeError('ends too early')
    at += length
    return message.subarray(at - length, at)
  }
  const fields: Field[] = []
  while (at < message.length) {
    const tag = varint()
    const number = Number(tag >> 3n)
    if (number < 1 || number > 0x1fff_ffff) throw new RangeError('holds a field without a number')
    switch (Number(tag & 7n)) {
      case 0:
        fields.push({ number, varint: varint() })
        break
      case 1:
        take(8)
        fields.push({ number, fixed: true })
        break
      case 2: {
        const length = varint()
        if (length > BigInt(message.length)) throw new RangeError('ends too early')
        fields.push({ number, bytes: take(Number(length)) })
        break
      }
      case 5:
        take(4)
        fields.push({ number, fixed: true })
        break
      default:
        throw new RangeError('holds a field of no known kind')
    }
  }
  return fields
}
/** The last of a field, as protocol buffers want it where one is repeated; of the kind that it must have. */
const numberIn = (fields: readonly Field[], number: number): bigint => {
  const field = fields.findLast((each) => each.number === number)
  if (!field) return 0n
  if (!('varint' in field)) throw new RangeError('holds a field of another kind than it must be')
  return BigInt.asIntN(64, field.varint)
}
const bytesIn = (fields: readonly Field[], number: number): Uint8Array => {
  const field = fields.findLast((each) => each.number === number)
  if (!field) return new Uint8Array()
  if (!('bytes' in field)) throw new RangeError('holds a field of another kind than it must be')
  return field.bytes
}
const textIn = (fields: readonly Field[], number: number): string =>
  new TextDecoder('utf-8', { fatal: true }).decode(bytesIn(fields, number))

type Key = Parameters<typeof judged>[0]
const algorithms: readonly (KeyAlgorithm | null)[] = ['SHA1', 'SHA1', 'SHA256', 'SHA512']
const digits: readonly (number | null)[] = [6, 6, 8]
const keyIn = (message: Uint8Array): Key => {
  const fields = fieldsOf(message)
  const secret = bytesIn(fields, 1)
  if (secret.length === 0) throw new RangeError('holds a key without a secret')
  const type = numberIn(fields, 6)
  if (type < 0n || type > 2n) throw new RangeError('holds a key of no known type')
  return {
    type: type === 1n ? 'hotp' : 'totp',
    secret: secret.slice(),
    label: textIn(fields, 2),
    issuer: textIn(fields, 3),
    algorithm: algorithms[Number(numberIn(fields, 4))] ?? null,
    digits: digits[Number(numberIn(fields, 5))] ?? null,
    periodSeconds: 30,
  }
}
const fromBase64 = (text: string): Uint8Array | undefined => {
  // a + that nobody encoded comes as a blank
  const clean = text.replaceAll(' ', '+').replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '')
  if (!/^[A-Za-z0-9+/]+$/.test(clean) || clean.length % 4 === 1) return undefined
  return Uint8Array.from(atob(clean), (sign) => sign.charCodeAt(0))
}
/** Symbols that one export can be spread over; the app makes one of ten keys. */
const mostParts = 1_000

/** The keys of an export; or what is wrong with it, in words that repeat nothing of it. */
export const readMigration = (text: string): { keys: Key[]; batch: Batch } | string => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'otpauth-migration:' || url.host.toLowerCase() !== 'offline')
    return 'is no otpauth-migration://offline link'
  const message = fromBase64(url.searchParams.get('data') ?? '')
  if (!message) return 'has no data in Base64'
  try {
    const fields = fieldsOf(message)
    const version = numberIn(fields, 2)
    if (version < 0n || version > 2n) return `is of version ${version} of the export; 1 and 2 are known`
    const size = Number(numberIn(fields, 3))
    const index = Number(numberIn(fields, 4))
    if (size < 0 || size > mostParts || index < 0 || (size > 0 && index >= size)) return 'is a part of an export that cannot be'
    const messages = fields.flatMap((field) => {
      if (field.number !== 1) return []
      if (!('bytes' in field)) throw new RangeError('holds a field of another kind than it must be')
      return [field.bytes]
    })
    if (messages.length === 0) return 'holds no key'
    return { keys: messages.map(keyIn), batch: { id: String(numberIn(fields, 5)), index, size: Math.max(size, 1) } }
  } catch (error) {
    if (error instanceof RangeError) return `holds data that ${error.message}`
    // TextDecoder's, for bytes that are no UTF-8
    return 'holds text that is no UTF-8'
  }
}
