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
  [/an address that starts with http/i, 'field.webAddress'],
  [/^(?<host>\S+) is not a host that links may lead to: .* lists (?<hosts>.+)$/i, 'field.linkHost'],
  [/^(?<host>\S+) is not marked low-risk/i, 'field.staticHost'],
  [/^text is not marked low-risk/i, 'field.staticText'],
  [/^begins as a (?<scheme>\S+): address/i, 'field.staticScheme'],
  [/more than (?<bytes>\d+) bytes/i, 'field.staticLong'],
  [/leads to Postern itself/i, 'field.staticOwn'],
  [/must be later than notBefore/i, 'field.endsFirst'],
  [/is in the past/i, 'field.past'],
  [/ends within 14 days/i, 'field.fourteenDays'],
  [/is nobody active/i, 'field.nobody'],
  [/^(?<host>\S+) is no host:/i, 'field.noHost'],
  [/too big|at most \d+ characters/i, 'field.tooLong'],
  [/received undefined|>=1 characters|say why|say what/i, 'field.required'],
] as const

// what a pattern found stands in the words, under the name it has there
const say = (key: (typeof known)[number][1], found: Record<string, string>): string => String(i18next.t(key, found as never))

/** What is wrong with each field of a refused call, by the field's path, in words for people. */
export const fieldErrors = (error: unknown): Record<string, string> => {
  const found: Record<string, string> = {}
  for (const { path, message } of problemIn(error)?.errors ?? []) {
    const words = known.flatMap(([pattern, key]) => {
      const match = pattern.exec(message)
      return match ? [say(key, { ...match.groups })] : []
    })
    found[path] ??= words[0] ?? i18next.t('field.other', { message })
  }
  return found
}
