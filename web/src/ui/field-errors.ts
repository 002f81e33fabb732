import type { FieldCode, FieldError } from '@postern/contract'
import i18next from 'i18next'
import { problemIn } from './Refused.tsx'

/** What can be wrong with a field, in words for people. */
const words = {
  required: 'field.required',
  'too-short': 'field.tooShort',
  'too-long': 'field.tooLong',
  'too-small': 'field.tooSmall',
  'too-large': 'field.tooLarge',
  'too-many': 'field.tooMany',
  taken: 'field.taken',
  common: 'password.common',
  names: 'password.madeOfNames',
  repeats: 'password.repeats',
  sequence: 'password.sequence',
  'web-address': 'field.webAddress',
  'host-not-listed': 'field.linkHost',
  'host-not-low-risk': 'field.staticHost',
  'text-not-low-risk': 'field.staticText',
  'not-plain-text': 'field.staticScheme',
  'text-holds-address': 'field.staticAddress',
  payment: 'field.staticPayment',
  'own-address': 'field.staticOwn',
  'too-fine': 'field.staticLong',
  'no-host': 'field.noHost',
  'ends-first': 'field.endsFirst',
  past: 'field.past',
  'fourteen-days': 'field.fourteenDays',
  'no-certificates': 'field.noCertificates',
} as const satisfies Partial<Record<FieldCode, string>>
const ofPassword = { 'too-short': 'password.tooShort', 'too-long': 'password.tooLong' } as const
const ofUsername = { 'too-short': 'field.username', 'too-long': 'field.username', format: 'field.username' } as const
/** Fields that have words of their own. */
const ofField = {
  username: ofUsername,
  password: ofPassword,
  new: ofPassword,
  email: { format: 'field.email' },
  owner: { 'no-such': 'field.nobody' },
} as const

const keyOf = ({ path, code }: FieldError): string | undefined => {
  const own: Partial<Record<FieldCode, string>> | undefined = ofField[path.split('.').at(-1) as keyof typeof ofField]
  const general: Partial<Record<FieldCode, string>> = words
  return code && (own?.[code] ?? general[code])
}
/** What is wrong with each field of a refused call, by the field’s path; in the server’s words where we have none. */
export const fieldErrors = (error: unknown): Record<string, string> => {
  const found: Record<string, string> = {}
  for (const each of problemIn(error)?.errors ?? []) {
    const key = keyOf(each)
    found[each.path] ??= key
      ? String(i18next.t(key as 'field.required', each.values as never))
      : i18next.t('field.other', { message: each.message })
  }
  return found
}
