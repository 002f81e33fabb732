import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto'

export type Algorithm = 'SHA1' | 'SHA256' | 'SHA512'
export type TotpParameters = { algorithm: Algorithm; digits: number; period: number }

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
/** RFC 4648 §6, without padding, as `otpauth:` links want it. */
export const base32 = (bytes: Uint8Array): string => {
  let text = ''
  let value = 0
  let bits = 0
  for (const byte of bytes) {
    value = (value << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += alphabet[(value >>> bits) & 31]
    }
    value &= (1 << bits) - 1
  }
  return bits > 0 ? text + alphabet[(value << (5 - bits)) & 31] : text
}

/** RFC 4226 §5.3: the value of a counter. The key is a KeyObject: a Buffer costs eight times as much. */
export const hotp = (
  key: KeyObject,
  counter: number,
  { algorithm, digits }: Pick<TotpParameters, 'algorithm' | 'digits'>,
): string => {
  const message = Buffer.alloc(8)
  message.writeBigUInt64BE(BigInt(counter))
  const mac = createHmac(algorithm, key).update(message).digest()
  const offset = (mac[mac.length - 1] as number) & 0x0f
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 10 ** digits).padStart(digits, '0')
}

/** RFC 6238 §4.2: the step of an instant, in milliseconds since 1970. */
export const stepAt = (now: number, period: number): number => Math.floor(now / 1_000 / period)

const same = (typed: string, right: string): boolean => {
  const bytes = Buffer.from(typed)
  const wanted = Buffer.from(right)
  return bytes.length === wanted.length && timingSafeEqual(bytes, wanted)
}

/**
 * The step whose value was typed: the current one or the one before (R10, RFC 6238 §5.2), never a later one.
 * Both are always computed. `now`: the database's time in milliseconds.
 */
export const acceptedStep = (key: KeyObject, typed: string, now: number, parameters: TotpParameters): number | undefined => {
  const current = stepAt(now, parameters.period)
  const isCurrent = same(typed, hotp(key, current, parameters))
  const isPrior = same(typed, hotp(key, current - 1, parameters))
  return isCurrent ? current : isPrior ? current - 1 : undefined
}

/** How far a phone's clock may be off and still be named, in steps. */
const hintSteps = 20
/**
 * By how many steps a wrong passcode is off (negative: the phone is slow); undefined where it fits nowhere near.
 * Only the second of two in a row with the same offset is told (R10): a single one tells nothing.
 */
export const offsetOf = (key: KeyObject, typed: string, now: number, parameters: TotpParameters): number | undefined => {
  const current = stepAt(now, parameters.period)
  let found: number | undefined
  for (let offset = -hintSteps; offset <= hintSteps; offset++) {
    if (offset === 0 || offset === -1) continue
    if (same(typed, hotp(key, current + offset, parameters))) found ??= offset
  }
  return found
}

/**
 * The link that authenticator apps read (Google Authenticator's Key URI Format). Issuer stands in the label and as a
 * parameter; parameters that are at their default are written too, for apps differ in what they assume.
 */
export const otpauthUrl = (
  secret: string,
  issuer: string,
  label: string,
  { algorithm, digits, period }: TotpParameters,
): string =>
  `otpauth://totp/${encodeURIComponent(issuer)}:${encodeURIComponent(label)}?secret=${secret}&issuer=${encodeURIComponent(issuer)}&algorithm=${algorithm}&digits=${digits}&period=${period}`
