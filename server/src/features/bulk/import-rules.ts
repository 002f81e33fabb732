import {
  type createCode,
  createUser as createUserEndpoint,
  Destination,
  type EnrolFactor,
  enrolFactors,
  enrolWays,
  type FieldError,
  GivenInstant,
  type ImportRow,
  type In,
  Label,
  type Role,
  roles,
  ScanLimit,
} from '@postern/contract'
import type { z } from 'zod'
import { faultOf, type Issue } from '../../platform/field-fault.ts'
import { mayManage, usernameKey } from '../users/index.ts'
import type { CsvRow } from './csv-file.ts'

export type NewPerson = In<typeof createUserEndpoint> & { enrol: (typeof enrolWays)[number]; factor: EnrolFactor }
export type NewLink = In<typeof createCode>
export type Checked<T> = ImportRow & { input?: T }
type Errors = ImportRow['errors']

/** What a schema says of one column; undefined where the cell is empty, and that may be. */
const columnOf = <T>(errors: Errors, column: string, schema: z.ZodType<T>, given: unknown): T | undefined => {
  const parsed = schema.safeParse(given)
  if (parsed.success) return parsed.data
  errors.push({ column, ...faultOf((parsed.error.issues[0] ?? {}) as Issue, given === undefined) })
  return undefined
}
const shape = createUserEndpoint.input.shape
const choice = (column: string, value: string, what: string, choices: readonly string[]): Errors[number] => ({
  column,
  message: `${value} is no ${what}: ${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`,
  code: 'choice',
  values: { value, choices: choices.join(', ') },
})

/** People of a file: each row by the rules of creating one. `taken` and `seen` hold folded names. */
export const checkPerson = (
  { row, values, wrong }: CsvRow,
  { own, taken, seen, enrolment }: { own: Role; taken: ReadonlySet<string>; seen: Map<string, number>; enrolment: boolean },
): Checked<NewPerson> => {
  const errors: Errors = wrong ? [{ column: '', ...wrong }] : []
  const username = columnOf(errors, 'username', shape.username, values.username ?? '')
  const displayName = columnOf(errors, 'displayName', shape.displayName, values.displayName || undefined)
  const email = columnOf(errors, 'email', shape.email, values.email || undefined)
  const words = (values.roles ?? '').split(/[\s,;|/]+/).filter(Boolean)
  const unknown = words.find((word) => !(roles as readonly string[]).includes(word.toLowerCase()))
  if (unknown) errors.push(choice('roles', unknown, 'role', roles))
  const held = [...new Set(words.map((word) => word.toLowerCase()))] as Role[]
  if (!unknown && !mayManage(own, held))
    errors.push({ column: 'roles', message: 'more rights than you have', code: 'more-rights' })
  const way = (values.enrol ?? '').toLowerCase() || 'none'
  const enrol = enrolWays.find((each) => each === way)
  if (!enrol) errors.push(choice('enrol', way, 'way to enrol', enrolWays))
  else if (enrol !== 'none' && !enrolment)
    errors.push({ column: 'enrol', message: 'enrolment is switched off', code: 'enrolment-off' })
  const wanted = (values.factor ?? '').toLowerCase() || 'totp'
  const factor = enrolFactors.find((each) => each === wanted)
  if (!factor) errors.push(choice('factor', wanted, 'factor', enrolFactors))
  if (username !== undefined) {
    const key = usernameKey(username)
    const before = seen.get(key)
    if (before !== undefined)
      errors.push({ column: 'username', message: `stands in row ${before} too`, code: 'twice', values: { row: before } })
    else if (taken.has(key)) errors.push({ column: 'username', message: 'is taken', code: 'taken' })
    seen.set(key, before ?? row)
  }
  const shown = {
    username: username ?? values.username ?? '',
    displayName: displayName ?? values.displayName ?? '',
    email: email ?? values.email ?? '',
    roles: unknown ? (values.roles ?? '') : held.join(' ') || 'user',
    enrol: enrol ?? way,
    ...(values.factor === undefined ? {} : { factor: factor ?? wanted }),
  }
  if (errors.length > 0 || username === undefined || enrol === undefined || factor === undefined)
    return { row, values: shown, errors }
  const input = {
    username,
    ...(displayName ? { displayName } : {}),
    ...(email ? { email } : {}),
    ...(held.length > 0 ? { roles: held } : {}),
    enrol,
    factor,
  }
  return { row, values: shown, errors, input }
}

/** RFC 3339, or a day: which then ends, or begins, in UTC. */
const instant = (text: string, day: 'start' | 'end'): string | undefined => {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return instant(`${text}T${day === 'start' ? '00:00:00.000Z' : '23:59:59.999Z'}`, day)
  if (!/^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/.test(text)) return undefined
  const at = new Date(text.replace(' ', 'T'))
  // a day that no month has becomes another one, silently
  if (Number.isNaN(at.getTime()) || !isDay(text)) return undefined
  // in UTC it may lie in another year, and in one that no instant has
  return GivenInstant.safeParse(at.toISOString()).data
}
const isDay = (text: string): boolean => {
  const [year, month, day] = text.slice(0, 10).split('-').map(Number) as [number, number, number]
  const at = new Date(Date.UTC(year, month - 1, day))
  return at.getUTCMonth() === month - 1 && at.getUTCDate() === day
}

/** Link codes of a file. `owners` and `brands` know names and ids; `now` is the database's; `whyNot` is what Settings → Codes says. */
export const checkLink = (
  { row, values, wrong }: CsvRow,
  known: {
    owners: ReadonlyMap<string, string>
    brands: ReadonlyMap<string, string>
    now: Date
    whyNot: (destination: Destination) => FieldError | undefined
  },
): Checked<NewLink> => {
  const errors: Errors = wrong ? [{ column: '', ...wrong }] : []
  const label = columnOf(errors, 'label', Label, values.label ?? '')
  const destination = columnOf(errors, 'destination', Destination, { type: 'url', url: values.destination ?? '' })
  const why = destination && known.whyNot(destination)
  if (why) {
    const { path: _, ...fault } = why
    errors.push({ column: 'destination', ...fault })
  }
  if (values.kind && values.kind.toLowerCase() !== 'link')
    errors.push({ column: 'kind', message: 'a file takes kind link only', code: 'choice', values: { value: values.kind } })
  const times: Partial<Record<'expiresAt' | 'notBefore', string>> = {}
  for (const [column, day] of [
    ['expiresAt', 'end'],
    ['notBefore', 'start'],
  ] as const) {
    if (!values[column]) continue
    const at = instant(values[column], day)
    if (at) times[column] = at
    else
      errors.push({
        column,
        message: 'takes a day like 2027-01-31, or RFC 3339 with its zone: 2027-01-31T18:00:00Z',
        code: 'format',
      })
  }
  if (times.expiresAt && times.notBefore && times.notBefore >= times.expiresAt)
    errors.push({ column: 'expiresAt', message: 'must be later than notBefore', code: 'ends-first' })
  else if (times.expiresAt && new Date(times.expiresAt) <= known.now)
    errors.push({ column: 'expiresAt', message: 'is in the past', code: 'past' })
  const scanLimit = values.scanLimit
    ? columnOf(errors, 'scanLimit', ScanLimit, /^\d+$/.test(values.scanLimit) ? Number(values.scanLimit) : values.scanLimit)
    : undefined
  const found = (column: 'owner' | 'brand', names: ReadonlyMap<string, string>): string | undefined => {
    const given = values[column]
    if (!given) return undefined
    const id = names.get(usernameKey(given)) ?? names.get(given)
    if (!id)
      errors.push({ column, message: column === 'owner' ? 'is nobody active here' : 'is no brand kit here', code: 'no-such' })
    return id
  }
  const owner = found('owner', known.owners)
  const brand = found('brand', known.brands)
  const shown = { ...values, kind: 'link', ...times }
  if (errors.length > 0 || label === undefined || destination === undefined) return { row, values: shown, errors }
  return {
    row,
    values: shown,
    errors,
    input: {
      kind: 'link',
      label,
      destination,
      ...times,
      ...(scanLimit === undefined ? {} : { scanLimit }),
      ...(owner ? { owner } : {}),
      ...(brand ? { brand } : {}),
    },
  }
}
