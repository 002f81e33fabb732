import { z } from 'zod'

const Colour = z
  .string()
  .toLowerCase()
  .regex(/^#[0-9a-f]{6}$/, 'a colour such as #0b1013')
  .meta({ description: '#rrggbb' })
const EyeShape = z.enum(['square', 'rounded', 'circle'])

/** How a symbol looks. The bitmap of a logo is no part of it: it travels beside. */
export const Design = z.strictObject({
  modules: z.enum(['square', 'rounded', 'dots', 'diamond']),
  eyeFrames: EyeShape,
  eyeBalls: EyeShape,
  colours: z.strictObject({ modules: Colour, eyes: Colour, ground: Colour }),
  frame: z
    .strictObject({
      text: z
        .string()
        .trim()
        .normalize('NFC')
        .min(1, 'at least 1 character')
        .max(28, 'at most 28 characters')
        .regex(/^\P{C}+$/u, 'letters, digits and signs on one line'),
    })
    .nullable()
    .meta({ description: 'A call to action below the symbol: eye-coloured, with words in the colour of the ground' }),
  logo: z
    .strictObject({ widthPercent: z.number().int().min(5).max(25) })
    .nullable()
    .meta({ description: 'Longer side of the logo, in per cent of the symbol without its quiet zone' }),
})
export type Design = z.output<typeof Design>

/** The plain look: near-black squares on white. */
export const plainDesign: Design = {
  modules: 'square',
  eyeFrames: 'square',
  eyeBalls: 'square',
  colours: { modules: '#0b1013', eyes: '#0b1013', ground: '#ffffff' },
  frame: null,
  logo: null,
}

/** What is done to a picture of the symbol before it must still be read. */
export const proofConditions = [
  'clean',
  'small',
  'blurred',
  'noisy',
  'rotated',
  'tilted',
  'low-contrast',
  'dark-surround',
] as const
export type ProofCondition = (typeof proofConditions)[number]
const Reading = z.enum(['read', 'not-read', 'not-tried'])
/** A camera sees many pictures a second: a condition is shown in up to four, each some per cent smaller than the one before. */
const Frame = z.number().int().min(1).max(4)

/** One ink on what lies below it, by the WCAG formula. */
export const ContrastRow = z.object({
  pair: z.enum(['modules', 'eyes', 'words']).meta({ description: 'Modules and eyes on the ground, words on the frame' }),
  ratio: z.number().meta({ description: 'n : 1, rounded down to one decimal; at least 4.5 passes' }),
  passes: z.boolean(),
  inverted: z.boolean().meta({ description: 'The ink is lighter than the ground: refused whatever the ratio' }),
  nearest: z
    .partialRecord(z.enum(['modules', 'eyes', 'ground']), Colour)
    .nullable()
    .meta({ description: 'Where it does not pass: the nearest colours with which it does' }),
})
export type ContrastRow = z.output<typeof ContrastRow>

/** What was tried with a design, and what came of it. It passes when the contrast does and both proof readers read every row. */
export const Proof = z.object({
  passes: z.boolean(),
  contrast: z.array(ContrastRow),
  rows: z.array(
    z.object({
      condition: z.enum(proofConditions),
      zxing: Reading,
      qr: Reading,
      older: Reading.meta({ description: 'zbarimg, where the server has it' }),
      readIn: z.object({ zxing: Frame, qr: Frame, older: Frame }).partial().optional().meta({
        description:
          'In which picture a reader read it: the first is the one the condition names, the others are one, four and eight per cent smaller. Older proofs do not tell',
      }),
    }),
  ),
  advice: z
    .array(z.enum(['touching-modules', 'square-eyes', 'smaller-logo', 'darker-ink', 'shorter-text', 'print-larger']))
    .meta({ description: 'What to change for a reader that failed' }),
  symbol: z.object({
    level: z.enum(['L', 'M', 'Q', 'H']).meta({ description: 'Error correction, raised for a logo' }),
    modules: z.number().int().meta({ description: 'Modules a side, without the quiet zone' }),
    logo: z.boolean().meta({ description: 'Drawn with its logo; a text too long for one is drawn without' }),
    smallestMm: z.number().int().meta({ description: 'Smallest print, quiet zone included' }),
  }),
})
export type Proof = z.output<typeof Proof>
export type Reading = z.output<typeof Reading>
