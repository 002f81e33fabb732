import encodeQR from 'qr'
import type { OpenedCode } from './sign-in-flow.ts'

/** A moving code as this page draws it. Times are of `performance.now()`, which no correction of the clock moves. */
export type MovingCode = {
  id: string
  url: string
  match: string
  key: CryptoKey
  periodMs: number
  answeredAt: number
  /** The wall clock at the answer: it goes on while a computer sleeps, where the other one may stand still. */
  wallAt: number
}
const bytesOf = (base64url: string) =>
  Uint8Array.from(atob(base64url.replaceAll('-', '+').replaceAll('_', '/')), (sign) => sign.charCodeAt(0))
const base64url = (bytes: Uint8Array) =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')

export const movingCode = async ({ code, url, match }: OpenedCode): Promise<MovingCode> => {
  const times = { answeredAt: performance.now(), wallAt: Date.now() }
  const key = await crypto.subtle.importKey('raw', bytesOf(code.frames.key), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  return { id: code.id, url, match, key, periodMs: code.frames.periodMs, ...times }
}
/** Milliseconds since the answer, by whichever clock went further: a laptop that slept must not go on where it stopped. */
export const ageOf = ({ answeredAt, wallAt }: MovingCode): number => Math.max(performance.now() - answeredAt, Date.now() - wallAt)
/** Whether the computer slept, or its clock was set: frames no longer fit the server's count, so a new code is needed. */
export const lostStep = ({ answeredAt, wallAt, periodMs }: MovingCode): boolean =>
  Date.now() - wallAt - (performance.now() - answeredAt) > periodMs

/** Frame n: `url#n.MAC`, the first 16 bytes of HMAC-SHA-256 over `ID.n`. */
const contentOf = async ({ id, url, key }: MovingCode, n: number): Promise<string> => {
  const mac = await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(`${id}.${n}`))
  return `${url}#${n}.${base64url(new Uint8Array(mac, 0, 16))}`
}

export type Frame = { n: number; side: number; path: string }
/** Four modules of quiet zone, as every symbol of ours. */
const quiet = 4
const macLength = 22
/** The symbol of frame n, as a path of ink. Every frame of a code has the same size: the version that its longest one needs. */
export const frameOf = async (code: MovingCode, n: number): Promise<Frame> => {
  const longest = encodeQR(`${code.url}#999.${'x'.repeat(macLength)}`, 'raw', { ecc: 'medium', border: quiet })
  const version = (longest.length - 2 * quiet - 17) / 4
  const modules = encodeQR(await contentOf(code, n), 'raw', { ecc: 'medium', border: quiet, version })
  let path = ''
  for (const [y, row] of modules.entries())
    for (let x = 0; x < row.length; x++) {
      let to = x
      while (row[to]) to++
      if (to > x) path += `M${x} ${y}h${to - x}v1h${x - to}z`
      x = to
    }
  return { n, side: modules.length, path }
}
