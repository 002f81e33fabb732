import { randomUUID } from 'node:crypto'
import type { IdPrefix } from '@postern/contract'
import { invalid } from './refusal.ts'

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
let lastMs = 0
/** `lastMs` as a UUID begins with it. */
let head = ''
let counter = 0
const begin = (ms: number): void => {
  lastMs = ms
  counter = 0
  const time = ms.toString(16).padStart(12, '0')
  head = `${time.slice(0, 8)}-${time.slice(8)}-7`
}

/** A UUID v7 (RFC 9562 §6.2 method 1): milliseconds, a 12-bit counter, 62 random bits; monotonic in a process. */
export const uuid7 = (now: number = Date.now()): string => {
  if (now > lastMs) begin(now)
  else if (++counter > 0xfff) begin(lastMs + 1)
  // the second half of a version 4: variant and 62 random bits, which Node has ready
  return `${head}${counter.toString(16).padStart(3, '0')}-${randomUUID().slice(19)}`
}

/** The instant in a UUID v7, in milliseconds since 1970. */
export const uuid7Time = (uuid: string): number => Number.parseInt(uuid.slice(0, 8) + uuid.slice(9, 13), 16)

/** The lowest UUID v7 of an instant: a time filter is a range of ids. Before 1970 there is none. */
export const uuid7Low = (at: Date): string => {
  const time = Math.max(0, at.getTime()).toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000`
}

/** What a character of a UUID says, by its code; a dash says nothing. */
const nibbles = new Uint8Array(128)
for (let digit = 0; digit < 16; digit++) nibbles[digit.toString(16).charCodeAt(0)] = digit
const dash = '-'.charCodeAt(0)
const characters = Buffer.from(alphabet)
const written = Buffer.alloc(26)
/** `usr_` and 26 characters of Crockford Base32: how an id looks outside. */
export const toId = (prefix: IdPrefix, uuid: string): string => {
  // 128 bits in groups of five: two noughts stand before them
  let bits = 2
  let value = 0
  let at = 0
  for (let k = 0; k < uuid.length; k++) {
    const code = uuid.charCodeAt(k)
    if (code === dash) continue
    value = ((value << 4) | (nibbles[code] as number)) & 0x1ff
    bits += 4
    if (bits < 5) continue
    bits -= 5
    written[at++] = characters[value >> bits] as number
    value &= (1 << bits) - 1
  }
  return `${prefix}_${written.toString('latin1', 0, at)}`
}

/** The UUID of an id that the contract's schema has checked. */
export const fromId = (id: string): string => {
  const bytes = Buffer.allocUnsafe(16)
  // 26 characters of five bits: the two highest are nought
  let bits = -2
  let value = 0
  let at = 0
  for (let k = id.indexOf('_') + 1; k < id.length; k++) {
    value = ((value << 5) | alphabet.indexOf(id[k] as string)) & 0xfff
    bits += 5
    if (bits >= 8) {
      bits -= 8
      bytes[at++] = value >> bits
    }
  }
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** The UUID of a cursor that is an id of what is listed; throws where it is none, so that no list goes on where another stopped. */
export const cursorId = (prefix: IdPrefix, cursor: string): string => {
  if (!cursor.startsWith(`${prefix}_`) || !/^[a-z]{3}_[0-7][0-9a-hjkmnp-tv-z]{25}$/.test(cursor))
    throw invalid('cursor', 'is not a nextCursor of this list', 'format')
  return fromId(cursor)
}

/** A UUID (version 8, RFC 9562 §5.8) made of a keyed hash: the account key of a name that nobody has. */
export const uuidOfHash = (hash: Buffer): string => {
  const bytes = Buffer.from(hash.subarray(0, 16))
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x80
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
