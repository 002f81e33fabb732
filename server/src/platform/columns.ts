// A group's rows go to the database as one array a column, in PostgreSQL's own binary form (array_recv): node-postgres sends
// a Buffer as it is. As text, each value would be quoted, escaped and sought for quotes here, and read backwards there.

/** Of pg_type.dat; the server refuses an array whose elements are of another type than the parameter's. */
const oids = { bool: 16, bytea: 17, int8: 20, int4: 23, text: 25, uuid: 2950 } as const

type Value<T> = T | null | undefined
/** Where an array is put together, as long as the longest so far; what leaves is a copy. */
let scratch = Buffer.alloc(16_384)
const room = (at: number, bytes: number): void => {
  if (at + bytes <= scratch.length) return
  const larger = Buffer.alloc(2 * (at + bytes))
  scratch.copy(larger, 0, 0, at)
  scratch = larger
}

/** Dimensions, whether there are nulls, type, length, lower bound; then each value with its length, -1 for null. */
const arrayOf =
  <T>(oid: number, longest: (value: T) => number, put: (value: T, at: number) => number) =>
  (values: readonly Value<T>[]): Buffer => {
    let at = 20
    let hasNull = 0
    for (const value of values) {
      if (value === null || value === undefined) {
        hasNull = 1
        room(at, 4)
        scratch.writeInt32BE(-1, at)
        at += 4
        continue
      }
      room(at, 4 + longest(value))
      const length = put(value, at + 4)
      scratch.writeInt32BE(length, at)
      at += 4 + length
    }
    scratch.writeInt32BE(1, 0)
    scratch.writeInt32BE(hasNull, 4)
    scratch.writeInt32BE(oid, 8)
    scratch.writeInt32BE(values.length, 12)
    scratch.writeInt32BE(1, 16)
    return Buffer.from(scratch.subarray(0, at))
  }

/** By character; what is no digit has a value that no digit has. */
const digits = new Uint8Array(128).fill(0xff)
for (const [value, digit] of [...'0123456789abcdef'].entries()) {
  digits[digit.charCodeAt(0)] = value
  digits[digit.toUpperCase().charCodeAt(0)] = value
}
const putUuid = (uuid: string, start: number): number => {
  let at = start
  for (let k = 0; k < uuid.length; k += 2) {
    if (uuid.charCodeAt(k) === 0x2d) k++
    const high = digits[uuid.charCodeAt(k)] ?? 0xff
    const low = digits[uuid.charCodeAt(k + 1)] ?? 0xff
    // as the database would refuse it: what is no id must not become another one
    if ((high | low) > 15) throw new TypeError('not a UUID')
    scratch[at++] = (high << 4) | low
  }
  if (at - start !== 16) throw new TypeError('not a UUID')
  return 16
}
/** Most are short and plain: those are written without a call. */
const putText = (text: string, start: number): number => {
  if (text.length > 24) return scratch.write(text, start)
  for (let k = 0; k < text.length; k++) {
    const unit = text.charCodeAt(k)
    if (unit > 0x7f) return scratch.write(text, start)
    scratch[start + k] = unit
  }
  return text.length
}

/** Parameters `$n::uuid[]`, `$n::text[]` and so on of a statement for a group. Null and undefined are null. */
export const uuids = arrayOf<string>(oids.uuid, (uuid) => uuid.length, putUuid)
export const texts = arrayOf<string>(oids.text, (text) => 3 * text.length, putText)
export const byteas = arrayOf<Buffer>(
  oids.bytea,
  (bytes) => bytes.length,
  (bytes, at) => bytes.copy(scratch, at),
)
export const bools = arrayOf<boolean>(
  oids.bool,
  () => 1,
  (value, at) => scratch.writeUInt8(value ? 1 : 0, at) - at,
)
export const int4s = arrayOf<number>(
  oids.int4,
  () => 4,
  (value, at) => scratch.writeInt32BE(value, at) - at,
)
export const int8s = arrayOf<number>(
  oids.int8,
  () => 8,
  (value, at) => scratch.writeBigInt64BE(BigInt(value), at) - at,
)
