import { z } from 'zod'
import { NoBody } from './common.ts'
import { endpoint } from './endpoint.ts'
import { CodeId, DeviceId, Instant } from './ids.ts'

/**
 * How an enrolment code stands, for both its ends. waiting → opened → claimed → confirmed; or it ended: failed by wrong tries,
 * lapsed (claimed, and not confirmed in time), expired, revoked, replaced by the next code for its person.
 */
export const enrolmentStates = [
  'not-yet-valid',
  'waiting',
  'opened',
  'claimed',
  'confirmed',
  'failed',
  'lapsed',
  'expired',
  'revoked',
  'replaced',
] as const
export type EnrolmentState = (typeof enrolmentStates)[number]
export const EnrolmentStanding = z
  .object({
    state: z.enum(enrolmentStates),
    phone: z
      .object({ browser: z.string(), platform: z.string(), country: z.string().nullable(), city: z.string().nullable() })
      .nullable()
      .meta({ description: 'What claimed it, or, of an unclaimed one, the browser that opened it last' }),
    confirmBy: Instant.nullable().meta({ description: 'Of a claimed one: when its claim ends' }),
    device: z
      .object({ id: DeviceId, name: z.string() })
      .nullable()
      .meta({ description: 'Of a confirmed one: what it registered' }),
  })
  .meta({ id: 'EnrolmentStanding' })
export type EnrolmentStanding = z.output<typeof EnrolmentStanding>

export const getEnrolment = endpoint({
  method: 'GET',
  path: '/api/codes/:id/enrolment',
  needs: 'auditor',
  summary: 'How an enrolment code stands, for who shows it to somebody: cheap enough to be asked every two seconds.',
  input: z.strictObject({ id: CodeId }),
  output: EnrolmentStanding,
  scopes: ['enrolment'],
  refusals: ['not-found'],
})
const self = ['no-session', 'session-binding', 'proof-stale', 'step-up-required', 'rate-limited', 'unavailable'] as const
export const getMyEnrolment = endpoint({
  method: 'GET',
  path: '/api/me/enrolments/:id',
  needs: 'person',
  summary: 'How a code for another phone of one’s own stands: cheap enough to be asked every two seconds.',
  input: z.strictObject({ id: CodeId }),
  output: EnrolmentStanding,
  recovery: true,
  refusals: [...self, 'not-found'],
})
export const endMyEnrolment = endpoint({
  method: 'DELETE',
  path: '/api/me/enrolments/:id',
  needs: 'person',
  summary:
    'Revokes a code for another phone of one’s own, claimed or not. 409 where it was confirmed: then the device or the key is removed.',
  input: z.strictObject({ id: CodeId }),
  output: NoBody,
  status: 204,
  recovery: true,
  refusals: [...self, 'not-found', 'conflict'],
})
export const claimedEnrolment = endpoint({
  method: 'POST',
  path: '/api/enrolments/current',
  needs: 'browser',
  summary: 'How the code stands that this browser has claimed, by the key that claimed it.',
  input: z.strictObject({ confirm: z.string().min(1).max(128) }),
  output: z.object({ state: z.enum(enrolmentStates) }),
  refusals: ['code-unknown', 'rate-limited', 'session-binding', 'proof-stale', 'unavailable'],
})
