import { z } from 'zod'
import { NoBody } from './common.ts'
import { endpoint } from './endpoint.ts'

export const checkVerdicts = ['genuine', 'expired', 'revoked', 'not-ours', 'look-alike'] as const
export type CheckVerdict = (typeof checkVerdicts)[number]
/** Why, by stable names; the words beside them are English, pages say it in their reader's language. */
export const checkReasons = {
  issued: 'We issued this code, and it is good.',
  'issued-static': 'We printed a code with exactly this text. It opens nothing by itself.',
  'not-yet-valid': 'We issued it, and it does not work yet.',
  used: 'We issued it. It worked once and never will again.',
  'used-up': 'We issued it. It was opened as often as it may be.',
  expired: 'We issued it, and its time is over.',
  revoked: 'We issued it, and revoked it.',
  replaced: 'It was printed long ago and leads on under a newer code.',
  unknown: 'It is written like one of our codes, but we issued none like it, or part of its address is missing.',
  'no-code-of-ours': 'It leads to our server, but is no code of ours.',
  'holds-key': 'It holds the key of an authenticator app. We show such a key only in a set-up that you began yourself.',
  'no-address': 'It holds no web address. Our codes always do.',
  foreign: 'It leads to a server that is not ours.',
  'user-name-before-host': 'A name stands before the @ to look like the server. The server is what follows it.',
  'wrong-port': 'The server’s name is ours, but another program answers there.',
  'http-for-https': 'It starts with http. Ours start with https, so that nobody on the way can read or change them.',
  'look-alike-letters': 'Its name is made of letters that look like ours.',
  'near-miss': 'Its name is ours but for a letter or two.',
  'other-ending': 'Its name is ours with another ending.',
  'our-name-in-theirs': 'Our name is only a part of theirs.',
  'our-name-in-path': 'Our name stands behind theirs, where it means nothing.',
  'hidden-characters': 'It holds characters that are not seen.',
} as const
export type CheckReason = keyof typeof checkReasons

export const checkCode = endpoint({
  method: 'POST',
  path: '/api/codes/check',
  needs: 'public',
  summary: 'Is this code ours? Judges what a symbol holds by its text and our own rows: nothing is opened, fetched or resolved.',
  input: z.strictObject({
    content: z.string().min(1, 'what the symbol holds').max(4096, 'at most 4096 characters: no code of ours is longer'),
  }),
  output: z.object({
    verdict: z.enum(checkVerdicts),
    reasons: z.array(z.object({ code: z.enum(Object.keys(checkReasons) as [CheckReason, ...CheckReason[]]), text: z.string() })),
    issuer: z.string(),
    leadsTo: z.string().optional().meta({ description: 'Of a link code that is good: the host it leads to' }),
    difference: z
      .object({ theirs: z.string(), ours: z.string(), marks: z.array(z.number().int()) })
      .optional()
      .meta({ description: 'Of a look-alike: both names, and which characters of theirs to look at' }),
  }),
  refusals: ['rate-limited'],
})
export const reportCode = endpoint({
  method: 'POST',
  path: '/api/codes/check/report',
  needs: 'public',
  summary: 'Reports a suspicious code to security: an event and a notice to the operators. What follows a # is not kept.',
  input: z.strictObject({
    content: z.string().min(1).max(4096),
    where: z.string().trim().max(500).optional().meta({ description: 'Where it was seen, in the reporter’s words' }),
  }),
  output: NoBody,
  status: 204,
  refusals: ['rate-limited'],
})
