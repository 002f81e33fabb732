import { z } from 'zod'
import { Bytes } from './common.ts'
import { endpoint } from './endpoint.ts'
import { CodeId } from './ids.ts'

/** Formats of a symbol that leaves as a file. */
export const symbolFormats = ['svg', 'png', 'pdf', 'eps'] as const
export type SymbolFormat = (typeof symbolFormats)[number]
/** Files of a symbol in a JSON answer: SVG and EPS as text, PNG and PDF in base64. */
export const SymbolFiles = z
  .object({ svg: z.string(), png: z.string(), pdf: z.string(), eps: z.string() })
  .partial()
  .meta({ id: 'SymbolFiles', description: 'SVG and EPS as text, PNG and PDF in base64' })
export type SymbolFiles = z.output<typeof SymbolFiles>
export const symbolsWanted = z
  .array(z.enum(symbolFormats))
  .max(4)
  .optional()
  .meta({ description: 'Files of the symbol that come with this answer, and never again' })

/** Limits of sizes: a picture of 4096 pixels prints 35 cm at 300 dpi; what is larger is drawn as PDF. */
const Pixels = z.coerce.number().int().min(256).max(4096).default(1024)
const Millimetres = z.coerce.number().min(10).max(1000).default(40)
const symbolEndpoint = <S extends z.ZodRawShape>(format: SymbolFormat, type: string, size: S) =>
  endpoint({
    method: 'GET',
    path: `/api/codes/:id/symbol.${format}`,
    needs: 'auditor',
    summary: `The symbol of a link or static code as ${format.toUpperCase()}, in its brand kit or the default, read back before it leaves. A code that authenticates is never drawn again.`,
    input: z.strictObject({ id: CodeId, ...size }),
    output: Bytes,
    file: { type },
    refusals: ['not-found', 'code-not-drawable'],
  })
export const codeSymbolSvg = symbolEndpoint('svg', 'image/svg+xml', {})
export const codeSymbolPng = symbolEndpoint('png', 'image/png', {
  size: Pixels.meta({ description: 'Pixels across, 256 to 4096' }),
})
export const codeSymbolPdf = symbolEndpoint('pdf', 'application/pdf', {
  size: Millimetres.meta({ description: 'Millimetres across, 10 to 1000, quiet zone and frame included' }),
})
export const codeSymbolEps = symbolEndpoint('eps', 'application/postscript', {
  size: Millimetres.meta({ description: 'Millimetres across, 10 to 1000, quiet zone and frame included' }),
})
