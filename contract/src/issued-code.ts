import { z } from 'zod'
import { SymbolFiles } from './code-symbols.ts'
import { CodeId, Instant } from './ids.ts'

/** What a code for a person sets up: a TOTP key, or a passkey of their phone. */
export const enrolFactors = ['totp', 'device'] as const
export type EnrolFactor = (typeof enrolFactors)[number]
/** Languages of letters. */
export const letterLanguages = ['en', 'pl'] as const
export const LetterLanguage = z.enum(letterLanguages).meta({ description: 'Of the letter; English without it' })

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
