import { z } from 'zod'
import { NoBody, Nothing, page, paging } from './common.ts'
import { endpoint } from './endpoint.ts'
import { CodeId, DeviceId, EventId, Instant, SessionId, UserId } from './ids.ts'

/** Every type of event, with what it records. Outcomes: it worked; the proof was wrong; refused by rule. */
export const eventTypes = {
  'host.command': 'A command was run on the host',
  'bootstrap.issued': 'A link for a first or further operator was printed',
  'sign-in.password': 'A password was tried',
  'sign-in.totp': 'A passcode was tried',
  'sign-in.recovery-code': 'A recovery code was tried',
  'sign-in.passkey': 'A passkey was tried',
  'sign-in.phone':
    'A sign-in that a phone approved was collected by its browser, or one that a phone declined; where there was nothing to collect, one event a source and minute',
  'approval.approved': 'A registered device approved a request, or the approval was refused',
  'approval.declined': 'A request was declined on the phone',
  'code.relayed': 'A frame of a moving code came too late, again, or out of its row: a photo, or a relay',
  'device.registered': 'A device was registered, or its registration was refused',
  'device.renamed': 'A device was named',
  'device.lost': 'A device was reported lost',
  'device.revoked': 'A device was revoked or removed',
  'device.cloned': 'A passkey’s counter ran backwards: its key may have been copied, and was locked',
  'session.ended': 'A session ended before its time',
  'session.binding': 'The cookie of a session came without its key, or that of a sign-in with another one',
  'code.issued': 'A code was issued',
  'code.scanned': 'The page of a code that authenticates was opened',
  'code.claimed': 'A code was claimed, or a claim was refused',
  'code.inspected': 'A spent code was opened with its full secret',
  'code.reported': 'Somebody reported a code that they doubt',
  'code.edited': 'A code was changed, or brought back to an earlier version',
  'code.reissued': 'A new code took the place of one, which was revoked',
  'code.revoked': 'A code was revoked',
  'bulk.created': 'A bulk job was made; a set of codes was revoked at once',
  'bulk.cancelled': 'A bulk job was cancelled',
  'bulk.resumed': 'A bulk job was taken up again',
  'bulk.ended': 'A bulk job came to its end, or was stopped',
  'bulk.fetched': 'The addresses and symbols of a bulk job were fetched',
  'brand.created': 'A brand kit was made',
  'brand.edited': 'A brand kit was saved as a new version, or brought back to an earlier one',
  'brand.made-default': 'A brand kit became the one for codes that name none',
  'brand.archived': 'A brand kit was put away',
  'brand.unarchived': 'A brand kit was taken out again',
  'brand.logo-added': 'A logo was uploaded for a brand kit, or refused',
  'enrolment.started': 'A new TOTP key was shown',
  'enrolment.confirmed': 'An enrolment was confirmed, or a passcode for it was wrong',
  'enrolment.demanded': 'A person’s TOTP key was made due for renewal from a date',
  'enrolment.purged': 'A pending TOTP key was deleted',
  'factor.imported': 'A TOTP key from elsewhere became a person’s',
  'factor.removed': 'A factor was removed',
  'password.changed': 'A password was set or changed',
  'recovery-codes.made': 'A set of recovery codes was made',
  'user.created': 'A person was created',
  'user.updated': 'A person was changed',
  'user.suspended': 'A person was suspended',
  'user.resumed': 'A person was let back in',
  'user.offboarded': 'A person was off-boarded',
  'user.unlocked': 'Failure counts of a person were cleared',
  'token.created': 'A service token was made',
  'token.revoked': 'A service token was revoked',
  'token.used': 'A service token was used, or refused',
  'historical.purged': 'Open enrolment codes and pending keys were purged',
  'historical.re-enrolled': 'People were asked to renew their TOTP keys',
  'historical.imported': 'TOTP keys from elsewhere were read in',
  'historical.scan-opened': 'A scan for old pictures of keys was opened',
  'historical.compared': 'Fingerprints of a scan were compared',
  'settings.changed': 'A setting was changed',
  'notice.dismissed': 'A notice was dismissed',
  'download.created': 'A download was prepared',
  'download.fetched': 'A download was fetched, or refused',
  'log.exported': 'Events were exported',
  'request.limited': 'Calls were refused by a limit (one event a source and minute, with a count)',
  'request.denied': 'A call was refused for want of rights',
  'request.refused': 'Calls to unknown addresses or malformed calls (one event a source and minute, with a count)',
  'preflight.run': 'A pre-flight was run',
} as const
export type EventType = keyof typeof eventTypes
export const eventOutcomes = ['success', 'failure', 'denied'] as const
export type EventOutcome = (typeof eventOutcomes)[number]

const Party = z.object({
  kind: z.string(),
  id: z.string().nullable(),
  name: z.string().nullable().meta({ description: '"erased" when the person was erased' }),
})
export const Event = z
  .object({
    id: EventId,
    seq: z
      .number()
      .int()
      .nullable()
      .meta({ description: 'The leaf’s index in the log: gapless, given within a second; null before' }),
    time: Instant,
    type: z.enum(Object.keys(eventTypes) as [EventType, ...EventType[]]),
    outcome: z.enum(eventOutcomes),
    actor: Party,
    subject: Party.nullable(),
    codeId: z.string().nullable(),
    sessionId: z.string().nullable(),
    target: z.string().nullable(),
    factor: z.string().nullable(),
    device: z.object({ id: z.string().nullable(), type: z.string(), platform: z.string(), browser: z.string() }),
    biometric: z.enum(['verified', 'present', 'none']),
    address: z.string().nullable(),
    place: z
      .object({ country: z.string(), city: z.string().optional(), lat: z.string().optional(), lon: z.string().optional() })
      .nullable(),
    risk: z.object({ score: z.number(), reasons: z.array(z.string()) }),
    policy: z.string().nullable(),
    detail: z.record(z.string(), z.union([z.string(), z.number(), z.array(z.string())])),
  })
  .meta({ id: 'Event' })
export type Event = z.output<typeof Event>

export const eventFilters = {
  type: z
    .string()
    .max(200)
    .optional()
    .meta({ description: 'One or several types, separated by commas; `sign-in.` means all that start so' }),
  outcome: z.enum(eventOutcomes).optional(),
  userId: UserId.optional(),
  codeId: CodeId.optional(),
  sessionId: SessionId.optional(),
  deviceId: DeviceId.optional().meta({ description: 'Of a registered device: what it did, and what was done with it' }),
  factor: z.string().max(40).optional(),
  country: z.string().max(3).optional(),
  address: z.string().max(64).optional(),
  from: Instant.optional(),
  to: Instant.optional(),
}
export const listEvents = endpoint({
  method: 'GET',
  path: '/api/events',
  needs: 'auditor',
  summary: 'Events, newest first.',
  input: z.strictObject({ ...paging, ...eventFilters }),
  output: page(Event),
  refusals: [],
})
export const getEvent = endpoint({
  method: 'GET',
  path: '/api/events/:id',
  needs: 'auditor',
  summary: 'One event.',
  input: z.strictObject({ id: EventId }),
  output: Event,
  refusals: ['not-found'],
})
export const streamEvents = endpoint({
  method: 'GET',
  path: '/api/events/stream',
  needs: 'auditor',
  summary: 'Events as they are ordered, `id:` is the seq; `Last-Event-ID` or `after` resumes without a gap.',
  input: z.strictObject({
    after: z.coerce.number().int().min(-1).optional().meta({ description: 'The last seq that was seen; without it, from now' }),
  }),
  output: Event,
  stream: true,
  refusals: [],
})
export const exportEvents = endpoint({
  method: 'GET',
  path: '/api/events/export',
  needs: 'auditor',
  summary: 'Events in order of seq as JSON Lines.',
  input: z.strictObject({
    after: z.coerce.number().int().min(-1).default(-1),
    limit: z.coerce.number().int().min(1).max(1_000_000).default(100_000),
  }),
  output: z.string(),
  refusals: [],
})
export const createDownload = endpoint({
  method: 'POST',
  path: '/api/downloads',
  needs: 'person',
  summary:
    'An address for one download, good once and for 60 seconds. GET brings the file, or `not-found` where it was used, is over, or its session has ended.',
  input: z.strictObject({
    path: z.string().min(1).max(2048).meta({ description: 'Of an export or a file of this document, with its query' }),
  }),
  output: z.object({ url: z.string(), expiresAt: Instant }),
  status: 201,
  refusals: ['not-found', 'not-allowed', 'invalid-request'],
})

export const Notice = z
  .object({
    id: z.string(),
    time: Instant,
    kind: z.enum([
      'late-claim',
      'late-inspect',
      'session-binding',
      'factor-changed',
      'code-reported',
      'code-guessed',
      'not-me',
      'relay',
      'device-lost',
      'device-cloned',
    ]),
    event: Event,
  })
  .meta({ id: 'Notice' })
export type Notice = z.output<typeof Notice>
export const myNotices = endpoint({
  method: 'GET',
  path: '/api/me/notices',
  needs: 'person',
  summary: 'What a person has to know on their first page, until they dismiss it.',
  input: Nothing,
  output: page(Notice),
  refusals: ['no-session', 'session-binding', 'proof-stale'],
})
export const dismissNotice = endpoint({
  method: 'DELETE',
  path: '/api/me/notices/:id',
  needs: 'person',
  summary: 'Dismisses a notice for oneself.',
  input: z.strictObject({ id: EventId }),
  output: NoBody,
  status: 204,
  refusals: ['no-session', 'session-binding', 'proof-stale', 'not-found'],
})
