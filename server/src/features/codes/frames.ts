import { createHmac, timingSafeEqual } from 'node:crypto'
import { toId } from '../../platform/ids.ts'
import type { Keys } from '../../platform/keys.ts'
import { secretHashOf } from './codes-store.ts'

/** Milliseconds that a frame of a moving code is the newest. */
export const periodMs = 1_000
/** Seconds that the last of three frames may be old when our camera page sends them. */
export const cameraSeconds = 3
/** Seconds that the one frame of a phone’s own camera app may be old when it is first sent. */
const appSeconds = 15
/** Seconds that the ticket for that frame is good, so that a person can read the page before they tap. */
const ticketSeconds = 60

export type Frame = { n: number; mac: string }
/** `n.MAC`, as it stands in the fragment of a moving code; undefined: a secret of another kind, which has no dot in it. */
export const frameIn = (secret: string): Frame | undefined => {
  const [, n, mac] = /^(0|[1-9]\d{0,5})\.([A-Za-z0-9_-]{22})$/.exec(secret) ?? []
  return n !== undefined && mac !== undefined ? { n: Number(n), mac } : undefined
}

/** The key of a code’s frames: made of its id, stored nowhere. 32 bytes. */
export const framesKey = (keys: Keys, id: string): Buffer => keys.hash('frames', id)
/** The first 16 bytes of HMAC-SHA-256(key, ID ‖ "." ‖ n) in base64url, ID as it stands in the address. */
const macOf = (key: Buffer, id: string, n: number): string =>
  createHmac('sha256', key)
    .update(`${toId('cod', id)}.${n}`)
    .digest()
    .subarray(0, 16)
    .toString('base64url')
export const isOurs = (keys: Keys, id: string, { n, mac }: Frame): boolean =>
  timingSafeEqual(Buffer.from(macOf(framesKey(keys, id), id, n)), Buffer.from(mac))

/**
 * What the row of a moving code keeps instead of a secret: a hash under a label of its own, so that nothing but a frame leads to
 * it. The waiting page knows the frames’ key; presented as a secret, it is one of no code.
 */
export const hashOfFrames = (keys: Keys, id: string): Buffer => keys.hash('moving-code', framesKey(keys, id))
/** The hash that a presented secret or frame leads to. A forged frame leads to that of no code. */
export const hashOfPresented = (keys: Keys, id: string, secret: string): Buffer => {
  const frame = frameIn(secret)
  return frame && isOurs(keys, id, frame) ? hashOfFrames(keys, id) : secretHashOf(keys, id, secret)
}

/** How old frame n was `age` seconds after its code was made: 0 while it is the newest, negative before its time. */
export const ageOf = ({ n }: Frame, age: number): number => Math.floor((age * 1_000) / periodMs) - n

/** Whether a phone’s camera app can have read it just now. A frame may come a moment before its time: clocks tick apart. */
export const isFresh = (frame: Frame, age: number): boolean => ageOf(frame, age) <= appSeconds && ageOf(frame, age) >= -1

/** Whether frames are three in a row, oldest first. */
export const inARow = (frames: readonly Frame[]): boolean =>
  frames.length >= 3 && frames.every(({ n }, at) => at === 0 || n === (frames[at - 1] as Frame).n + 1)

const ticketMac = (keys: Keys, id: string, n: number, at: number): string =>
  keys.hash('frame-ticket', `${id}\n${n}\n${at}`).subarray(0, 16).toString('base64url')
/** Says that frame n was fresh at `age`, in seconds since its code was made. Every process knows it; nothing is stored. */
export const ticketFor = (keys: Keys, id: string, { n }: Frame, age: number): string => {
  const at = Math.floor(age)
  return `${n}.${at}.${ticketMac(keys, id, n, at)}`
}
/** Whether a ticket is ours, for this very frame, and was given within the last minute. */
export const ticketHolds = (keys: Keys, id: string, { n }: Frame, age: number, ticket: string): boolean => {
  const [, forN, at, mac] = /^(\d{1,6})\.(\d{1,6})\.([A-Za-z0-9_-]{22})$/.exec(ticket) ?? []
  if (forN === undefined || at === undefined || mac === undefined || Number(forN) !== n) return false
  if (!timingSafeEqual(Buffer.from(ticketMac(keys, id, n, Number(at))), Buffer.from(mac))) return false
  return age - Number(at) <= ticketSeconds && age >= Number(at)
}
