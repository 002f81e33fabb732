import { z } from 'zod'
import { SymbolFiles, symbolsWanted } from './code-symbols.ts'
import { page, paging } from './common.ts'
import { endpoint } from './endpoint.ts'
import { BrandId, CodeId, DeviceId, GivenInstant, Instant, UserId } from './ids.ts'
import { LetterLanguage } from './issued-code.ts'

/** Kinds that can be issued now; others join the table of `server/src/features/codes/codes-life.ts` without a new mechanism. */
export const codeKinds = ['enrol-totp', 'enrol-device', 'sign-in', 'approve', 'link', 'static'] as const
export type CodeKind = (typeof codeKinds)[number]
/** The state shown: the first that fits of revoked, used, expired, not-yet-valid, used-up, live. */
export const codeStates = ['live', 'not-yet-valid', 'used', 'used-up', 'expired', 'revoked'] as const
export type CodeState = (typeof codeStates)[number]
/** http and https only, on one line; which hosts, Settings → Codes says. */
export const WebAddress = z
  .string()
  .trim()
  .max(2048)
  .refine(
    (text) => {
      // the reader of addresses drops line breaks and tabs, so what is stored would not be what is opened. A name before the
      // host is how look-alikes are made: https://bank.example@evil.example/; and of https://bank.example\@evil.example/
      // readers of symbols disagree which of the two is the host
      return /^https?:\/\/[^\s/\\?#@]+(?:[/?#]\P{Cc}*)?$/iu.test(text) && URL.canParse(text)
    },
    {
      error: 'an address that starts with http:// or https://, on one line and without a user name in it',
      params: { code: 'web-address' },
    },
  )
const destinationOf = <T extends z.ZodType<string>>(address: T) =>
  z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('url'), url: address }),
    z.strictObject({ type: z.literal('text'), text: z.string().trim().min(1).max(2000) }),
    z.strictObject({ type: z.literal('platform'), ios: address.optional(), android: address.optional(), otherwise: address }),
  ])
/** What a link code leads to. `platform` sends phones to their app store, by what the browser says of itself. */
export const Destination = destinationOf(WebAddress).meta({ id: 'Destination' })
export type Destination = z.output<typeof Destination>
/** The same as it is kept: an address that was taken before a rule was made is shown as it is. */
const KeptDestination = destinationOf(z.string()).meta({ id: 'KeptDestination' })
export const Label = z.string().trim().min(1, 'say what it is for').max(200)
const Person = z.object({ id: UserId, username: z.string() })
export const ScanLimit = z.number().int().min(1).max(1_000_000_000)

export const Code = z
  .object({
    id: CodeId,
    kind: z.enum(codeKinds),
    state: z.enum(codeStates),
    label: z.string(),
    user: Person.nullable().meta({ description: 'Whom it is for' }),
    owner: Person.nullable().meta({ description: 'Who looks after it' }),
    issuedBy: z.string().nullable(),
    bootstrap: z.boolean(),
    deliver: z.enum(['none', 'letter']).meta({ description: '`letter`: its claim also asks for an activation number' }),
    url: z
      .string()
      .nullable()
      .meta({ description: 'What its symbol holds: link and static codes only. Of a code that authenticates it is shown once' }),
    destination: KeptDestination.nullable(),
    scanLimit: z.number().int().nullable(),
    brand: z.object({ id: BrandId, name: z.string() }).nullable().meta({ description: 'null: the default kit' }),
    scans: z.number().int().meta({ description: 'Openings by people' }),
    previews: z.number().int().meta({ description: 'Openings by bots and link previews' }),
    device: z
      .object({ id: DeviceId, name: z.string() })
      .nullable()
      .meta({ description: 'The device that it enrolled, or that approved what it asked' }),
    lastScan: z.object({ at: Instant, country: z.string(), platform: z.string() }).nullable(),
    notBefore: Instant.nullable(),
    expiresAt: Instant.nullable().meta({ description: 'null: never' }),
    usedAt: Instant.nullable(),
    revokedAt: Instant.nullable(),
    replacedBy: CodeId.nullable(),
    createdAt: Instant,
    version: z.number().int(),
  })
  .meta({ id: 'Code' })
export type Code = z.output<typeof Code>

const createdRefusals = ['conflict', 'not-allowed', 'not-found'] as const
export const createCode = endpoint({
  method: 'POST',
  path: '/api/codes',
  needs: 'operator',
  summary:
    'Issues a link code, whose destination can be changed at any time, or a static one, whose symbol holds the content itself. Codes that authenticate are issued to a person.',
  input: z.strictObject({
    kind: z.enum(['link', 'static']),
    label: Label,
    destination: Destination,
    expiresAt: GivenInstant.optional(),
    notBefore: GivenInstant.optional(),
    scanLimit: ScanLimit.optional(),
    brand: BrandId.optional(),
    owner: UserId.optional(),
  }),
  output: Code,
  status: 201,
  idempotent: true,
  etag: true,
  refusals: [...createdRefusals],
})
export const codeFilters = {
  state: z.enum(codeStates).optional(),
  kind: z.enum(codeKinds).optional(),
  userId: UserId.optional(),
  owner: UserId.optional(),
  brand: BrandId.optional(),
  device: DeviceId.optional().meta({
    description: 'Those that enrolled this device, that it approved by, or that its sessions showed; of every kind',
  }),
  createdFrom: Instant.optional(),
  createdTo: Instant.optional(),
  q: z.string().max(100).optional().meta({
    description:
      'Label, person or destination; case and accents do not count. One or two letters: how a word begins. Or a whole id',
  }),
}
export const listCodes = endpoint({
  method: 'GET',
  path: '/api/codes',
  needs: 'auditor',
  summary: 'Codes of the deployment, newest first.',
  input: z.strictObject({ ...paging, ...codeFilters }),
  output: page(Code),
  scopes: ['enrolment'],
  refusals: [],
})
export const countCodes = endpoint({
  method: 'GET',
  path: '/api/codes/counts',
  needs: 'auditor',
  summary: 'How many codes there are in each state, under the same filters; `about`: past 10,000 the counts are estimates.',
  input: z.strictObject((({ state: _, ...rest }) => rest)(codeFilters)),
  output: z.object({
    all: z.number().int(),
    states: z.record(z.enum(codeStates), z.number().int()),
    about: z.boolean(),
  }),
  refusals: [],
})
export const getCode = endpoint({
  method: 'GET',
  path: '/api/codes/:id',
  needs: 'auditor',
  summary: 'One code; the answer carries an ETag. Its secret is never shown again.',
  input: z.strictObject({ id: CodeId }),
  output: Code,
  scopes: ['enrolment'],
  etag: true,
  refusals: ['not-found'],
})
export const updateCode = endpoint({
  method: 'PATCH',
  path: '/api/codes/:id',
  needs: 'operator',
  summary:
    'Changes a code without printing it again: which fields, its kind says. null takes a limit away. Every version is kept. A code that was used or revoked stays as it is.',
  input: z.strictObject({
    id: CodeId,
    label: Label.optional(),
    destination: Destination.optional(),
    expiresAt: GivenInstant.nullable().optional(),
    notBefore: GivenInstant.nullable().optional(),
    scanLimit: ScanLimit.nullable().optional(),
    brand: BrandId.nullable().optional(),
    owner: UserId.nullable().optional(),
  }),
  output: Code,
  ifMatch: true,
  refusals: ['not-found', 'not-allowed', 'conflict', 'code-used', 'code-revoked', 'precondition-failed', 'if-match-missing'],
})
export const editableFields = ['label', 'destination', 'expiresAt', 'notBefore', 'scanLimit', 'brand', 'owner'] as const
export type EditableField = (typeof editableFields)[number]
export const CodeVersion = z
  .object({
    version: z.number().int(),
    at: Instant,
    by: z.string().meta({ description: 'Who: a user name, a token, host:USER' }),
    changed: z.array(z.enum([...editableFields, 'issued', 'revoked'])),
    values: z.object({
      label: z.string(),
      destination: KeptDestination.nullable(),
      expiresAt: Instant.nullable(),
      notBefore: Instant.nullable(),
      scanLimit: z.number().int().nullable(),
      brand: z.object({ id: BrandId, name: z.string() }).nullable(),
      owner: Person.nullable(),
    }),
  })
  .meta({ id: 'CodeVersion' })
export type CodeVersion = z.output<typeof CodeVersion>
export const listCodeVersions = endpoint({
  method: 'GET',
  path: '/api/codes/:id/versions',
  needs: 'auditor',
  summary: 'Every version of a code, newest first: who changed what, when.',
  input: z.strictObject({ id: CodeId, ...paging }),
  output: page(CodeVersion),
  refusals: ['not-found'],
})
export const restoreCodeVersion = endpoint({
  method: 'POST',
  path: '/api/codes/:id/versions/:version/restore',
  needs: 'operator',
  summary: 'Goes back to what a version said, as a new version.',
  input: z.strictObject({ id: CodeId, version: z.coerce.number().int().min(1).max(2_147_483_647) }),
  output: Code,
  ifMatch: true,
  refusals: ['not-found', 'not-allowed', 'conflict', 'code-used', 'code-revoked', 'precondition-failed', 'if-match-missing'],
})
export const RevokeReason = z.string().trim().min(1, 'say why, for the record').max(500)
export const revokeCode = endpoint({
  method: 'POST',
  path: '/api/codes/:id/revoke',
  needs: 'operator',
  summary:
    'Revokes a code at once and everywhere, with the sessions it opened; `results` also disables what came of its claim (409 for what the last owner signs in with). 409 for a link that was issued again, too: its printed symbol ends with the code that took its place.',
  input: z.strictObject({
    id: CodeId,
    reason: RevokeReason,
    also: z.array(z.enum(['results'])).optional(),
  }),
  output: z.object({ id: CodeId, state: z.literal('revoked'), revokedAt: Instant }),
  scopes: ['enrolment'],
  refusals: ['not-found', 'not-allowed', 'conflict'],
})
export const reissueCode = endpoint({
  method: 'POST',
  path: '/api/codes/:id/reissue',
  needs: 'operator',
  summary:
    'A new code in place of this one, which is revoked in the same transaction. A code that authenticates gets a new secret; the printed symbol of a link code lives on under the new one.',
  input: z.strictObject({
    id: CodeId,
    destination: Destination.optional().meta({ description: 'Of a link code; without it, the same' }),
    expiresAt: GivenInstant.nullable().optional(),
    expiresInMinutes: z
      .number()
      .int()
      .min(1)
      .max(20160)
      .optional()
      .meta({ description: 'Of a code that authenticates; without it, as long as the one before' }),
    symbols: symbolsWanted,
    language: LetterLanguage.optional(),
  }),
  output: z.object({
    code: Code,
    url: z.string().optional(),
    symbolSvg: z.string().optional(),
    symbols: SymbolFiles.optional(),
    activation: z.string().optional().meta({ description: 'Of a code that was handed over by letter, as at its issue' }),
    letterPdf: z.string().optional(),
  }),
  status: 201,
  scopes: ['enrolment'],
  idempotent: true,
  secrets: ['url', 'symbolSvg', 'symbols', 'activation', 'letterPdf'],
  refusals: ['not-found', 'not-allowed', 'conflict', 'code-used', 'enrolment-off'],
})
