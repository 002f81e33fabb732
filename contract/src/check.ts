import { z } from 'zod'
import { bodyOfFile, NoBody } from './common.ts'
import { endpoint } from './endpoint.ts'

export const checkVerdicts = ['genuine', 'expired', 'revoked', 'not-ours', 'look-alike'] as const
export type CheckVerdict = (typeof checkVerdicts)[number]
/** Why, by stable names; the words beside them are English, pages say it in their reader's language. */
export const checkReasons = {
  issued: 'We issued this code, and it is good.',
  'issued-static': 'We printed a code with exactly this text. It opens nothing by itself.',
  'sign-in-code':
    'It signs in the screen that shows it, and nothing else. Scan it only there, where you began yourself: nobody sends one.',
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
  'our-look': 'It wears the look of one of our brand kits, but is not ours: somebody wants it taken for ours.',
} as const
export type CheckReason = keyof typeof checkReasons

/** Bytes and pixels that a photo may have as it comes: 5 MB, 25 million pixels. */
export const mostPhotoBytes = 5 * 1024 * 1024
export const mostPhotoPixels = 25_000_000
/** Of a photo: whether the symbol looks as a brand kit draws it. */
export const lookVerdicts = ['like', 'unlike', 'unclear'] as const
export type LookVerdict = (typeof lookVerdicts)[number]
/** What is compared. A frame is told and decides nothing: scissors take it away. */
export const lookTraits = ['colours', 'modules', 'eyes', 'logo', 'frame'] as const
export type LookTrait = (typeof lookTraits)[number]
/** Why a look cannot be told from a photo. */
export const whyUnclear = {
  'black-and-white': 'The photo or print has no colour.',
  'too-small': 'The code is too small in the photo. Go nearer.',
  blurred: 'The photo is blurred. Hold still, and let the camera focus.',
  'too-little': 'The photo shows too little of it.',
  plain: 'It is plain black on white, as anybody’s codes are.',
  'no-symbol': 'No code with that content was found in the photo. Take it again: closer, straight on, in even light.',
} as const
export type WhyUnclear = keyof typeof whyUnclear

/** Whether a symbol looks as one of our kits draws it. What it says decides; the look only adds. */
export const Look = z
  .object({
    verdict: z.enum(lookVerdicts),
    brand: z.string().optional().meta({ description: 'Of a look that is ours: the name of its brand kit' }),
    traits: z
      .array(z.object({ trait: z.enum(lookTraits), verdict: z.enum(lookVerdicts) }))
      .meta({ description: 'What was compared, with the kit of the code or the one that it looks like' }),
    because: z
      .enum(Object.keys(whyUnclear) as [WhyUnclear, ...WhyUnclear[]])
      .optional()
      .meta({ description: 'Why it cannot be told' }),
    text: z.string(),
  })
  .meta({ id: 'Look' })
export type Look = z.output<typeof Look>

const Content = z.string().min(1, 'what the symbol holds').max(4096, 'at most 4096 characters: no code of ours is longer')

export const checkCode = endpoint({
  method: 'POST',
  path: '/api/codes/check',
  needs: 'public',
  summary:
    'Is this code ours? Judges what a symbol holds by its text and our own rows: nothing is opened, fetched or resolved. A photo (PNG, JPEG or WebP of at most 5 MB and 25 million pixels; in JSON, or as the body of an image/png, image/jpeg or image/webp call) is read, judged by its look too, and not kept.',
  input: z.strictObject({
    content: Content.optional().meta({ description: 'What the symbol holds; without it, it is read from the image' }),
    image: z
      .string()
      .min(1, 'a photo of the symbol')
      .regex(/^[A-Za-z0-9+/]*={0,2}$/, 'the file in base64, without line breaks')
      .optional()
      .meta({ description: 'A photo of the symbol, in base64' }),
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
    content: z.string().optional().meta({ description: 'What was read from the image, where no content was given' }),
    look: Look.optional().meta({ description: 'Of an image: whether the look is that of our codes' }),
  }),
  bodyLimit: bodyOfFile(mostPhotoBytes),
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
    look: z
      .strictObject({ verdict: z.enum(lookVerdicts), brand: z.string().max(60).optional() })
      .optional()
      .meta({ description: 'What the check of a photo said of its look' }),
  }),
  output: NoBody,
  status: 204,
  refusals: ['rate-limited'],
})
