import { readMigration } from './otpauth-migration.ts'

// TOTP keys as other software hands them on. Nothing here throws, and no message repeats what was read: it may be a secret.

export type KeyAlgorithm = 'SHA1' | 'SHA256' | 'SHA512'
/** What keeps a key from being taken. */
export const keyProblems = ['unreadable', 'hotp', 'algorithm', 'digits', 'period', 'too-short', 'too-long'] as const
export type KeyProblem = (typeof keyProblems)[number]
/** A key as it was read. Where something is wrong, what could be read is there all the same. */
export type ForeignKey = {
  issuer: string
  label: string
  secret: Uint8Array | null
  algorithm: KeyAlgorithm | null
  digits: number | null
  periodSeconds: number | null
  problem: { code: KeyProblem; message: string } | null
}
/** The part of an export over several symbols that a link is; `index` from 0. */
export type Batch = { id: string; index: number; size: number }

/** RFC 4226 §4 R6: the shared secret is at least 128 bits. Longer than 1,024 is no key of an authenticator app. */
const leastBytes = 16
const mostBytes = 128
const longestLink = 8_192

const unread = (message: string): ForeignKey => ({
  issuer: '',
  label: '',
  secret: null,
  algorithm: null,
  digits: null,
  periodSeconds: null,
  problem: { code: 'unreadable', message },
})
const printed = (text: string): string => text.replace(/\p{C}/gu, '').trim().slice(0, 200)
/** `Issuer:account` or `account`, as the label of Google Authenticator's Key URI Format says. */
const partsOf = (label: string, issuer: string): { issuer: string; label: string } => {
  const at = label.indexOf(':')
  return at < 0
    ? { issuer: printed(issuer), label: printed(label) }
    : { issuer: printed(issuer || label.slice(0, at)), label: printed(label.slice(at + 1)) }
}

/** Judges what was read, the first that fits: TOTP, with parameters and a length that Postern takes. */
export const judged = (key: {
  type: 'totp' | 'hotp'
  issuer: string
  label: string
  secret: Uint8Array
  algorithm: KeyAlgorithm | null
  digits: number | null
  periodSeconds: number | null
}): ForeignKey => {
  const { type, secret, algorithm, digits, periodSeconds } = key
  const problem = (): ForeignKey['problem'] => {
    if (type === 'hotp')
      return { code: 'hotp', message: 'counts (HOTP) instead of following the clock; only TOTP keys can be taken over' }
    if (algorithm === null) return { code: 'algorithm', message: 'uses another algorithm than SHA1, SHA256 or SHA512' }
    if (digits !== 6 && digits !== 8) return { code: 'digits', message: 'has passcodes of another length than 6 or 8 digits' }
    if (periodSeconds !== 15 && periodSeconds !== 30 && periodSeconds !== 60)
      return { code: 'period', message: 'has another period than 15, 30 or 60 seconds' }
    if (secret.length < leastBytes)
      return {
        code: 'too-short',
        message: `has a secret of ${secret.length * 8} bits; RFC 4226 §4 R6 asks for at least 128. Hand out a fresh code instead`,
      }
    if (secret.length > mostBytes)
      return { code: 'too-long', message: `has a secret of ${secret.length * 8} bits; at most ${mostBytes * 8} are taken` }
    return null
  }
  return { ...partsOf(key.label, key.issuer), secret, algorithm, digits, periodSeconds, problem: problem() }
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
/** RFC 4648 §6, in either case; blanks, hyphens and padding are dropped. Undefined: it is none. */
export const fromBase32 = (text: string): Uint8Array | undefined => {
  const clean = text.toUpperCase().replace(/[\s-]/g, '').replace(/=+$/, '')
  // a last group of 1, 3 or 6 characters holds no whole byte of its own
  if (clean === '' || [1, 3, 6].includes(clean.length % 8)) return undefined
  const bytes: number[] = []
  let value = 0
  let bits = 0
  for (const sign of clean) {
    const five = alphabet.indexOf(sign)
    if (five < 0) return undefined
    value = (value << 5) | five
    bits += 5
    if (bits >= 8) {
      bits -= 8
      bytes.push((value >>> bits) & 0xff)
      value &= (1 << bits) - 1
    }
  }
  return Uint8Array.from(bytes)
}
const algorithmOf = (text: string): KeyAlgorithm | null => {
  const name = text
    .toUpperCase()
    .replace(/^HMAC-?/, '')
    .replace('-', '')
  return name === 'SHA1' || name === 'SHA256' || name === 'SHA512' ? name : null
}
const wholeOf = (text: string): number | null => (/^\d{1,4}$/.test(text) ? Number(text) : null)

/** One `otpauth://` link (Google Authenticator's Key URI Format). */
export const readOtpauth = (text: string): ForeignKey => {
  const url = text.length <= longestLink && URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'otpauth:') return unread('is no otpauth:// link')
  const type = url.host.toLowerCase()
  if (type !== 'totp' && type !== 'hotp') return unread('is neither otpauth://totp/ nor otpauth://hotp/')
  const given = url.searchParams
  for (const name of ['secret', 'issuer', 'algorithm', 'digits', 'period'])
    if (given.getAll(name).length > 1) return unread(`says ${name} twice`)
  const secret = fromBase32(given.get('secret') ?? '')
  if (!secret) return unread('has no secret in Base32 (letters, and digits from 2 to 7)')
  let label: string
  try {
    label = decodeURIComponent(url.pathname.replace(/^\//, ''))
  } catch {
    return unread('has a label that is not percent-encoded UTF-8')
  }
  return judged({
    type,
    label,
    issuer: given.get('issuer') ?? '',
    secret,
    algorithm: algorithmOf(given.get('algorithm') ?? 'SHA1'),
    digits: wholeOf(given.get('digits') ?? '6'),
    periodSeconds: wholeOf(given.get('period') ?? '30'),
  })
}

/** Whether a text begins as one of the two links; in capitals too, as some symbols hold it. */
export const isKeyLink = (text: string): boolean => /^otpauth(-migration)?:\/\//i.test(text.trim())
/** The keys of one link of either kind. */
export const readKeyLink = (text: string): { keys: ForeignKey[]; batch?: Batch } => {
  const link = text.trim()
  if (!/^otpauth-migration:/i.test(link)) return { keys: [readOtpauth(link)] }
  const read = link.length <= 4 * longestLink ? readMigration(link) : 'is too long'
  return typeof read === 'string' ? { keys: [unread(read)] } : { keys: read.keys.map(judged), batch: read.batch }
}
/** All keys of a text, a link a line, in order; and the parts of exports that are not among them, from 1. */
export const readKeyLinks = (content: string): { keys: ForeignKey[]; missingParts: number[] } => {
  const read = content
    .split(/\r\n|\r|\n/)
    .filter((line) => line.trim() !== '')
    .map(readKeyLink)
  const exports = new Map<string, { size: number; seen: Set<number> }>()
  for (const { batch } of read) {
    if (!batch) continue
    const known = exports.get(batch.id) ?? { size: 0, seen: new Set<number>() }
    exports.set(batch.id, { size: Math.max(known.size, batch.size), seen: known.seen.add(batch.index) })
  }
  const missing = [...exports.values()].flatMap(({ size, seen }) =>
    Array.from({ length: size }, (_, at) => at).filter((at) => !seen.has(at)),
  )
  return { keys: read.flatMap(({ keys }) => keys), missingParts: [...new Set(missing)].sort((a, b) => a - b).map((at) => at + 1) }
}
