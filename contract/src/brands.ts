import { z } from 'zod'
import { Bytes, bodyOfFile, page, paging } from './common.ts'
import { endpoint } from './endpoint.ts'
import { BrandId, Instant, LogoId } from './ids.ts'
import { Design, Proof } from './symbols.ts'

/** Bytes that a logo may have as it comes: 1 MB. */
export const mostLogoBytes = 1024 * 1024

/** What is known of a logo; its picture stands under its own address. */
export const Logo = z
  .object({
    id: LogoId,
    width: z.number().int().meta({ description: 'Pixels, as it is kept: 512 at the most' }),
    height: z.number().int(),
    bytes: z.number().int(),
  })
  .meta({ id: 'Logo' })
export type Logo = z.output<typeof Logo>
const BrandName = z
  .string()
  .trim()
  .normalize('NFC')
  .min(1, 'a name, such as that of the company')
  .max(60, 'at most 60 characters')
  .regex(/^\P{C}+$/u, 'letters, digits and signs on one line')

/** A brand kit: how symbols of codes look, and the proof that they scan. */
export const Brand = z
  .object({
    id: BrandId,
    name: z.string(),
    isDefault: z.boolean().meta({ description: 'Draws codes that name no kit' }),
    archivedAt: Instant.nullable().meta({ description: 'Archived: offered no more; codes that name it keep its look' }),
    version: z.number().int(),
    design: Design,
    logo: Logo.nullable(),
    proof: Proof,
    codes: z.number().int().meta({ description: 'Codes that it draws, counted up to 100,000' }),
    savedAt: Instant,
    savedBy: z.string().meta({ description: 'Who: a user name, a token, host:USER; empty: it came with Postern' }),
  })
  .meta({ id: 'Brand' })
export type Brand = z.output<typeof Brand>
const drawing = {
  design: Design,
  logo: LogoId.nullable().meta({ description: 'Of an uploaded logo; goes with design.logo' }),
}

export const listBrands = endpoint({
  method: 'GET',
  path: '/api/brands',
  needs: 'auditor',
  summary: 'Brand kits by name, the default first.',
  input: z.strictObject({
    ...paging,
    archived: z.enum(['no', 'yes', 'all']).default('no').meta({ description: 'Whether archived kits are among them' }),
  }),
  output: page(Brand),
  refusals: [],
})
export const createBrand = endpoint({
  method: 'POST',
  path: '/api/brands',
  needs: 'operator',
  summary:
    'Makes a brand kit. Its contrast must be at least 4.5 : 1 and two readers must read it, clean and spoilt; else 422 says what to change.',
  input: z.strictObject({ name: BrandName, ...drawing }),
  output: Brand,
  status: 201,
  idempotent: true,
  etag: true,
  refusals: ['conflict', 'rate-limited'],
})
export const getBrand = endpoint({
  method: 'GET',
  path: '/api/brands/:id',
  needs: 'auditor',
  summary: 'One brand kit; the answer carries an ETag.',
  input: z.strictObject({ id: BrandId }),
  output: Brand,
  etag: true,
  refusals: ['not-found'],
})
export const updateBrand = endpoint({
  method: 'PATCH',
  path: '/api/brands/:id',
  needs: 'operator',
  summary:
    'Saves a new version, proved like a new kit. Codes that name the kit are drawn by it from then on; what is printed stays.',
  input: z.strictObject({
    id: BrandId,
    name: BrandName.optional(),
    design: Design.optional(),
    logo: LogoId.nullable().optional(),
  }),
  output: Brand,
  ifMatch: true,
  refusals: ['not-found', 'conflict', 'precondition-failed', 'if-match-missing', 'rate-limited'],
})
export const makeBrandDefault = endpoint({
  method: 'POST',
  path: '/api/brands/:id/default',
  needs: 'operator',
  summary: 'Makes a kit the one for all codes that name none.',
  input: z.strictObject({ id: BrandId }),
  output: Brand,
  etag: true,
  refusals: ['not-found', 'conflict'],
})
export const archiveBrand = endpoint({
  method: 'POST',
  path: '/api/brands/:id/archive',
  needs: 'operator',
  summary: 'Puts a kit away: no code can be given it any more; codes that name it keep its look. Never the default.',
  input: z.strictObject({ id: BrandId }),
  output: Brand,
  etag: true,
  refusals: ['not-found', 'conflict'],
})
export const unarchiveBrand = endpoint({
  method: 'POST',
  path: '/api/brands/:id/unarchive',
  needs: 'operator',
  summary: 'Offers an archived kit again.',
  input: z.strictObject({ id: BrandId }),
  output: Brand,
  etag: true,
  refusals: ['not-found', 'conflict'],
})

export const BrandVersion = z
  .object({
    version: z.number().int(),
    at: Instant,
    by: z.string().meta({ description: 'Who: a user name, a token, host:USER; empty: it came with Postern' }),
    name: z.string(),
    design: Design,
    logo: Logo.nullable(),
    proof: Proof,
  })
  .meta({ id: 'BrandVersion' })
export type BrandVersion = z.output<typeof BrandVersion>
export const listBrandVersions = endpoint({
  method: 'GET',
  path: '/api/brands/:id/versions',
  needs: 'auditor',
  summary: 'Every version of a kit with its proof, newest first.',
  input: z.strictObject({ id: BrandId, ...paging }),
  output: page(BrandVersion),
  refusals: ['not-found'],
})
export const restoreBrandVersion = endpoint({
  method: 'POST',
  path: '/api/brands/:id/versions/:version/restore',
  needs: 'operator',
  summary: 'Goes back to a version, as a new one, proved anew.',
  input: z.strictObject({ id: BrandId, version: z.coerce.number().int().min(1).max(2_147_483_647) }),
  output: Brand,
  ifMatch: true,
  refusals: ['not-found', 'conflict', 'precondition-failed', 'if-match-missing', 'rate-limited'],
})

export const addLogo = endpoint({
  method: 'POST',
  path: '/api/brands/logos',
  needs: 'operator',
  summary:
    'Uploads a logo: PNG, JPEG or WebP of at most 1 MB and 4096 pixels a side. It is decoded, shrunk to 512 pixels and written anew, without what else the file carried. One that no kit has after a day is deleted.',
  input: z.strictObject({
    data: z.base64('the file in base64, without line breaks').meta({ description: 'The file in base64' }),
  }),
  output: Logo.extend({ png: z.string().meta({ description: 'The logo as it is kept, in base64' }) }),
  status: 201,
  bodyLimit: bodyOfFile(mostLogoBytes),
  refusals: ['too-large', 'rate-limited'],
})
export const previewBrand = endpoint({
  method: 'POST',
  path: '/api/brands/preview',
  needs: 'operator',
  summary:
    'Draws and proves a design as a kit would be, and keeps nothing. One at a time for each caller: a newer one takes the place of one that waits.',
  input: z.strictObject(drawing),
  output: z.object({
    svg: z.string(),
    proof: Proof,
    content: z.string().meta({ description: 'What the symbol holds: an address of usual length' }),
    tookMs: z.number().int(),
  }),
  refusals: ['rate-limited'],
})
export const sampleSymbol = endpoint({
  method: 'GET',
  path: '/api/brands/sample',
  needs: 'auditor',
  summary: 'What samples of kits hold, and how a terminal draws it: in half blocks, without any look.',
  input: z.strictObject({}),
  output: z.object({ content: z.string(), terminal: z.string() }),
  refusals: [],
})
const version = z.coerce.number().int().min(1).max(2_147_483_647).optional().meta({ description: 'Without it, the one of now' })
export const brandLogo = endpoint({
  method: 'GET',
  path: '/api/brands/:id/logo.png',
  needs: 'auditor',
  summary: 'The logo of a kit.',
  input: z.strictObject({ id: BrandId, version }),
  output: Bytes,
  file: { type: 'image/png' },
  refusals: ['not-found'],
})
export const brandSymbol = endpoint({
  method: 'GET',
  path: '/api/brands/:id/symbol.svg',
  needs: 'auditor',
  summary: 'A sample symbol in the look of a kit.',
  input: z.strictObject({ id: BrandId, version }),
  output: Bytes,
  file: { type: 'image/svg+xml' },
  refusals: ['not-found', 'rate-limited'],
})
