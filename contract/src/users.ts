import { z } from 'zod'
import { symbolsWanted } from './code-symbols.ts'
import { NoBody, Nothing, page, paging, Username } from './common.ts'
import { endpoint, roles, scopes } from './endpoint.ts'
import { keyOrigins } from './historical.ts'
import { Instant, TokenId, TotpId, UserId } from './ids.ts'
import { enrolFactors, IssuedCode, LetterLanguage } from './issued-code.ts'
import { OpenSession } from './me.ts'

export const userStates = ['active', 'suspended', 'offboarded'] as const
const GuessedFactor = z.enum(['password', 'totp', 'recovery-code'])
export const User = z
  .object({
    id: UserId,
    username: z.string(),
    displayName: z.string(),
    email: z.string().nullable(),
    roles: z.array(z.enum(roles)),
    state: z.enum(userStates),
    factors: z.object({
      password: z.boolean(),
      totp: z.boolean(),
      devices: z.number().int(),
      recoveryCodesLeft: z.number().int(),
    }),
    totpKey: z
      .object({
        id: TotpId,
        origin: z.enum(keyOrigins),
        confirmedAt: Instant,
        lastUsedAt: Instant.nullable(),
        renewBy: Instant.nullable().meta({ description: 'When the wizard shows a fresh key: by age or by re-enrolment' }),
        renewalDue: z.boolean(),
      })
      .nullable(),
    enrolmentDue: z.boolean().meta({ description: 'Policy demands a second factor that is not there yet' }),
    wayBack: z.enum(['recovery-code', 'operator']).optional().meta({
      description:
        'Of who lost the second factor that policy demands: no wizard comes, a sign-in asks for a recovery code, or they need a code from an operator',
    }),
    locked: z
      .array(GuessedFactor)
      .meta({ description: 'Factors that answer no unknown browser, after 100 failures in a row in such ones' }),
    lockedForKnown: z.array(GuessedFactor).meta({
      description: 'Factors that answer no known browser, after 100 failures in a row in those: until an operator lifts it',
    }),
    openSessions: z.number().int(),
    lastSignInAt: Instant.nullable(),
    createdAt: Instant,
    version: z.number().int(),
  })
  .meta({ id: 'User' })
export type User = z.output<typeof User>
const DisplayName = z.string().trim().max(128)
const Email = z.email().max(254)
const Roles = z.array(z.enum(roles)).min(1, 'at least one role').max(4)

export const createUser = endpoint({
  method: 'POST',
  path: '/api/users',
  needs: 'operator',
  summary: 'Creates a person. They have no factor until they enrol. Nobody gives more rights than they have.',
  input: z.strictObject({
    username: Username,
    displayName: DisplayName.optional(),
    email: Email.optional(),
    roles: Roles.optional(),
  }),
  output: User,
  status: 201,
  scopes: ['enrolment'],
  idempotent: true,
  refusals: ['conflict', 'not-allowed'],
})
export const userFilters = {
  q: z.string().max(100).optional(),
  state: z.enum(userStates).optional(),
  role: z.enum(roles).optional(),
  due: z.enum(['true', 'false']).optional(),
}
export const listUsers = endpoint({
  method: 'GET',
  path: '/api/users',
  needs: 'auditor',
  summary: 'People, by user name; `q` searches user name, display name and e-mail.',
  input: z.strictObject({ ...paging, ...userFilters }),
  output: page(User),
  scopes: ['enrolment'],
  refusals: [],
})
export const getUser = endpoint({
  method: 'GET',
  path: '/api/users/:id',
  needs: 'auditor',
  summary: 'One person; the answer carries an ETag.',
  input: z.strictObject({ id: UserId }),
  output: User,
  scopes: ['enrolment'],
  etag: true,
  refusals: ['not-found'],
})
export const updateUser = endpoint({
  method: 'PATCH',
  path: '/api/users/:id',
  needs: 'operator',
  summary: 'Changes display name, e-mail or roles. Only an owner changes roles; a change of roles ends the person’s sessions.',
  input: z.strictObject({
    id: UserId,
    displayName: DisplayName.optional(),
    email: Email.nullable().optional(),
    roles: Roles.optional(),
  }),
  output: User,
  ifMatch: true,
  refusals: ['not-found', 'not-allowed', 'conflict', 'precondition-failed', 'if-match-missing', 'step-up-required'],
})
export const enrolUser = endpoint({
  method: 'POST',
  path: '/api/users/:id/enrolments',
  needs: 'operator',
  summary: 'A single-use enrolment code for a person, good for 10 minutes on screen. Its address is in this answer alone.',
  input: z.strictObject({
    id: UserId,
    factor: z.enum(enrolFactors),
    expiresInMinutes: z.number().int().min(1).max(20160).optional(),
    notBefore: Instant.optional(),
    deliver: z
      .enum(['none', 'email', 'letter'])
      .optional()
      .meta({ description: 'By letter the claim also asks for an activation number, and the code is good for 14 days' }),
    language: LetterLanguage.optional(),
    resetPassword: z.boolean().optional(),
    symbols: symbolsWanted,
  }),
  output: z.object({ code: IssuedCode }),
  status: 201,
  scopes: ['enrolment'],
  idempotent: true,
  secrets: ['code.url', 'code.symbolSvg', 'code.symbols', 'code.activation', 'code.letterPdf'],
  refusals: ['not-found', 'not-allowed', 'conflict', 'enrolment-off', 'step-up-required'],
})
const reason = z.string().trim().max(500).optional()
const change = (verb: 'suspend' | 'resume' | 'offboard' | 'unlock', summary: string) =>
  endpoint({
    method: 'POST',
    path: `/api/users/:id/${verb}`,
    needs: 'operator',
    summary,
    input: z.strictObject({ id: UserId, reason }),
    output: User,
    refusals: ['not-found', 'not-allowed', 'conflict'],
  })
export const suspendUser = change(
  'suspend',
  'Ends sessions, open codes and sign-ins of a person at once; nothing of theirs is accepted until resume.',
)
export const resumeUser = change('resume', 'Lets a suspended person back in, with the factors they had.')
/** Reaches a whole person and cannot be taken back, so it asks a person for fresh authentication. */
export const offboardUser = endpoint({
  ...change('offboard', 'Ends codes, sessions, factors and tokens of a person in one transaction, for good.'),
  fresh: true,
  scopes: ['operator'],
  refusals: ['not-found', 'not-allowed', 'conflict', 'step-up-required'],
})
export const unlockUser = change('unlock', 'Clears the failure counts of a person’s factors.')

export const ServiceToken = z
  .object({
    id: TokenId,
    name: z.string(),
    scopes: z.array(z.enum(scopes)),
    createdBy: z.string(),
    createdAt: Instant,
    expiresAt: Instant,
    lastUsedAt: Instant.nullable(),
    revokedAt: Instant.nullable(),
  })
  .meta({ id: 'ServiceToken' })
export type ServiceToken = z.output<typeof ServiceToken>
export const createToken = endpoint({
  method: 'POST',
  path: '/api/tokens',
  needs: 'operator',
  summary: 'A service token (`pst_…`), shown once. Never more than the role of its maker.',
  input: z.strictObject({
    name: z.string().trim().min(1).max(100),
    scopes: z.array(z.enum(scopes)).min(1),
    expiresInDays: z.number().int().min(1).max(366).default(90),
  }),
  output: z.object({ id: TokenId, token: z.string().optional(), expiresAt: Instant }),
  status: 201,
  fresh: true,
  idempotent: true,
  secrets: ['token'],
  refusals: ['not-allowed', 'step-up-required'],
})
export const listTokens = endpoint({
  method: 'GET',
  path: '/api/tokens',
  needs: 'auditor',
  summary: 'Service tokens, without their secrets.',
  input: z.strictObject({ ...paging }),
  output: page(ServiceToken),
  refusals: [],
})
export const currentToken = endpoint({
  method: 'GET',
  path: '/api/tokens/current',
  needs: 'auditor',
  summary: 'The service token that calls: whether it is good, what for, and until when.',
  input: Nothing,
  output: ServiceToken,
  scopes,
  refusals: ['not-found'],
})
export const revokeToken = endpoint({
  method: 'DELETE',
  path: '/api/tokens/:id',
  needs: 'operator',
  summary: 'Revokes a service token at once.',
  input: z.strictObject({ id: TokenId }),
  output: NoBody,
  status: 204,
  refusals: ['not-found', 'not-allowed'],
})

export const listSessions = endpoint({
  method: 'GET',
  path: '/api/sessions',
  needs: 'auditor',
  summary: 'Open sessions of the deployment, newest first.',
  input: z.strictObject({ ...paging, userId: UserId.optional() }),
  output: page(OpenSession.extend({ user: z.object({ id: UserId, username: z.string() }) })),
  refusals: [],
})
export const endSession = endpoint({
  method: 'DELETE',
  path: '/api/sessions/:id',
  needs: 'operator',
  summary: 'Ends one session of anybody with no more rights than the caller’s.',
  input: z.strictObject({ id: OpenSession.shape.id }),
  output: NoBody,
  status: 204,
  refusals: ['not-found', 'not-allowed'],
})
