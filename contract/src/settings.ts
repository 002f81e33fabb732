import { z } from 'zod'
import { Nothing } from './common.ts'
import { endpoint, roles } from './endpoint.ts'
import { GivenInstant, Instant } from './ids.ts'

const KindOfKey = z.object({
  algorithm: z.enum(['SHA1', 'SHA256', 'SHA512']),
  digits: z.union([z.literal(6), z.literal(8)]),
  periodSeconds: z.union([z.literal(15), z.literal(30), z.literal(60)]),
})
export type KindOfKey = z.output<typeof KindOfKey>

export const AuthenticationSettings = z
  .object({
    enrolment: z.boolean().meta({ description: 'R5: people can enrol factors' }),
    secondFactor: z.object({
      roles: z.array(z.enum(roles)).meta({ description: 'R6: roles that must have a second factor' }),
      from: GivenInstant.nullable().meta({ description: 'From when; null: now' }),
    }),
    totpRenewalDays: z
      .number()
      .int()
      .min(1)
      .max(3650)
      .nullable()
      .meta({ description: 'R6: age at which a TOTP key is renewed; null: never' }),
    addressLimits: z.object({
      startsPerMinute: z.number().int().min(1).max(1_000_000),
      failuresPerMinute: z.number().int().min(1).max(1_000_000),
    }),
    totp: KindOfKey,
    issuer: z
      .string()
      .trim()
      .min(1)
      .max(64)
      .regex(/^[^:]*$/, 'no colon: apps cut the issuer there')
      .meta({ description: 'The name that authenticator apps show' }),
  })
  .meta({ id: 'AuthenticationSettings' })
export type AuthenticationSettings = z.output<typeof AuthenticationSettings>
export const getAuthenticationSettings = endpoint({
  method: 'GET',
  path: '/api/settings/authentication',
  needs: 'auditor',
  summary: 'Settings → Authentication, with how many people the demand would send to the wizard; carries an ETag.',
  input: Nothing,
  output: AuthenticationSettings.extend({
    version: z.number().int(),
    withoutSecondFactor: z.number().int(),
    defaultsWarning: z.boolean(),
  }),
  etag: true,
  refusals: [],
})
export const putAuthenticationSettings = endpoint({
  method: 'PUT',
  path: '/api/settings/authentication',
  needs: 'operator',
  summary:
    'Saves Settings → Authentication. A demand for what is switched off cannot be saved; rules for operators and owners are an owner’s.',
  input: z.strictObject(AuthenticationSettings.shape),
  output: AuthenticationSettings.extend({
    version: z.number().int(),
    withoutSecondFactor: z.number().int(),
    defaultsWarning: z.boolean(),
  }),
  ifMatch: true,
  fresh: true,
  refusals: ['conflict', 'not-allowed', 'precondition-failed', 'if-match-missing', 'step-up-required'],
})
export const listRoles = endpoint({
  method: 'GET',
  path: '/api/roles',
  needs: 'auditor',
  summary: 'The roles and how many people have each.',
  input: Nothing,
  output: z.object({ items: z.array(z.object({ name: z.enum(roles), people: z.number().int() })), nextCursor: z.null() }),
  refusals: [],
})
/** What pages need to know before anybody is signed in. */
export const deploymentInfo = endpoint({
  method: 'GET',
  path: '/api/deployment',
  needs: 'public',
  summary: 'What this deployment is called, whether people can enrol, and whether a password alone can open anything.',
  input: Nothing,
  output: z.object({
    issuer: z.string(),
    origin: z.string(),
    enrolment: z.boolean(),
    secondFactor: z.boolean().meta({ description: 'R6: everybody must have a second factor, so no password alone signs in' }),
    totp: KindOfKey.meta({ description: 'What new keys are made of where nobody asks for another kind' }),
    version: z.string(),
    serverTime: Instant,
  }),
  refusals: [],
})
