import { z } from 'zod'
import { symbolFormats } from './code-symbols.ts'
import { Code, codeFilters, Destination, Label, RevokeReason, ScanLimit } from './codes.ts'
import { page, paging } from './common.ts'
import { endpoint } from './endpoint.ts'
import { BrandId, CodeId, GivenInstant, Instant, JobId, UserId } from './ids.ts'
import { enrolFactors, LetterLanguage } from './issued-code.ts'
import { type FieldCode, fieldCodes } from './refusals.ts'
import { userFilters } from './users.ts'

export const bulkActions = ['revoke', 'reissue', 'edit', 'issue', 'print'] as const
/** What a job does: an act on codes, or the rows of a file. */
export const jobActions = [...bulkActions, 'import-users', 'import-codes'] as const
export type JobAction = (typeof jobActions)[number]
export const jobStates = ['queued', 'running', 'cancelled', 'done', 'failed'] as const
export type JobState = (typeof jobStates)[number]
/** Ids that one call may name, and codes that a filter may match. */
export const bulkIds = 10_000
export const bulkRows = 200_000
/** Codes that are revoked in one transaction, so before the answer. Beyond it a job revokes them in portions of this size. */
export const revokedAtOnce = 5_000
/** Above this many, or where a whole person is meant, authentication of the last 5 minutes is asked for. */
export const bulkWithoutProof = 10

/** Why a job stopped before its end. */
export const stopReasons = {
  'maker-suspended': 'Whoever made it is suspended.',
  'maker-offboarded': 'Whoever made it was off-boarded.',
  'maker-gone': 'Whoever made it is gone.',
  'fewer-rights': 'Whoever made it has fewer rights now.',
  'token-ended': 'The token that made it has ended.',
} as const
export type StopReason = keyof typeof stopReasons

export const BulkJob = z
  .object({
    id: JobId,
    action: z.enum(jobActions),
    state: z.enum(jobStates),
    total: z.number().int(),
    done: z.number().int(),
    failed: z.number().int(),
    rate: z.number().nullable().meta({ description: 'Rows a second since it last began' }),
    secondsLeft: z.number().int().nullable().meta({ description: 'By that rate, while it runs' }),
    by: z.string().meta({ description: 'Whose rights it uses: a user name, a token, host:USER' }),
    stopped: z
      .enum(Object.keys(stopReasons) as [StopReason, ...StopReason[]])
      .nullable()
      .meta({ description: 'Why it stopped, where it did not come to its end' }),
    why: z.string().nullable().meta({ description: 'The same in words' }),
    createdAt: Instant,
    startedAt: Instant.nullable(),
    endedAt: Instant.nullable(),
    results: z
      .object({ until: Instant })
      .nullable()
      .meta({ description: 'There are addresses and symbols to fetch, once, until then; null: none, fetched, or over' }),
  })
  .meta({ id: 'BulkJob' })
export type BulkJob = z.output<typeof BulkJob>

const { q, state, kind, userId, owner, brand, device, createdFrom, createdTo } = codeFilters
const CodeFilter = z
  .strictObject({ q, state, kind, userId, owner, brand, device, createdFrom, createdTo })
  .meta({ id: 'CodeFilter', description: 'The filters of the list of codes; {} is every code' })
const UserFilter = z
  .strictObject(userFilters)
  .meta({ id: 'UserFilter', description: 'The filters of the list of people; {} is every active person' })
const CodeChange = z
  .strictObject({
    label: Label.optional(),
    destination: Destination.optional(),
    expiresAt: GivenInstant.nullable().optional(),
    notBefore: GivenInstant.nullable().optional(),
    scanLimit: ScanLimit.nullable().optional(),
    brand: BrandId.nullable().optional(),
    owner: UserId.nullable().optional(),
  })
  .meta({ id: 'CodeChange', description: 'What an edit sets; null takes a limit away' })

const symbolsOfResult = z
  .array(z.enum(symbolFormats))
  .max(4)
  .optional()
  .meta({ description: 'The files of each symbol in the result; `svg` without it, none if it is empty' })

export const bulkCodes = endpoint({
  method: 'POST',
  path: '/api/codes/bulk',
  needs: 'operator',
  summary:
    'One act on many codes: those named, or what a filter matches now; `issue` makes codes for people, `print` draws the symbols of link and static codes and changes nothing. Up to 5,000 codes are revoked in one transaction, before the answer; everything else is a job. With `dryRun` (answered 200) nothing is done: how many there are, and the first 20.',
  input: z.strictObject({
    action: z.enum(bulkActions),
    ids: z.array(CodeId).min(1).max(bulkIds).optional().meta({ description: 'The codes, by id' }),
    filter: CodeFilter.optional().meta({ description: 'The codes that match now: later ones are not among them' }),
    userIds: z.array(UserId).min(1).max(bulkIds).optional().meta({ description: 'Of `issue`: whom for' }),
    userFilter: UserFilter.optional().meta({ description: 'Of `issue`: for the active people that match now' }),
    factor: z
      .enum(enrolFactors)
      .optional()
      .meta({ description: 'Of `issue`: what the codes set up, a TOTP key or a passkey of a phone; totp without it' }),
    reason: RevokeReason.optional().meta({ description: 'Why, for the record; `revoke` asks for it' }),
    also: z
      .array(z.enum(['results']))
      .max(1)
      .optional()
      .meta({ description: 'Of `revoke`: also disables what came of claimed codes' }),
    change: CodeChange.optional().meta({
      description: 'Of `edit`; of `reissue` its `destination` and `expiresAt` for link codes',
    }),
    expiresInMinutes: z
      .number()
      .int()
      .min(1)
      .max(20160)
      .optional()
      .meta({ description: 'Of codes that authenticate; `issue`: 24 hours without it' }),
    symbols: symbolsOfResult,
    deliver: z
      .enum(['none', 'letter'])
      .optional()
      .meta({ description: 'Of `issue`: letters and activation numbers are in the result; 14 days without expiresInMinutes' }),
    language: LetterLanguage.optional(),
    dryRun: z.boolean().optional(),
  }),
  output: BulkJob.partial().extend({
    total: z.number().int(),
    sample: z.array(Code).optional().meta({ description: 'Of a dry run: the first 20 codes' }),
  }),
  status: 201,
  bodyLimit: 1024 * 1024,
  dryRun: true,
  idempotent: true,
  refusals: ['not-allowed', 'step-up-required', 'conflict', 'enrolment-off'],
})
export const listBulkJobs = endpoint({
  method: 'GET',
  path: '/api/bulk',
  needs: 'auditor',
  summary: 'Bulk jobs, newest first.',
  input: z.strictObject({ ...paging, state: z.enum(jobStates).optional() }),
  output: page(BulkJob),
  refusals: [],
})
export const getBulkJob = endpoint({
  method: 'GET',
  path: '/api/bulk/:id',
  needs: 'auditor',
  summary: 'How far a bulk job is.',
  input: z.strictObject({ id: JobId }),
  output: BulkJob,
  refusals: ['not-found'],
})
const turn = (verb: 'cancel' | 'resume', summary: string) =>
  endpoint({
    method: 'POST',
    path: `/api/bulk/:id/${verb}`,
    needs: 'operator',
    summary,
    input: z.strictObject({ id: JobId }),
    output: BulkJob,
    refusals: ['not-found', 'not-allowed', 'conflict'],
  })
export const cancelBulkJob = turn('cancel', 'Stops a job after the row in hand. What was done stays done.')
export const resumeBulkJob = turn('resume', 'Goes on with a job that was cancelled or stopped, by the rights of who made it.')
export const bulkErrors = endpoint({
  method: 'GET',
  path: '/api/bulk/:id/errors',
  needs: 'auditor',
  summary: 'The rows of a job that failed, as CSV: which, where, why.',
  input: z.strictObject({ id: JobId, language: LetterLanguage.optional().meta({ description: 'Of why; English without it' }) }),
  output: z.string(),
  file: { type: 'text/csv; charset=utf-8', name: 'errors.csv' },
  refusals: ['not-found'],
})
export const bulkResults = endpoint({
  method: 'GET',
  path: '/api/bulk/:id/results',
  needs: 'operator',
  summary:
    'The addresses and symbols that a job made or drew, as a zip: one folder a file type, and index.csv. For who made the job, once, within an hour of its end.',
  input: z.strictObject({ id: JobId }),
  output: z.string(),
  file: { type: 'application/zip', name: 'codes.zip' },
  refusals: ['not-found', 'not-allowed', 'conflict'],
})

/** Rows and bytes that a file may have. */
export const importRows = 50_000
export const importBytes = 5 * 1024 * 1024
/** Columns of a file, in English; case, blanks, hyphens and underscores do not matter. The first is needed, of codes the first two. */
export const userColumns = ['username', 'displayName', 'email', 'roles', 'enrol', 'factor'] as const
export const codeColumns = ['label', 'destination', 'kind', 'expiresAt', 'notBefore', 'scanLimit', 'brand', 'owner'] as const
/** What becomes of the people of a file: nothing more, or a single-use code each, for a screen or by letter. */
export const enrolWays = ['none', 'screen', 'letter'] as const

const ColumnError = z.object({
  column: z.string(),
  message: z.string(),
  code: z
    .enum(Object.keys(fieldCodes) as [FieldCode, ...FieldCode[]])
    .optional()
    .meta({ description: 'What is wrong, as in the `errors` of a problem' }),
  values: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
})
const ImportRow = z
  .object({
    row: z.number().int().meta({ description: 'Its number in the file, the first after the header is 1' }),
    values: z.record(z.string(), z.string()).meta({ description: 'As they will be' }),
    errors: z.array(ColumnError),
  })
  .meta({ id: 'ImportRow' })
export type ImportRow = z.output<typeof ImportRow>
const ImportAnswer = BulkJob.partial().extend({
  total: z.number().int(),
  good: z.number().int(),
  bad: z.number().int(),
  columns: z.array(z.string()).meta({ description: 'Those that the file has' }),
  sample: z.array(ImportRow).meta({ description: 'The first 20 rows, as they will be' }),
  errors: z.array(ImportRow).meta({ description: 'The first 100 rows with errors' }),
})
const csvImport = (what: 'users' | 'codes', summary: string) =>
  endpoint({
    method: 'POST',
    path: `/api/${what}/import`,
    needs: 'operator',
    summary: `${summary} CSV in UTF-8 with a header, separated by comma, semicolon or tab; up to 5 MB and 50,000 rows; in JSON, or as the body of a text/csv call (then ?dryRun=true). With \`dryRun\` (answered 200) nothing is done. Rows that are wrong are left out and can be downloaded with what is wrong; the others are a job.`,
    input: z.strictObject({
      csv: z.string().min(1, 'is empty').max(importBytes, 'is larger than 5 MB'),
      language: LetterLanguage.optional(),
      symbols: symbolsOfResult,
      dryRun: z.boolean().optional(),
    }),
    output: ImportAnswer,
    status: 201,
    // quotes and line ends grow in JSON
    bodyLimit: 2 * importBytes,
    dryRun: true,
    idempotent: true,
    refusals: ['not-allowed', 'step-up-required', 'conflict'],
  })
/** Both imports have one shape: what a file is checked into, and the job that it becomes. */
export type CsvImport = ReturnType<typeof csvImport>
export const importUsers = csvImport(
  'users',
  'Creates people from a file: username, displayName, email, roles (separated by blanks), enrol (none, screen or letter), factor (what their code sets up: totp, or device). Nobody gives more rights than they have.',
)
export const importCodes = csvImport(
  'codes',
  'Issues link codes from a file: label, destination (an address), kind (link), expiresAt, notBefore, scanLimit, brand, owner.',
)
