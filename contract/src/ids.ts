import { z } from 'zod'

/** The prefix of an id names its kind, so that an id of another kind is refused as `invalid-request` on its way in. */
export const idPrefixes = [
  'usr',
  'cod',
  'dev',
  'sin',
  'ses',
  'evt',
  'scn',
  'tok',
  'tot',
  'bro',
  'brd',
  'lgo',
  'job',
  'psc',
] as const
export type IdPrefix = (typeof idPrefixes)[number]

/** A schema for ids of one kind: the prefix and 26 characters of lower-case Crockford Base32 (a UUID v7, so ids sort by time). */
const id = <P extends IdPrefix>(prefix: P) =>
  z
    .string()
    .regex(new RegExp(`^${prefix}_[0-7][0-9a-hjkmnp-tv-z]{25}$`), `an id that starts with ${prefix}_`)
    .meta({ description: `${prefix}_ and 26 characters of Crockford Base32; opaque, sortable by time` })

export const UserId = id('usr')
export const CodeId = id('cod')
export const SignInId = id('sin')
export const SessionId = id('ses')
export const EventId = id('evt')
export const DeviceId = id('dev')
export const TokenId = id('tok')
export const TotpId = id('tot')
export const BrandId = id('brd')
export const LogoId = id('lgo')
export const JobId = id('job')
export const PurgeScanId = id('psc')

/** An instant: RFC 3339, UTC, milliseconds. */
export const Instant = z.iso.datetime({ precision: 3 }).meta({ description: 'RFC 3339 in UTC with milliseconds' })
/** One that is given to be kept: of a year that PostgreSQL writes the same way. */
export const GivenInstant = Instant.refine((text) => !text.startsWith('0000'), {
  error: 'a year from 0001 to 9999',
  params: { code: 'format' },
}).meta({ description: 'RFC 3339 in UTC with milliseconds' })
