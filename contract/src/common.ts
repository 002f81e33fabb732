import { z } from 'zod'
import { leastPassword, mostPassword, passwordLength } from './passwords.ts'

/** Paging of every list: opaque cursors, newest first unless said otherwise. */
export const paging = {
  limit: z.coerce.number().int().min(1).max(200).default(50).meta({ description: 'Rows a page, 1 to 200' }),
  cursor: z.string().max(200).optional().meta({ description: 'nextCursor of the page before' }),
}
export const page = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), nextCursor: z.string().nullable() })

export const Nothing = z.strictObject({})
/** An answer without a body (204). */
export const NoBody = z.undefined()
/** Bytes of a JSON body that carries a file of so many in base64, in whole KiB. */
export const bodyOfFile = (bytes: number): number => Math.ceil((bytes * 4) / 3 / 1024 + 8) * 1024
/** The bytes of an answer that is a file. */
export const Bytes = z.custom<Uint8Array<ArrayBuffer>>((value) => value instanceof Uint8Array)

/** 2 to 64 characters; compared after NFKC and case folding, so `Ada` and `ada` are one person. */
export const Username = z
  .string()
  .trim()
  .normalize('NFC')
  .min(2, 'at least 2 characters')
  .max(64, 'at most 64 characters')
  .regex(/^[\p{L}\p{N}][\p{L}\p{N}._@+-]*$/u, 'letters, digits and . _ @ + -, starting with a letter or digit')
/** What a person types at sign-in: any text, so that a wrong form and an unknown name look alike. */
export const TypedUsername = z.string().max(256)
/** In units of UTF-16: enough for any password of so many characters. */
const mostTyped = 4 * mostPassword
/** 15 to 256 characters; which ones are refused, and why, is said at the field. No composition rules (NIST SP 800-63B-4). */
export const NewPassword = z
  .string()
  .superRefine((password, { addIssue }) => {
    const text = { input: password, origin: 'string', inclusive: true } as const
    if (password.length > mostTyped || passwordLength(password) > mostPassword)
      addIssue({ ...text, code: 'too_big', maximum: mostPassword, message: `at most ${mostPassword} characters` })
    else if (passwordLength(password) < leastPassword)
      addIssue({ ...text, code: 'too_small', minimum: leastPassword, message: `at least ${leastPassword} characters` })
  })
  .meta({ minLength: leastPassword, maxLength: mostPassword })
export const TypedPassword = z.string().min(1).max(mostTyped)
/** A TOTP value as typed: 6 to 8 digits, blanks or hyphens between them are dropped. */
export const Passcode = z
  .string()
  .max(20)
  .transform((typed) => typed.trim().replace(/[ -]/g, ''))
  .pipe(z.string().regex(/^[0-9]{6,8}$/, '6 to 8 digits'))
/** A code's secret as it stands in the fragment: 32 random bytes in base64url. */
export const CodeSecret = z.string().min(1).max(128)
export const Acr = z.enum(['aal1', 'aal2', 'phr', 'phrh'])
/** Truthful words of OIDC and RFC 8176 for what was proved. */
export const Assurance = z.object({ acr: Acr, amr: z.array(z.string()), authTime: z.string() })
export type Assurance = z.output<typeof Assurance>
