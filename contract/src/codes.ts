import { z } from 'zod'
import { CodeSecret, NewPassword, Passcode, page, paging, TypedPassword, Username } from './common.ts'
import { endpoint, roles } from './endpoint.ts'
import { CodeId, Instant, UserId } from './ids.ts'
import { Session } from './sign-in.ts'

/** Kinds that exist now; others join with their issues, without a new mechanism. */
export const codeKinds = ['enrol-totp'] as const
export type CodeKind = (typeof codeKinds)[number]
/** The state shown: the first that fits of revoked, used, expired, not-yet-valid, used-up, live. */
export const codeStates = ['live', 'not-yet-valid', 'used', 'used-up', 'expired', 'revoked'] as const
export type CodeState = (typeof codeStates)[number]
export const claimNeeds = ['username', 'password', 'current-password', 'activation', 'factor'] as const
export type ClaimNeed = (typeof claimNeeds)[number]

export const TotpSettings = z
  .object({
    issuer: z.string(),
    label: z.string(),
    algorithm: z.enum(['SHA1', 'SHA256', 'SHA512']),
    digits: z.number().int(),
    periodSeconds: z.number().int(),
  })
  .meta({ id: 'TotpSettings' })
export type TotpSettings = z.output<typeof TotpSettings>

/** A new TOTP key: leaves the server once. */
export const totpKey = {
  secret: z.string().meta({ description: 'Base32 (RFC 4648), without padding' }),
  otpauthUrl: z.string(),
  symbolSvg: z.string().meta({ description: 'The otpauth link as a QR symbol, quiet zone of four modules' }),
  settings: TotpSettings,
  expiresAt: Instant,
}

/** What issuing answers; its address and symbol stand in this answer alone. */
export const IssuedCode = z
  .object({
    id: CodeId,
    url: z
      .string()
      .optional()
      .meta({ description: 'ORIGIN/c/ID#SECRET; absent when an Idempotency-Key is repeated after 10 minutes' }),
    symbolSvg: z.string().optional(),
    expiresAt: Instant,
  })
  .meta({ id: 'IssuedCode' })

export const inspectCode = endpoint({
  method: 'POST',
  path: '/api/codes/inspect',
  needs: 'public',
  summary: 'What a code is and what its claim asks for. Changes nothing. The secret in the body is the authority.',
  input: z.strictObject({ id: CodeId, secret: CodeSecret }),
  output: z.object({
    kind: z.enum(codeKinds),
    state: z.enum(codeStates),
    issuer: z.string(),
    asks: z.string().meta({ description: 'A sentence for people' }),
    needs: z.array(z.enum(claimNeeds)),
    username: z.string().optional().meta({ description: 'Whom the code is for, while it is live' }),
    notBefore: Instant.optional(),
    expiresAt: Instant,
    usedAt: Instant.optional(),
  }),
  refusals: ['code-unknown', 'rate-limited', 'unavailable'],
})
export const claimCode = endpoint({
  method: 'POST',
  path: '/api/codes/claim',
  needs: 'browser',
  summary: 'The one claim of a single-use code. The claiming key may repeat it for 2 minutes and gets the same answer.',
  input: z.strictObject({
    id: CodeId,
    secret: CodeSecret,
    username: Username.optional(),
    factor: z.enum(['totp', 'device']).optional(),
    password: TypedPassword.optional(),
    activation: z.string().max(64).optional(),
  }),
  output: z.object({ kind: z.literal('enrol-totp'), confirm: z.string(), needs: z.array(z.enum(claimNeeds)), ...totpKey }),
  refusals: [
    'code-unknown',
    'code-not-yet-valid',
    'code-expired',
    'code-used',
    'code-revoked',
    'conflict',
    'enrolment-off',
    'factor-wrong',
    'rate-limited',
    'session-binding',
    'proof-stale',
    'unavailable',
  ],
})
export const confirmEnrolment = endpoint({
  method: 'POST',
  path: '/api/enrolments/confirm',
  needs: 'browser',
  summary: 'Completes an enrolment with one correct passcode, by the key that claimed.',
  input: z.strictObject({
    confirm: z.string().min(1).max(128),
    code: Passcode,
    username: Username.optional(),
    password: NewPassword.optional(),
    currentPassword: TypedPassword.optional(),
    signIn: z.boolean().optional(),
  }),
  output: z.object({
    user: z.object({ id: UserId, username: z.string(), displayName: z.string(), roles: z.array(z.enum(roles)) }),
    recoveryCodes: z.array(z.string()).optional(),
    session: Session.optional(),
  }),
  refusals: [
    'factor-wrong',
    'totp-replayed',
    'code-unknown',
    'code-expired',
    'code-used',
    'code-revoked',
    'conflict',
    'enrolment-off',
    'rate-limited',
    'session-binding',
    'proof-stale',
    'unavailable',
    'clock-skew',
  ],
})

export const Code = z
  .object({
    id: CodeId,
    kind: z.enum(codeKinds),
    state: z.enum(codeStates),
    label: z.string(),
    user: z.object({ id: UserId, username: z.string() }).nullable().meta({ description: 'Whom it is for' }),
    issuedBy: z.string().nullable(),
    bootstrap: z.boolean(),
    scans: z.number().int(),
    lastScan: z.object({ at: Instant, country: z.string(), platform: z.string() }).nullable(),
    notBefore: Instant.nullable(),
    expiresAt: Instant,
    usedAt: Instant.nullable(),
    revokedAt: Instant.nullable(),
    createdAt: Instant,
    version: z.number().int(),
  })
  .meta({ id: 'Code' })
export type Code = z.output<typeof Code>
export const listCodes = endpoint({
  method: 'GET',
  path: '/api/codes',
  needs: 'auditor',
  summary: 'Codes of the deployment, newest first.',
  input: z.strictObject({
    ...paging,
    state: z.enum(codeStates).optional(),
    kind: z.enum(codeKinds).optional(),
    userId: UserId.optional(),
    q: z.string().max(100).optional(),
  }),
  output: page(Code),
  scopes: ['enrolment'],
  refusals: [],
})
export const getCode = endpoint({
  method: 'GET',
  path: '/api/codes/:id',
  needs: 'auditor',
  summary: 'One code. Its secret is never shown again.',
  input: z.strictObject({ id: CodeId }),
  output: Code,
  scopes: ['enrolment'],
  refusals: ['not-found'],
})
export const Scan = z.object({
  id: z.string(),
  time: Instant,
  outcome: z.string(),
  deviceType: z.string(),
  platform: z.string(),
  browser: z.string(),
  country: z.string(),
  bot: z.boolean(),
})
export const listScans = endpoint({
  method: 'GET',
  path: '/api/codes/:id/scans',
  needs: 'auditor',
  summary: 'Openings of a code, newest first; known previews and bots are marked.',
  input: z.strictObject({ id: CodeId, ...paging }),
  output: page(Scan),
  refusals: ['not-found'],
})
export const revokeCode = endpoint({
  method: 'POST',
  path: '/api/codes/:id/revoke',
  needs: 'operator',
  summary: 'Revokes a code at once and everywhere, with the sessions it opened; `results` also disables what came of its claim.',
  input: z.strictObject({
    id: CodeId,
    reason: z.string().trim().min(1, 'say why, for the record').max(500),
    also: z.array(z.enum(['results'])).optional(),
  }),
  output: z.object({ id: CodeId, state: z.literal('revoked'), revokedAt: Instant }),
  scopes: ['enrolment'],
  refusals: ['not-found', 'not-allowed'],
})
