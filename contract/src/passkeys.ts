import { z } from 'zod'

/** Unpadded base64url, as WebAuthn's JSON forms write bytes. */
const bytes = (most: number) =>
  z
    .string()
    .max(most)
    .regex(/^[A-Za-z0-9_-]*$/, 'base64url')
/** What both answers of an authenticator begin with (WebAuthn Level 3 §5.1). */
const credential = {
  id: bytes(1400),
  rawId: bytes(1400),
  type: z.literal('public-key'),
  authenticatorAttachment: z.enum(['platform', 'cross-platform']).nullish(),
  clientExtensionResults: z.looseObject({}).default({}),
}

/** `PublicKeyCredentialCreationOptionsJSON` (WebAuthn Level 3 §5.1.8): goes as it is to `parseCreationOptionsFromJSON`. */
export const CreationOptions = z
  .looseObject({
    challenge: z.string(),
    rp: z.looseObject({ id: z.string(), name: z.string() }),
    user: z.looseObject({ id: z.string() }),
  })
  .meta({ id: 'CreationOptions', description: 'PublicKeyCredentialCreationOptionsJSON (WebAuthn Level 3 §5.1.8)' })
export type CreationOptions = z.output<typeof CreationOptions>
/** `PublicKeyCredentialRequestOptionsJSON` (WebAuthn Level 3 §5.1.9). */
export const RequestOptions = z
  .looseObject({ challenge: z.string(), rpId: z.string() })
  .meta({ id: 'RequestOptions', description: 'PublicKeyCredentialRequestOptionsJSON (WebAuthn Level 3 §5.1.9)' })
export type RequestOptions = z.output<typeof RequestOptions>

/** What `navigator.credentials.create` made, by `toJSON()`. Members that a later level adds are ignored, not refused. */
export const Registration = z
  .looseObject({
    ...credential,
    response: z.looseObject({
      clientDataJSON: bytes(8_192),
      attestationObject: bytes(32_768),
      transports: z.array(z.string().max(32)).max(10).optional(),
    }),
  })
  .meta({ id: 'Registration', description: 'RegistrationResponseJSON (WebAuthn Level 3 §5.1)' })
export type Registration = z.output<typeof Registration>
/** What `navigator.credentials.get` made, by `toJSON()`. */
export const Assertion = z
  .looseObject({
    ...credential,
    response: z.looseObject({
      clientDataJSON: bytes(8_192),
      authenticatorData: bytes(8_192),
      signature: bytes(8_192),
      userHandle: bytes(100).nullish(),
    }),
  })
  .meta({ id: 'Assertion', description: 'AuthenticationResponseJSON (WebAuthn Level 3 §5.1)' })
export type Assertion = z.output<typeof Assertion>
