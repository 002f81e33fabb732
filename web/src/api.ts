import type { Send } from '@postern/contract'
import { proofFor } from './browser-key.ts'

/** The last nonce the server gave, kept because this browser's clock is off: every later proof carries it. */
let nonce: string | undefined

/** Sends one call with this browser's proof. A proof that was too old or new is made again, once, with the server's nonce. */
export const send: Send = async ({ method, path, url, headers, body, signal }) => {
  const attempt = async () =>
    fetch(url, {
      method,
      headers: { ...headers, dpop: await proofFor(method, path, nonce) },
      credentials: 'same-origin',
      cache: 'no-store',
      ...(body === undefined ? {} : { body }),
      ...(signal ? { signal } : {}),
    })
  const response = await attempt()
  const given = response.headers.get('dpop-nonce')
  if (!given) return response
  nonce = given
  if (response.status !== 401) return response
  const problem = (await response
    .clone()
    .json()
    .catch(() => undefined)) as { code?: string } | undefined
  return problem?.code === 'proof-stale' ? attempt() : response
}

/** A call that no person caused: it does not keep the session from going idle. */
export const background = { 'postern-background': 'true' }
