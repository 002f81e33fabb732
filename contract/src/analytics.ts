import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { CodeId, Instant } from './ids.ts'
import { scanFilters } from './scans.ts'

export const grains = ['minute', 'hour', 'day'] as const
export type Grain = (typeof grains)[number]
const Moment = z.union([Instant, z.string().regex(/^-[1-9]\d{0,3}[mhd]$/)], {
  error: 'an RFC 3339 instant, or a span back from now such as -24h or -30d',
})
const Counted = z.object({ value: z.string(), people: z.number().int() })

export const ScanAnalytics = z
  .object({
    from: Instant,
    to: Instant.meta({ description: 'Exclusive; the end of the last cell' }),
    grain: z.enum(grains),
    zone: z.string(),
    people: z.number().int(),
    previews: z.number().int().meta({ description: 'Openings by bots and link previews; in no other count of people' }),
    series: z
      .array(z.object({ at: Instant, people: z.number().int(), previews: z.number().int() }))
      .meta({ description: 'Every cell of the period, empty ones too; `at` is its start' }),
    places: z.array(z.object({ country: z.string(), city: z.string(), people: z.number().int() })),
    platforms: z.array(Counted),
    deviceTypes: z.array(Counted),
    browsers: z.array(Counted),
    outcomes: z.array(Counted),
    previewers: z.array(z.object({ value: z.string(), previews: z.number().int() })),
    versions: z
      .array(z.object({ version: z.number().int(), at: Instant, changed: z.array(z.string()) }))
      .meta({ description: 'Versions that the code got in the period, oldest first; none where no code was asked for' }),
  })
  .meta({ id: 'ScanAnalytics' })
export type ScanAnalytics = z.output<typeof ScanAnalytics>
export const scanAnalytics = endpoint({
  method: 'GET',
  path: '/api/analytics/scans',
  needs: 'auditor',
  summary:
    'Openings of a code, or of all codes, right to the last one. Up to 3 hours by the minute (of the last 7 days), up to 3 days by the hour, else by the day in `zone`. Filters of a code count what is kept of its single scans.',
  input: z.strictObject({
    code: CodeId.optional(),
    from: Moment.default('-30d').meta({
      description: 'An instant, or a span back from now: -30d is the last 30 days with today',
    }),
    to: Instant.optional().meta({ description: 'Without it, now' }),
    zone: z
      .string()
      .max(64)
      .default('UTC')
      .refine((name) => {
        try {
          return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }))
        } catch {
          return false
        }
      }, 'a time zone of the IANA database, such as Europe/Warsaw')
      .meta({ description: 'Where days begin' }),
    ...scanFilters,
  }),
  output: ScanAnalytics,
  refusals: ['not-found'],
})
