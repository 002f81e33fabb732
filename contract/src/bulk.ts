import { z } from 'zod'
import { Code, codeFilters, Destination, Label, RevokeReason, ScanLimit, symbolFormats } from './codes.ts'
import { page, paging } from './common.ts'
import { endpoint } from './endpoint.ts'
import { BrandId, CodeId, Instant, JobId, UserId } from './ids.ts'

export const bulkActions = ['revoke', 'reissue', 'edit', 'issue'] as const
/** What a job does. */
export type JobAction = (typeof bulkActions)[number]
export const jobStates = ['queued', 'running', 'cancelled', 'done', 'failed'] as const
export type JobState = (typeof jobStates)[number]
/** Ids that one call may name, and codes that a filter may match. */
export const bulkIds = 10_000
export const bulkRows = 200_000
/** Codes that are revoked in one transaction, so before the answer. Beyond it a job revokes them in portions of this size. */
export const revokedAtOnce = 5_000
/** Above this many, or where a whole person is meant, authentication of the last 5 minutes is asked for. */
export const bulkWithoutProof = 10

export const BulkJob = z
  .object({
    id: JobId,
    action: z.enum(bulkActions),
    state: z.enum(jobStates),
    total: z.number().int(),
    done: z.number().int(),
    failed: z.number().int(),
    rate: z.number().nullable().meta({ description: 'Rows a second since it last began' }),
    secondsLeft: z.number().int().nullable().meta({ description: 'By that rate, while it runs' }),
    by: z.string().meta({ description: 'Whose rights it uses: a user name, a token, host:USER' }),
    why: z.string().nullable().meta({ description: 'Why it stopped, where it did not come to its end' }),
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

const { q, state, kind, userId, owner, brand, createdFrom, createdTo } = codeFilters
const CodeFilter = z
  .strictObject({ q, state, kind, userId, owner, brand, createdFrom, createdTo })
  .meta({ id: 'CodeFilter', description: 'The filters of the list of codes; {} is every code' })
const CodeChange = z
  .strictObject({
    label: Label.optional(),
    destination: Destination.optional(),
    expiresAt: Instant.nullable().optional(),
    notBefore: Instant.nullable().optional(),
    scanLimit: ScanLimit.nullable().optional(),
    brand: BrandId.nullable().optional(),
    owner: UserId.nullable().optional(),
  })
  .meta({ id: 'CodeChange', description: 'What an edit sets; null takes a limit away' })

export const bulkCodes = endpoint({
  method: 'POST',
  path: '/api/codes/bulk',
  needs: 'operator',
  summary:
    'One act on many codes: those named, or what a filter matches now; `issue` makes codes for people. Up to 5,000 codes are revoked in one transaction, before the answer; everything else is a job. With `dryRun` (answered 200) nothing is done: how many there are, and the first 20.',
  input: z.strictObject({
    action: z.enum(bulkActions),
    ids: z.array(CodeId).min(1).max(bulkIds).optional().meta({ description: 'The codes, by id' }),
    filter: CodeFilter.optional().meta({ description: 'The codes that match now: later ones are not among them' }),
    userIds: z.array(UserId).min(1).max(bulkIds).optional().meta({ description: 'Of `issue`: whom for' }),
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
    symbols: z
      .array(z.enum(symbolFormats))
      .max(4)
      .optional()
      .meta({ description: 'Of `reissue` and `issue`: the files of each symbol in the result' }),
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
  input: z.strictObject({ id: JobId }),
  output: z.string(),
  file: { type: 'text/csv; charset=utf-8', name: 'errors.csv' },
  refusals: ['not-found'],
})
export const bulkResults = endpoint({
  method: 'GET',
  path: '/api/bulk/:id/results',
  needs: 'operator',
  summary:
    'The addresses and symbols that a job made, as a zip: one folder a file type, and index.csv. For who made the job, once, within an hour of its end.',
  input: z.strictObject({ id: JobId }),
  output: z.string(),
  file: { type: 'application/zip', name: 'codes.zip' },
  refusals: ['not-found', 'not-allowed', 'conflict'],
})
