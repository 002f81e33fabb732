import { z } from 'zod'
import { page, paging } from './common.ts'
import { endpoint } from './endpoint.ts'
import { CodeId, Instant } from './ids.ts'

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
