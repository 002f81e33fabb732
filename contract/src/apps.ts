import { z } from 'zod'
import { Nothing } from './common.ts'
import { endpoint } from './endpoint.ts'

const Place = z.url().nullable()
export const AuthenticatorApp = z.object({
  id: z.string(),
  url: z.url().meta({ description: 'Leads a phone to its own store, and whatever else asks to a page with every place' }),
  symbolSvg: z.string().meta({ description: 'Symbol of `url`' }),
  ios: Place,
  android: Place,
  computers: Place,
})
export type AuthenticatorApp = z.infer<typeof AuthenticatorApp>
export const listAuthenticatorApps = endpoint({
  method: 'GET',
  path: '/api/apps',
  needs: 'public',
  summary: 'The authenticator apps that the set-up names, and where each is had. null: the app is not made for such devices.',
  input: Nothing,
  output: z.object({ items: z.array(AuthenticatorApp), nextCursor: z.null() }),
  refusals: [],
})
