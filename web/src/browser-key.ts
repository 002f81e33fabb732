/**
 * The one key pair of this browser for the origin (contract, "Browser sessions are bound to a key"): P-256, never exported, in
 * IndexedDB `postern`, store `keys`, entry `browser`. Console and phone page share it.
 */
const open = () =>
  new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open('postern', 1)
    request.onupgradeneeded = () => request.result.createObjectStore('keys')
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
const done = <T>(request: IDBRequest<T>) =>
  new Promise<T>((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })

const generate = () => crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])

const load = async (): Promise<CryptoKeyPair> => {
  let database: IDBDatabase
  try {
    database = await open()
  } catch {
    // Some private windows have no database: the key then lives as long as the page, and so does the session.
    return generate()
  }
  const kept = (await done(database.transaction('keys').objectStore('keys').get('browser'))) as CryptoKeyPair | undefined
  if (kept) return kept
  const made = await generate()
  const store = database.transaction('keys', 'readwrite').objectStore('keys')
  // Another tab may have been quicker: the first one in stays.
  const first = (await done(store.get('browser'))) as CryptoKeyPair | undefined
  if (first) return first
  await done(store.put(made, 'browser'))
  return made
}

let loading: Promise<CryptoKeyPair> | undefined
const keyPair = () => {
  loading ??= load()
  return loading
}

const base64url = (bytes: Uint8Array) =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
const part = (value: object) => base64url(new TextEncoder().encode(JSON.stringify(value)))

let header: Promise<string> | undefined
const headerOf = async ({ publicKey }: CryptoKeyPair) => {
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', publicKey)
  return part({ typ: 'dpop+jwt', alg: 'ES256', jwk: { kty, crv, x, y } })
}

/** A DPoP proof (RFC 9449 §4.2) for one request; `path` is without its query. The nonce makes it good whatever our clock says. */
export const proofFor = async (method: string, path: string, nonce?: string): Promise<string> => {
  const pair = await keyPair()
  header ??= headerOf(pair)
  const claims = {
    htm: method,
    htu: `${location.origin}${path}`,
    iat: Math.floor(Date.now() / 1000),
    jti: base64url(crypto.getRandomValues(new Uint8Array(16))),
    ...(nonce ? { nonce } : {}),
  }
  const signed = `${await header}.${part(claims)}`
  const signature = await crypto.subtle.sign(
    { name: 'ECDSA', hash: 'SHA-256' },
    pair.privateKey,
    new TextEncoder().encode(signed),
  )
  return `${signed}.${base64url(new Uint8Array(signature))}`
}
