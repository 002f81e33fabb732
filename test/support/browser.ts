import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto'
import { type CallIn, type Endpoint, type Out, type Problem, requestOf } from '@postern/contract'
import { requireDocumented } from './document.ts'

type Answer = { status: number; headers: Headers; body: unknown; text: string }
export type Tried<E> = { status: number; value: Out<E>; problem: Problem; headers: Headers }

/** A browser as the contract sees it: a key, cookies, an address. Independent of the product's own code but for the contract. */
export class Browser {
  readonly origin: string
  /** The origin that proofs are made for: the public one, where the server listens elsewhere. */
  audience: string
  cookies = new Map<string, string>()
  #key: KeyObject
  #jwk: { kty: string; crv: string; x: string; y: string }
  /** Sent with each call; tests change it to look like another place or device. */
  headers: Record<string, string> = {
    'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
    'sec-fetch-site': 'same-origin',
    'sec-fetch-mode': 'cors',
  }
  /** Seconds that this browser's clock is ahead. */
  clockOffset = 0
  bearer: string | undefined
  constructor(origin: string) {
    this.origin = origin
    this.audience = origin
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    this.#key = createPrivateKey(pair.privateKey.export({ format: 'pem', type: 'pkcs8' }))
    this.#jwk = pair.publicKey.export({ format: 'jwk' }) as never
  }
  /** The same cookies in another browser: what a thief of the cookie file has. */
  static withCookiesOf(other: Browser): Browser {
    const thief = new Browser(other.origin)
    thief.cookies = new Map(other.cookies)
    return thief
  }
  /** RFC 7638, as bytes. */
  thumbprint(): Buffer {
    const { x, y } = this.#jwk
    return createHash('sha256').update(`{"crv":"P-256","kty":"EC","x":"${x}","y":"${y}"}`).digest()
  }
  /** The same browser at another server of the deployment. */
  at(origin: string): Browser {
    const moved = new Browser(origin)
    moved.#key = this.#key
    moved.#jwk = this.#jwk
    moved.cookies = this.cookies
    return moved
  }
  proof(method: string, path: string, claims: Record<string, unknown> = {}): string {
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const { kty, crv, x, y } = this.#jwk
    const head = part({ typ: 'dpop+jwt', alg: 'ES256', jwk: { kty, crv, x, y } })
    const body = part({
      htm: method,
      htu: this.audience + path,
      iat: Math.floor(Date.now() / 1_000) + this.clockOffset,
      jti: randomUUID(),
      ...claims,
    })
    return `${head}.${body}.${sign('sha256', Buffer.from(`${head}.${body}`), { key: this.#key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
  }
  async fetch(
    method: string,
    url: string,
    options: { body?: string; headers?: Record<string, string>; proof?: string | false; signal?: AbortSignal } = {},
  ): Promise<Response> {
    const path = url.split('?')[0] as string
    const headers: Record<string, string> = { ...this.headers, ...options.headers }
    if (this.bearer) headers.authorization = `Bearer ${this.bearer}`
    else if (options.proof !== false) headers.dpop = options.proof ?? this.proof(method, path)
    if (this.cookies.size > 0) headers.cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(this.origin + url, {
      method,
      headers,
      redirect: 'manual',
      ...(options.body === undefined ? {} : { body: options.body }),
      ...(options.signal ? { signal: options.signal } : {}),
    })
    this.keepCookies(response.headers.getSetCookie())
    return response
  }
  keepCookies(lines: readonly string[]): void {
    for (const line of lines) {
      const [pair] = line.split(';') as [string]
      const name = pair.slice(0, pair.indexOf('='))
      const value = pair.slice(pair.indexOf('=') + 1)
      if (value === '' || /max-age=0|expires=thu, 01 jan 1970/i.test(line)) this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
  }
  async send(
    method: string,
    url: string,
    body?: unknown,
    options: { headers?: Record<string, string>; proof?: string | false } = {},
  ): Promise<Answer> {
    const response = await this.fetch(method, url, {
      ...options,
      ...(body === undefined
        ? {}
        : {
            body: typeof body === 'string' ? body : JSON.stringify(body),
            headers: { 'content-type': 'application/json', ...options.headers },
          }),
    })
    const text = await response.text()
    let parsed: unknown
    try {
      parsed = JSON.parse(text)
    } catch {}
    requireDocumented(method, url, response, response.status < 400 ? undefined : (parsed as Problem | undefined))
    return { status: response.status, headers: response.headers, body: parsed, text }
  }
  /** A call that may be refused. */
  async try<E extends Endpoint>(
    endpoint: E,
    input: CallIn<E>,
    options: { headers?: Record<string, string>; proof?: string | false } = {},
  ): Promise<Tried<E>> {
    const request = requestOf(endpoint, input as Record<string, unknown>)
    const answer = await this.send(endpoint.method, request.url, request.body, options)
    return { status: answer.status, value: answer.body as Out<E>, problem: answer.body as Problem, headers: answer.headers }
  }
  /** A call that must succeed. */
  async call<E extends Endpoint>(
    endpoint: E,
    input: CallIn<E>,
    options: { headers?: Record<string, string> } = {},
  ): Promise<Out<E>> {
    const tried = await this.try(endpoint, input, options)
    if (tried.status >= 300)
      throw new Error(`${endpoint.method} ${endpoint.path}: ${tried.status} ${JSON.stringify(tried.problem)}`)
    return tried.value
  }
}
