import { z } from 'zod'
import { codeStates } from './codes.ts'
import { page, paging } from './common.ts'
import { endpoint } from './endpoint.ts'
import { CodeId, GivenInstant, Instant, PurgeScanId, UserId } from './ids.ts'
import { enrolFactors } from './issued-code.ts'
import { keyProblems } from './otpauth.ts'

const Person = z.object({ id: UserId, username: z.string() })
const YesNo = z.enum(['true', 'false'])
export const keyOrigins = ['postern', 'imported'] as const
export type KeyOrigin = (typeof keyOrigins)[number]

/** An enrolment code, or a TOTP key that came of one or from elsewhere. Nothing of it is secret. */
export const HistoricalItem = z
  .object({
    id: z.string().meta({ description: 'cod_… or tot_…' }),
    kind: z.enum(['code', 'key']),
    origin: z.enum(keyOrigins),
    state: z.enum([...codeStates, 'pending', 'active']),
    user: Person.nullable(),
    codeId: CodeId.nullable().meta({
      description: 'The code itself, or the one that the key came of; null: the wizard, or from elsewhere',
    }),
    createdAt: Instant,
    confirmedAt: Instant.nullable(),
    lastUsedAt: Instant.nullable().meta({
      description: 'Of a key: its last passcode after its confirmation; of a code: its claim',
    }),
    expiresAt: Instant.nullable(),
    renewBy: Instant.nullable().meta({ description: 'When the wizard shows a fresh key: by age or by re-enrolment' }),
    renewalDue: z.boolean(),
  })
  .meta({ id: 'HistoricalItem' })
export type HistoricalItem = z.output<typeof HistoricalItem>

/** Ages are of the database's clock. 527,040,000 minutes are more than a thousand years. */
const OlderThan = z.coerce.number().int().min(0).max(527_040_000)
const filters = {
  kind: z.enum(['code', 'key']).optional(),
  origin: z.enum(keyOrigins).optional(),
  olderThanMinutes: OlderThan.optional().meta({ description: 'Created longer ago than this' }),
  pending: YesNo.optional().meta({ description: 'Codes that can still be claimed, keys that wait for their confirmation' }),
  neverUsed: YesNo.optional().meta({
    description: 'Codes that nobody claimed, keys without a passcode since their confirmation',
  }),
  due: YesNo.optional().meta({ description: 'Keys whose renewal is due now' }),
  userId: UserId.optional(),
}
export const listHistorical = endpoint({
  method: 'GET',
  path: '/api/historical',
  needs: 'auditor',
  summary: 'Enrolment codes and TOTP keys, oldest first. A key that was replaced is gone with its secret, and not listed.',
  input: z.strictObject({ ...paging, ...filters }),
  output: page(HistoricalItem),
  refusals: [],
})
export const countHistorical = endpoint({
  method: 'GET',
  path: '/api/historical/counts',
  needs: 'auditor',
  summary: 'How many there are, under the same age: what a purge or a re-enrolment would be about.',
  input: z.strictObject({ olderThanMinutes: filters.olderThanMinutes }),
  output: z.object({
    openCodes: z.number().int(),
    pendingKeys: z.number().int(),
    activeKeys: z.number().int(),
    importedKeys: z.number().int(),
    neverUsedKeys: z.number().int(),
    dueKeys: z.number().int(),
  }),
  refusals: [],
})

const reason = z.string().trim().min(1, 'say why, for the record').max(500)
/** Things that one call acts on; `left` says how many more there are. */
export const mostAtOnce = 1_000
export const purgeHistorical = endpoint({
  method: 'POST',
  path: '/api/historical/purge',
  needs: 'operator',
  summary:
    'Revokes open enrolment codes and deletes pending TOTP keys, up to 1,000 a call. Never an active key, nor what is of a person with more rights. With dryRun it counts and changes nothing.',
  input: z.strictObject({
    kinds: z
      .array(z.enum(['codes', 'keys']))
      .min(1)
      .max(2),
    olderThanMinutes: z.number().int().min(0).max(527_040_000).default(0),
    reason: reason.optional().meta({ description: 'Needed unless dryRun' }),
    dryRun: z.boolean().default(false),
  }),
  output: z.object({
    dryRun: z.boolean(),
    codes: z.number().int(),
    keys: z.number().int(),
    left: z.number().int().meta({ description: 'More that one call did not reach: call again' }),
    kept: z.number().int().meta({ description: 'Of people with more rights than the caller' }),
  }),
  fresh: true,
  refusals: ['not-allowed', 'step-up-required'],
})

export const reEnrolUsers = endpoint({
  method: 'POST',
  path: '/api/historical/re-enrol',
  needs: 'operator',
  summary:
    'Makes TOTP keys due for renewal from a date: the wizard then shows a fresh key, and the old one works until that is confirmed. With `codes` also fresh single-use enrolment codes, for up to 200 people, which asks a person for authentication of the last 5 minutes.',
  input: z.strictObject({
    userIds: z.array(UserId).min(1).max(mostAtOnce).optional(),
    filter: z
      .strictObject({
        origin: z.enum(keyOrigins).optional(),
        olderThanMinutes: z.number().int().min(0).max(527_040_000).optional(),
        neverUsed: z.boolean().optional(),
      })
      .optional()
      .meta({ description: 'Instead of userIds: whose active key fits. People who are due by then already are left out' }),
    from: GivenInstant.nullable().meta({ description: 'null: no longer by this; the age that policy names still counts' }),
    reason: reason.optional().meta({ description: 'Needed unless dryRun' }),
    codes: z
      .strictObject({
        expiresInMinutes: z.number().int().min(1).max(20_160),
        factor: z.enum(enrolFactors).optional().meta({ description: 'What the code sets up; totp without it' }),
      })
      .optional()
      .meta({ description: 'Also a fresh code for each, in this answer alone' }),
    dryRun: z.boolean().default(false),
  }),
  output: z.object({
    dryRun: z.boolean(),
    people: z.number().int(),
    left: z.number().int().meta({ description: 'More that fit the filter: call again' }),
    skipped: z.array(
      z.object({
        id: UserId,
        username: z.string().nullable(),
        why: z.enum(['unknown', 'not-active', 'more-rights', 'no-key']),
      }),
    ),
    codes: z
      .array(z.object({ user: Person, code: z.object({ id: CodeId, url: z.string(), expiresAt: Instant }) }))
      .optional()
      .meta({ description: 'Absent when an Idempotency-Key is repeated after 10 minutes' }),
  }),
  idempotent: true,
  secrets: ['codes'],
  refusals: ['not-allowed', 'step-up-required', 'enrolment-off', 'conflict'],
})
export const importRefusals = [...keyProblems, 'twice', 'nobody', 'not-active', 'more-rights', 'same-key', 'has-key'] as const
/** One key of an import: as it was read, whose it would be, and what stands against it. */
export const KeyRow = z
  .object({
    row: z.number().int().meta({ description: 'From 1, in the order in which they were read' }),
    issuer: z.string(),
    label: z.string(),
    algorithm: z.enum(['SHA1', 'SHA256', 'SHA512']).nullable(),
    digits: z.number().int().nullable(),
    periodSeconds: z.number().int().nullable(),
    bits: z.number().int().nullable().meta({ description: 'Length of the shared secret' }),
    user: Person.nullable(),
    replaces: z.boolean().meta({ description: 'The person has a key, which this one would end' }),
    hasPassword: z.boolean().meta({ description: 'Without one the person still needs an enrolment code to sign in' }),
    outcome: z.enum(['ready', 'imported', 'refused']),
    refusal: z.enum(importRefusals).nullable(),
    message: z.string().nullable().meta({ description: 'What is wrong and what would be right' }),
  })
  .meta({ id: 'KeyRow' })
export type KeyRow = z.output<typeof KeyRow>
export const importTotp = endpoint({
  method: 'POST',
  path: '/api/historical/import',
  needs: 'operator',
  summary:
    'TOTP keys from elsewhere: otpauth:// and otpauth-migration:// links, one a line. Each becomes the active key of a person who has none, marked as imported. A fresh code is better: whoever saw the old secret has it for ever.',
  input: z.strictObject({
    content: z.string().min(1).max(60_000),
    people: z
      .array(z.strictObject({ row: z.number().int().min(1).max(1_000), userId: UserId }))
      .max(1_000)
      .default([])
      .meta({ description: 'Whose a row is, where its label is no user name or e-mail address' }),
    replace: z.boolean().default(false).meta({ description: 'End a key that a person has, with their sessions' }),
    dryRun: z.boolean().default(false),
  }),
  output: z.object({
    dryRun: z.boolean(),
    imported: z.number().int(),
    refused: z.number().int(),
    rows: z.array(KeyRow),
    missingParts: z
      .array(z.number().int())
      .meta({ description: 'Google Authenticator splits an export over several symbols: parts, from 1, that are not here' }),
  }),
  fresh: true,
  refusals: ['not-allowed', 'step-up-required', 'enrolment-off'],
})

/** HMAC-SHA-256(key, secret bytes) in base64url. */
export const Fingerprint = z.string().regex(/^[A-Za-z0-9_-]{43}$/, '43 characters of base64url')
export const openPurgeScan = endpoint({
  method: 'POST',
  path: '/api/historical/scans',
  needs: 'operator',
  summary: 'A fresh random key for a purge scan, good for a day. Fingerprints under it are good for this scan alone.',
  input: z.strictObject({}),
  output: z.object({ id: PurgeScanId, key: z.string().meta({ description: '32 bytes in base64url' }), expiresAt: Instant }),
  status: 201,
  refusals: ['not-allowed'],
})
export const compareFingerprints = endpoint({
  method: 'POST',
  path: '/api/historical/scans/:id/fingerprints',
  needs: 'operator',
  summary: 'Which fingerprints are of TOTP keys that work here now, and whose. By who opened the scan; up to 100,000 a scan.',
  input: z.strictObject({ id: PurgeScanId, fingerprints: z.array(Fingerprint).min(1).max(1_000) }),
  output: z.object({
    live: z.array(
      z.object({
        fingerprint: z.string(),
        state: z.enum(['active', 'pending']),
        origin: z.enum(keyOrigins),
        user: Person,
        renewBy: Instant.nullable(),
      }),
    ),
  }),
  refusals: ['not-found', 'not-allowed', 'rate-limited'],
})
