import i18next from 'i18next'
import { problemIn } from './Refused.tsx'

/** The contract's words for what a field must be, and ours for them in every language; others are passed on as they are. */
const known = [
  [/at least 15 characters/i, 'password.tooShort'],
  [/at most 256 characters/i, 'password.tooLong'],
  [/list of passwords/i, 'password.common'],
  [/made of a name/i, 'password.madeOfNames'],
  [/repeats itself/i, 'password.repeats'],
  [/row of keys/i, 'password.sequence'],
  [/letters, digits and|at least 2 characters|at most 64 characters/i, 'field.username'],
  [/is taken|already taken|in use/i, 'field.taken'],
  [/invalid email/i, 'field.email'],
  [/too big|at most \d+ characters/i, 'field.tooLong'],
  [/received undefined|>=1 characters|say why/i, 'field.required'],
] as const

/** What is wrong with each field of a refused call, by the field's path, in words for people. */
export const fieldErrors = (error: unknown): Record<string, string> => {
  const found: Record<string, string> = {}
  for (const { path, message } of problemIn(error)?.errors ?? []) {
    const key = known.find(([pattern]) => pattern.test(message))?.[1]
    found[path] ??= key ? i18next.t(key) : i18next.t('field.other', { message })
  }
  return found
}
