import { z } from 'zod'
import { totpKey } from './claims.ts'
import { symbolsWanted } from './code-symbols.ts'
import { Assurance, NewPassword, NoBody, Nothing, Passcode, page, TypedPassword } from './common.ts'
import { endpoint } from './endpoint.ts'
import { Instant, SessionId, TotpId } from './ids.ts'
import { IssuedCode, LetterLanguage } from './issued-code.ts'
import { SignIn } from './sign-in.ts'

const selfRefusals = ['no-session', 'session-binding', 'proof-stale', 'step-up-required', 'rate-limited', 'unavailable'] as const
export const startTotp = endpoint({
  method: 'POST',
  path: '/api/me/totp',
  needs: 'person',
  summary: 'A new TOTP key of one’s own, pending until one correct passcode confirms it. The one before stays good until then.',
  input: z.strictObject({
    algorithm: z.enum(['SHA1', 'SHA256', 'SHA512']).optional(),
    digits: z.union([z.literal(6), z.literal(8)]).optional(),
    periodSeconds: z.union([z.literal(15), z.literal(30), z.literal(60)]).optional(),
  }),
  output: z.object({ id: TotpId, ...totpKey }),
  status: 201,
  fresh: true,
  recovery: true,
  enrolling: true,
  refusals: [...selfRefusals, 'enrolment-off', 'conflict'],
})
export const confirmTotp = endpoint({
  method: 'POST',
  path: '/api/me/totp/:id/confirm',
  needs: 'person',
  summary: 'Confirms the pending key with one passcode; goes on with a sign-in that asked for it. Five wrong ones end it.',
  input: z.strictObject({ id: TotpId, code: Passcode }),
  output: z.object({ recoveryCodes: z.array(z.string()).optional(), signIn: SignIn.optional() }),
  fresh: true,
  recovery: true,
  enrolling: true,
  refusals: [...selfRefusals, 'factor-wrong', 'totp-replayed', 'not-found', 'conflict', 'enrolment-off', 'clock-skew'],
})
export const removeTotp = endpoint({
  method: 'DELETE',
  path: '/api/me/totp',
  needs: 'person',
  summary: 'Removes the TOTP key. 409 where it is the last second factor that policy demands.',
  input: Nothing,
  output: NoBody,
  status: 204,
  fresh: true,
  refusals: [...selfRefusals, 'not-found', 'conflict'],
})
export const Factors = z
  .object({
    password: z.object({ changedAt: Instant }).nullable(),
    totp: z
      .object({
        id: TotpId,
        createdAt: Instant,
        lastUsedAt: Instant.nullable(),
        origin: z.enum(['postern', 'imported']),
        renewBy: Instant.nullable(),
      })
      .nullable(),
    recoveryCodes: z.object({ left: z.number().int(), total: z.number().int(), createdAt: Instant.nullable() }),
    devices: z.number().int().meta({ description: 'Active devices' }),
    enrolment: z.boolean().meta({ description: 'R5: whether factors can be enrolled at all' }),
    secondFactorDemanded: z.boolean(),
  })
  .meta({ id: 'Factors' })
export type Factors = z.output<typeof Factors>
export const myFactors = endpoint({
  method: 'GET',
  path: '/api/me/factors',
  needs: 'person',
  summary: 'One’s ways in.',
  input: Nothing,
  output: Factors,
  refusals: selfRefusals,
})
export const enrolAnotherPhone = endpoint({
  method: 'POST',
  path: '/api/me/enrolments',
  needs: 'person',
  summary: 'A single-use code for another phone of one’s own; its claim also asks for the current password.',
  input: z.strictObject({ factor: z.enum(['totp', 'device']), symbols: symbolsWanted }),
  output: z.object({ code: IssuedCode }),
  status: 201,
  fresh: true,
  recovery: true,
  idempotent: true,
  secrets: ['code.url', 'code.symbolSvg', 'code.symbols'],
  refusals: [...selfRefusals, 'enrolment-off', 'conflict'],
})
export const changePassword = endpoint({
  method: 'POST',
  path: '/api/me/password',
  needs: 'person',
  summary: 'Changes the password and ends all other sessions.',
  input: z.strictObject({ current: TypedPassword, new: NewPassword }),
  output: NoBody,
  status: 204,
  fresh: true,
  refusals: [...selfRefusals, 'factor-wrong'],
})
export const renewRecoveryCodes = endpoint({
  method: 'POST',
  path: '/api/me/recovery-codes',
  needs: 'person',
  summary: 'A new set of ten recovery codes; every old one is void. With `letter` also as a page to print.',
  input: z.strictObject({ letter: z.boolean().optional(), language: LetterLanguage.optional() }),
  output: z.object({
    recoveryCodes: z.array(z.string()),
    letterPdf: z.string().optional().meta({ description: 'A4, in base64' }),
  }),
  status: 201,
  fresh: true,
  refusals: [...selfRefusals, 'conflict'],
})
export const OpenSession = z
  .object({
    id: SessionId,
    current: z.boolean(),
    assurance: Assurance,
    scope: z.enum(['full', 'recovery']),
    browser: z.string(),
    platform: z.string(),
    deviceType: z.string(),
    country: z.string(),
    codeId: z.string().nullable(),
    createdAt: Instant,
    seenAt: Instant,
    expiresAt: Instant,
  })
  .meta({ id: 'OpenSession' })
export type OpenSession = z.output<typeof OpenSession>
export const mySessions = endpoint({
  method: 'GET',
  path: '/api/me/sessions',
  needs: 'person',
  summary: 'Where one is signed in.',
  input: Nothing,
  output: page(OpenSession),
  refusals: selfRefusals,
})
export const endMySession = endpoint({
  method: 'DELETE',
  path: '/api/me/sessions/:id',
  needs: 'person',
  summary: 'Signs out one session of one’s own.',
  input: z.strictObject({ id: SessionId }),
  output: NoBody,
  status: 204,
  refusals: [...selfRefusals, 'not-found'],
})
export const endMyOtherSessions = endpoint({
  method: 'DELETE',
  path: '/api/me/sessions',
  needs: 'person',
  summary: 'Signs out everywhere but here.',
  input: Nothing,
  output: z.object({ ended: z.number().int() }),
  refusals: selfRefusals,
})
