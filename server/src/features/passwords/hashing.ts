import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { promisify } from 'node:util'
import { Refusal } from '../../platform/refusal.ts'
import { normalisePassword } from './password-rules.ts'

const run = promisify(argon2)
/** OWASP's second choice for Argon2id: 19 MiB, two passes, one lane. */
const memory = 19_456
const passes = 2
const parallelism = 1
const tagLength = 32

/** Hashes at once: they hold a core each, and passcodes must go on beside them. */
const atOnce = availableParallelism() > 2 ? 2 : 1
const maxWaiting = 50
const waiting: (() => void)[] = []
let busy = 0

/** A place for one hash, in order of arrival; beyond the queue 503, so that load is shed and not piled up. */
const withSlot = async <T>(work: () => Promise<T>): Promise<T> => {
  if (busy >= atOnce) {
    if (waiting.length >= maxWaiting)
      throw new Refusal('unavailable', 'too many password hashes waiting', {
        detail: 'Too many sign-ins at once. Try again in a few seconds.',
        retryAfter: 3,
      })
    await new Promise<void>((resolve) => waiting.push(resolve))
  } else busy++
  try {
    return await work()
  } finally {
    const next = waiting.shift()
    if (next) next()
    else busy--
  }
}
const derive = (password: string, salt: Buffer): Promise<Buffer> =>
  run('argon2id', {
    message: Buffer.from(normalisePassword(password)),
    nonce: salt,
    parallelism,
    tagLength,
    memory,
    passes,
  }) as Promise<Buffer>

const base64 = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '')

/** A PHC string: `$argon2id$v=19$m=19456,t=2,p=1$SALT$HASH`. */
export const hashPassword = (password: string): Promise<string> =>
  withSlot(async () => {
    const salt = randomBytes(16)
    return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${base64(salt)}$${base64(await derive(password, salt))}`
  })

/** Takes the same time whether there is a hash or not: an unknown name is compared with a hash that nobody has. */
export const verifyPassword = (password: string, phc: string | undefined): Promise<boolean> =>
  withSlot(async () => {
    const [, , , , salt, hash] = (phc ?? nobodys).split('$') as [string, string, string, string, string, string]
    const right = timingSafeEqual(await derive(password, Buffer.from(salt, 'base64')), Buffer.from(hash, 'base64'))
    return right && phc !== undefined
  })
const nobodys = `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${base64(randomBytes(16))}$${base64(randomBytes(tagLength))}`
