import { z } from 'zod'
import { endpoint } from './endpoint.ts'

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
  etag: true,
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
