/**
 * What a phone signs: the last 32 bytes of the challenge are SHA-256 of what the page shows, written as RFC 8785 says. So the
 * page checks, before it signs, that it signs what it shows, and not something that was put in between.
 */

/** RFC 8785 for what a request holds: strings, whole numbers, null, truth, objects and lists of them. Anything else throws. */
export const canonical = (value: unknown): string => {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') {
    if (/[\uD800-\uDFFF]/u.test(value)) throw new TypeError('half a character')
    return JSON.stringify(value)
  }
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new TypeError('not a whole number')
    return String(value + 0)
  }
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (typeof value === 'object') {
    // by UTF-16 units, as JavaScript sorts
    const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${members.map(([name, member]) => `${canonical(name)}:${canonical(member)}`).join()}}`
  }
  throw new TypeError(`no JSON: ${typeof value}`)
}

const bytesOf = (base64url: string): Uint8Array | undefined => {
  try {
    return Uint8Array.from(atob(base64url.replaceAll('-', '+').replaceAll('_', '/')), (sign) => sign.charCodeAt(0))
  } catch {
    return undefined
  }
}
/** Whether who signs `challenge` signs `context`. */
export const signsContext = async (challenge: string, context: unknown): Promise<boolean> => {
  const bytes = bytesOf(challenge)
  if (bytes?.length !== 64) return false
  let text: string
  try {
    text = canonical(context)
  } catch {
    return false
  }
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))
  return hash.every((byte, at) => byte === bytes[32 + at])
}
