import { generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto'
import { type CallIn, call, type Endpoint, type Out, type Send } from '@postern/contract'
import { request, version } from './http.ts'

/** As much of a browser as the contract asks for: a P-256 key, DPoP proofs by it (RFC 9449 §4.2), and cookies. */
export class Browser {
  readonly #origin: string
  readonly #signal: AbortSignal
  readonly #key: KeyObject
  readonly #jwk: Record<string, unknown>
  readonly #cookies = new Map<string, string>()
  constructor(origin: string, signal: AbortSignal) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const { kty, crv, x, y } = publicKey.export({ format: 'jwk' })
    this.#origin = origin
    this.#signal = signal
    this.#key = privateKey
    this.#jwk = { kty, crv, x, y }
  }

  /** Throws CallRefused. A proof that is stale by this machine's clock is made again with the server's nonce. */
  call = async <E extends Endpoint>(endpoint: E, input: CallIn<E>): Promise<Out<E>> =>
    (await call(this.#send, endpoint, input)).value

  #send: Send = async (asked) => {
    const first = await this.#fetch(asked)
    const nonce = first.status === 401 ? first.headers.get('dpop-nonce') : null
    return nonce ? this.#fetch(asked, nonce) : first
  }
  async #fetch({ method, path, url, headers, body }: Parameters<Send>[0], nonce?: string): Promise<Response> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await request(this.#origin, url, {
      method,
      headers: {
        ...headers,
        'user-agent': `postern-cli/${version} (pre-flight)`,
        dpop: this.#proof(method, path, nonce),
        ...(cookie ? { cookie } : {}),
      },
      signal: this.#signal,
      ...(body === undefined ? {} : { body }),
    })
    for (const line of response.headers.getSetCookie()) this.#keep(line)
    return response
  }
  #keep(line: string): void {
    const [pair = ''] = line.split(';')
    const [name, value] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]
    if (value === '' || /max-age=0|expires=thu, 01 jan 1970/i.test(line)) this.#cookies.delete(name)
    else this.#cookies.set(name, value)
  }
  #proof(method: string, path: string, nonce: string | undefined): string {
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const head = part({ typ: 'dpop+jwt', alg: 'ES256', jwk: this.#jwk })
    const claims = part({
      htm: method,
      htu: this.#origin + path,
      iat: Math.floor(Date.now() / 1_000),
      jti: randomUUID(),
      ...(nonce ? { nonce } : {}),
    })
    const signature = sign('sha256', Buffer.from(`${head}.${claims}`), { key: this.#key, dsaEncoding: 'ieee-p1363' })
    return `${head}.${claims}.${signature.toString('base64url')}`
  }
}
