import { z } from 'zod'
import { Bytes, CodeSecret, NewPassword, Passcode, page, paging, TypedPassword, Username } from './common.ts'
import { endpoint, roles } from './endpoint.ts'
import { BrandId, CodeId, Instant, UserId } from './ids.ts'
import { Session } from './sign-in.ts'

/** Kinds that can be issued now; others join the table of `server/src/features/codes/codes-life.ts` without a new mechanism. */
export const codeKinds = ['enrol-totp', 'link', 'static'] as const
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

/** Languages of letters. */
export const letterLanguages = ['en', 'pl'] as const
export const LetterLanguage = z.enum(letterLanguages).meta({ description: 'Of the letter; English without it' })

/** Formats of a symbol that leaves as a file. */
export const symbolFormats = ['svg', 'png', 'pdf', 'eps'] as const
export type SymbolFormat = (typeof symbolFormats)[number]
/** Files of a symbol in a JSON answer: SVG and EPS as text, PNG and PDF in base64. */
export const SymbolFiles = z
  .object({ svg: z.string(), png: z.string(), pdf: z.string(), eps: z.string() })
  .partial()
  .meta({ id: 'SymbolFiles', description: 'SVG and EPS as text, PNG and PDF in base64' })
export type SymbolFiles = z.output<typeof SymbolFiles>
export const symbolsWanted = z
  .array(z.enum(symbolFormats))
  .max(4)
  .optional()
  .meta({ description: 'Files of the symbol that come with this answer, and never again' })

/** What issuing answers; its address and symbol stand in this answer alone. */
export const IssuedCode = z
  .object({
    id: CodeId,
    url: z
      .string()
      .optional()
      .meta({ description: 'ORIGIN/c/ID#SECRET; absent when an Idempotency-Key is repeated after 10 minutes' }),
    symbolSvg: z.string().optional(),
    symbols: SymbolFiles.optional(),
    activation: z
      .string()
      .optional()
      .meta({ description: 'By letter: eight digits that the claim asks for. Hand them over apart from the letter' }),
    letterPdf: z.string().optional().meta({ description: 'By letter: the letter, A4, in base64. The number is not in it' }),
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

/** http and https only; which hosts, Settings → Codes says. */
export const WebAddress = z
  .string()
  .trim()
  .max(2048)
  .refine((text) => {
    const url = /^https?:\/\/[^\s/\\]/i.test(text) ? URL.parse(text) : null
    // a name before the host is how look-alikes are made: https://bank.example@evil.example/
    return url !== null && url.username === '' && url.password === ''
  }, 'an address that starts with http:// or https://, without a user name in it')
/** What a link code leads to. `platform` sends phones to their app store, by what the browser says of itself. */
export const Destination = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('url'), url: WebAddress }),
    z.strictObject({ type: z.literal('text'), text: z.string().trim().min(1).max(2000) }),
    z.strictObject({
      type: z.literal('platform'),
      ios: WebAddress.optional(),
      android: WebAddress.optional(),
      otherwise: WebAddress,
    }),
  ])
  .meta({ id: 'Destination' })
export type Destination = z.output<typeof Destination>
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
    url: z
      .string()
      .nullable()
      .meta({ description: 'What its symbol holds: link and static codes only. Of a code that authenticates it is shown once' }),
    destination: Destination.nullable(),
    scanLimit: z.number().int().nullable(),
    brand: z.object({ id: BrandId, name: z.string() }).nullable().meta({ description: 'null: the default kit' }),
    scans: z.number().int().meta({ description: 'Openings by people' }),
    previews: z.number().int().meta({ description: 'Openings by bots and link previews' }),
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
    expiresAt: Instant.optional(),
    notBefore: Instant.optional(),
    scanLimit: ScanLimit.optional(),
    brand: BrandId.optional(),
    owner: UserId.optional(),
  }),
  output: Code,
  status: 201,
  idempotent: true,
  refusals: [...createdRefusals],
})
export const codeFilters = {
  state: z.enum(codeStates).optional(),
  kind: z.enum(codeKinds).optional(),
  userId: UserId.optional(),
  owner: UserId.optional(),
  brand: BrandId.optional(),
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
    expiresAt: Instant.nullable().optional(),
    notBefore: Instant.nullable().optional(),
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
      destination: Destination.nullable(),
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
  input: z.strictObject({ id: CodeId, version: z.coerce.number().int().min(1) }),
  output: Code,
  ifMatch: true,
  refusals: ['not-found', 'not-allowed', 'conflict', 'code-used', 'code-revoked', 'precondition-failed', 'if-match-missing'],
})
/** What single scans and their counts can be narrowed to. */
export const scanFilters = {
  outcome: z.string().max(32).optional(),
  country: z.string().max(2).optional().meta({ description: 'ISO 3166-1; empty: not known' }),
  deviceType: z.string().max(32).optional(),
  platform: z.string().max(64).optional(),
  browser: z.string().max(64).optional().meta({ description: 'Without its version' }),
}
export const Scan = z.object({
  id: z.string(),
  time: Instant,
  outcome: z.string(),
  deviceType: z.string(),
  platform: z.string(),
  browser: z.string(),
  country: z.string(),
  city: z.string().meta({ description: 'Empty where no city database is set, or Settings → Codes keeps nothing of addresses' }),
  address: z.string().nullable().meta({
    description: 'As Settings → Codes said at the time: the address, its network (203.0.113.0/24, 2001:db8:1::/48), or null',
  }),
  bot: z.boolean(),
  count: z.number().int().meta({
    description: 'Openings that the row stands for: more than one where an address opened the code very often in a minute',
  }),
})
export const listScans = endpoint({
  method: 'GET',
  path: '/api/codes/:id/scans',
  needs: 'auditor',
  summary: 'Openings of a code, newest first; known previews and bots are marked.',
  input: z.strictObject({
    id: CodeId,
    ...paging,
    ...scanFilters,
    city: z.string().max(100).optional(),
    by: z.enum(['people', 'previews']).optional(),
    from: Instant.optional(),
    to: Instant.optional(),
  }),
  output: page(Scan),
  refusals: ['not-found'],
})
export const RevokeReason = z.string().trim().min(1, 'say why, for the record').max(500)
export const revokeCode = endpoint({
  method: 'POST',
  path: '/api/codes/:id/revoke',
  needs: 'operator',
  summary: 'Revokes a code at once and everywhere, with the sessions it opened; `results` also disables what came of its claim.',
  input: z.strictObject({
    id: CodeId,
    reason: RevokeReason,
    also: z.array(z.enum(['results'])).optional(),
  }),
  output: z.object({ id: CodeId, state: z.literal('revoked'), revokedAt: Instant }),
  scopes: ['enrolment'],
  refusals: ['not-found', 'not-allowed'],
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
    expiresAt: Instant.nullable().optional(),
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

/** Limits of sizes: a picture of 4096 pixels prints 35 cm at 300 dpi; what is larger is drawn as PDF. */
const Pixels = z.coerce.number().int().min(256).max(4096).default(1024)
const Millimetres = z.coerce.number().min(10).max(1000).default(40)
const symbolEndpoint = <S extends z.ZodRawShape>(format: SymbolFormat, type: string, size: S) =>
  endpoint({
    method: 'GET',
    path: `/api/codes/:id/symbol.${format}`,
    needs: 'auditor',
    summary: `The symbol of a link or static code as ${format.toUpperCase()}, in its brand kit or the default, read back before it leaves. A code that authenticates is never drawn again.`,
    input: z.strictObject({ id: CodeId, ...size }),
    output: Bytes,
    file: { type },
    refusals: ['not-found', 'code-not-drawable'],
  })
export const codeSymbolSvg = symbolEndpoint('svg', 'image/svg+xml', {})
export const codeSymbolPng = symbolEndpoint('png', 'image/png', {
  size: Pixels.meta({ description: 'Pixels across, 256 to 4096' }),
})
export const codeSymbolPdf = symbolEndpoint('pdf', 'application/pdf', {
  size: Millimetres.meta({ description: 'Millimetres across, 10 to 1000, quiet zone and frame included' }),
})
export const codeSymbolEps = symbolEndpoint('eps', 'application/postscript', {
  size: Millimetres.meta({ description: 'Millimetres across, 10 to 1000, quiet zone and frame included' }),
})

/** Settings → Codes: where links may lead, what may be static, and what is kept of a scan. */
export const CodeSettings = z
  .object({
    linkHosts: z
      .array(z.string().trim().toLowerCase().min(1).max(253))
      .max(200)
      .meta({ description: 'Hosts that link codes may lead to, `*.example.org` for all below; empty: any' }),
    staticText: z.boolean().meta({ description: 'Plain text counts as low-risk, so a static code may hold it' }),
    staticHosts: z
      .array(z.string().trim().toLowerCase().min(1).max(253))
      .max(200)
      .meta({ description: 'Hosts whose addresses count as low-risk; empty: none' }),
    scanAddresses: z.enum(['full', 'truncated', 'none']).meta({ description: 'What is kept of the address of a scan' }),
    scanRetentionDays: z
      .number()
      .int()
      .min(1)
      .max(3650)
      .nullable()
      .meta({ description: 'Raw scans; null: for good. Counts stay' }),
  })
  .meta({ id: 'CodeSettings' })
export type CodeSettings = z.output<typeof CodeSettings>
export const getCodeSettings = endpoint({
  method: 'GET',
  path: '/api/settings/codes',
  needs: 'auditor',
  summary: 'Settings → Codes; carries an ETag.',
  input: z.strictObject({}),
  output: CodeSettings.extend({ version: z.number().int() }),
  refusals: [],
})
export const putCodeSettings = endpoint({
  method: 'PUT',
  path: '/api/settings/codes',
  needs: 'operator',
  summary: 'Saves Settings → Codes.',
  input: z.strictObject(CodeSettings.shape),
  output: CodeSettings.extend({ version: z.number().int() }),
  ifMatch: true,
  fresh: true,
  refusals: ['precondition-failed', 'if-match-missing', 'step-up-required', 'not-allowed'],
})
