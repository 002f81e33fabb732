import { request } from 'node:http'
import type { CallIn, Endpoint, Out, Problem } from '@postern/contract'
import { requestOf } from '@postern/contract'
import type { Browser } from './browser.ts'

/** The public origin of the recorded server: cookies and addresses are those of a real deployment, not of localhost. */
export const shownOrigin = 'https://postern.example.org'

/** What the prefix of an id says that it is of. */
const nouns: Record<string, string> = {
  usr: 'user',
  cod: 'code',
  sin: 'sign-in',
  ses: 'session',
  evt: 'event',
  tok: 'token',
  tot: 'totp',
  dev: 'device',
}
/** What the fields of WebAuthn and of a moving code hold. */
const fieldNouns: Record<string, string> = {
  attestationObject: 'attestation-object',
  authenticatorData: 'authenticator-data',
  challenge: 'challenge',
  clientDataJSON: 'client-data',
  confirm: 'confirm',
  rawId: 'credential.id',
  signature: 'signature',
  ticket: 'ticket',
  userHandle: 'user.handle',
}
const reasons: Record<number, string> = {
  200: 'OK',
  201: 'Created',
  204: 'No Content',
  401: 'Unauthorized',
  403: 'Forbidden',
  409: 'Conflict',
  410: 'Gone',
  412: 'Precondition Failed',
  422: 'Unprocessable Content',
}
/** Headers of an answer that a client acts on; the rest would drown them. */
const telling = ['content-type', 'etag', 'retry-after', 'dpop-nonce']

type Options = { headers?: Record<string, string>; status?: number; clockOffset?: number; nonce?: string }
type Answered = { status: number; headers: Record<string, string | string[] | undefined>; text: string }

/**
 * Writes down a flow as it really went: each request and answer with the headers that matter, and with what differs from
 * run to run replaced by names in braces. The same value has the same name throughout a flow, so that one can follow it.
 */
export class Transcript {
  readonly #lines: string[]
  readonly #local: string
  /** Value → name. */
  readonly #names = new Map<string, string>()
  readonly #counts = new Map<string, number>()
  #proofShown = false

  constructor(title: string, about: string, local: string) {
    this.#local = local
    this.#lines = [`# ${title}`, '', about]
  }

  /** A call, with a sentence of what happens. It must answer `status`, or succeed where none is given. */
  async call<E extends Endpoint>(
    who: string,
    what: string,
    browser: Browser,
    endpoint: E,
    input: CallIn<E>,
    options: Options = {},
  ): Promise<Out<E>> {
    const { path, url, body } = requestOf(endpoint, input as Record<string, unknown>)
    const sent = body === undefined || body === '{}' ? undefined : body
    const headers: Record<string, string> = { host: new URL(shownOrigin).host, ...browser.headers, ...options.headers }
    const shown: [string, string][] = []
    if (sent !== undefined) {
      headers['content-type'] = 'application/json'
      shown.push(['Content-Type', 'application/json'])
    }
    for (const [name, value] of Object.entries(options.headers ?? {})) shown.push([canonical(name), value])
    let claims = ''
    if (browser.bearer) {
      headers.authorization = `Bearer ${browser.bearer}`
      this.#name(browser.bearer, 'service-token')
      shown.push(['Authorization', headers.authorization])
    } else if (endpoint.needs !== 'public') {
      const offset = options.clockOffset ?? 0
      headers.dpop = browser.proof(endpoint.method, path, {
        ...(offset === 0 ? {} : { iat: Math.floor(Date.now() / 1_000) + offset }),
        ...(options.nonce === undefined ? {} : { nonce: options.nonce }),
      })
      shown.push(['DPoP', '{proof}'])
      if (!this.#proofShown || options.clockOffset !== undefined) claims = this.#decoded(headers.dpop, offset)
      this.#proofShown = true
    }
    if (browser.cookies.size > 0) {
      headers.cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      for (const [name, value] of browser.cookies) this.#name(value, cookieNoun(name))
      shown.push(['Cookie', headers.cookie])
    }
    const answer = await this.#send(endpoint.method, url, headers, sent)
    const set = [answer.headers['set-cookie'] ?? []].flat()
    browser.keepCookies(set)
    const expected = options.status ?? endpoint.status ?? 200
    if (answer.status !== expected) throw new Error(`${endpoint.path} answered ${answer.status}, not ${expected}: ${answer.text}`)
    const streams = String(answer.headers['content-type']).startsWith('text/event-stream')
    const value: unknown = answer.text === '' ? undefined : streams ? answer.text.trimEnd() : JSON.parse(answer.text)
    this.#learn(sent === undefined ? undefined : JSON.parse(sent))
    this.#learn(value)
    for (const line of set) {
      const [, name = '', secret = ''] = /^([\w-]+)=([^;]*)/.exec(line) ?? []
      if (secret !== '') this.#name(secret, cookieNoun(name))
    }
    if (answer.headers['dpop-nonce']) this.#name(String(answer.headers['dpop-nonce']), 'nonce')
    const got: [string, string][] = telling
      .filter((name) => answer.headers[name] !== undefined && (name !== 'content-type' || answer.text !== ''))
      .map((name) => [canonical(name), name === 'retry-after' ? '{seconds}' : String(answer.headers[name])])
    for (const line of set) got.push(['Set-Cookie', line])
    this.#lines.push(
      '',
      `**${who}.** ${what}`,
      ...block(`${endpoint.method} ${url} HTTP/1.1`, shown, sent === undefined ? undefined : JSON.parse(sent)),
      ...(claims === ''
        ? []
        : ['', 'The proof is a JWT, signed by the browser’s key. Its header and its claims:', '', '```json', claims, '```']),
      ...block(`HTTP/1.1 ${answer.status} ${reasons[answer.status]}`, got, value),
    )
    return value as Out<E>
  }
  /** The same for a call that is refused, by this code. */
  async refused<E extends Endpoint>(
    who: string,
    what: string,
    browser: Browser,
    endpoint: E,
    input: CallIn<E>,
    options: Options & { status: number; code: Problem['code'] },
  ): Promise<Problem> {
    const problem = (await this.call(who, what, browser, endpoint, input, options)) as unknown as Problem
    if (problem.code !== options.code) throw new Error(`${endpoint.path}: ${problem.code}, not ${options.code}`)
    return problem
  }
  /** Words between the calls. */
  note(text: string): void {
    this.#lines.push('', text)
  }
  /** Names what only the story knows the meaning of. */
  name(value: string, noun: string): void {
    this.#names.set(value, `{${noun}}`)
  }
  /** The nonce that an answer gave. */
  nonce(): string {
    const found = [...this.#names].find(([, name]) => name === '{nonce}')
    if (!found) throw new Error('no answer gave a nonce')
    return found[0]
  }
  /** Throws where something is left that would differ from run to run. */
  text(): string {
    const longestFirst = [...this.#names].sort(([one], [two]) => two.length - one.length)
    let text = this.#lines.join('\n')
    for (const [value, name] of longestFirst) text = text.replaceAll(value, name)
    text = text
      .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, '{time}')
      .replace(/Expires=[^;\n]+/g, 'Expires={date}')
      .replace(/"requestId": "[^"]+"/g, '"requestId": "{request.id}"')
      .replace(/"timeout": \d+/g, '"timeout": "{milliseconds}"')
      .replace(/"retryAfter": \d+/g, '"retryAfter": "{seconds}"')
      .replace(/"seq": (null|\d+)/g, '"seq": "{seq}"')
    const left = /\b[a-z]{3}_[0-9a-z]{26}\b|[\w-]{43}|localhost/.exec(text)
    if (left) throw new Error(`"${left[0]}" has no name: ${text.slice(Math.max(0, left.index - 200), left.index + 80)}`)
    return `${text}\n`
  }

  #send(method: string, url: string, headers: Record<string, string>, body: string | undefined): Promise<Answered> {
    return new Promise((resolve, reject) => {
      const call = request(this.#local + url, { method, headers }, (answer) => {
        let text = ''
        answer.setEncoding('utf8')
        answer.on('data', (chunk: string) => (text += chunk))
        answer.on('end', () => resolve({ status: answer.statusCode as number, headers: answer.headers, text }))
      })
      call.on('error', reject)
      call.end(body)
    })
  }
  #name(value: string, noun: string): void {
    if (this.#names.has(value)) return
    const count = (this.#counts.get(noun) ?? 0) + 1
    this.#counts.set(noun, count)
    this.#names.set(value, count === 1 ? `{${noun}}` : `{${noun.replace(/(\.|$)/, `-${count}$1`)}}`)
  }
  /** Gives names to what is in a body, as it comes. */
  #learn(value: unknown, field = ''): void {
    if (Array.isArray(value)) {
      for (const [at, each] of value.entries())
        if (field === 'recoveryCodes') this.#names.set(each, `{recovery-code.${at + 1}}`)
        else this.#learn(each)
    } else if (typeof value === 'object' && value !== null) {
      for (const [name, inner] of Object.entries(value)) this.#learn(inner, name)
    } else if (typeof value === 'string') this.#learnText(value, field)
  }
  #learnText(value: string, field: string): void {
    const noun = nouns[/^([a-z]{3})_[0-9a-z]{26}$/.exec(value)?.[1] ?? '']
    if (noun) this.#name(value, `${noun}.id`)
    else if (this.#names.has(value)) return
    else if (field === 'secret') this.#name(value, value.length === 32 ? 'totp.key' : 'code.secret')
    else if (fieldNouns[field]) this.#name(value, fieldNouns[field])
    else if (field === 'key' && value.length === 43) this.#name(value, 'frames.key')
    else if (field === 'id' && /^[\w-]{22}$/.test(value)) this.#name(value, 'user.handle')
    else if (field === 'id' && /^[\w-]{43}$/.test(value)) this.#name(value, 'credential.id')
    else if (field === 'match' && /^[1-9]\d$/.test(value)) this.#names.set(`"${value}"`, '"{number}"')
    else if (field === 'symbolSvg') this.#names.set(JSON.stringify(value).slice(1, -1), '{symbol.svg}')
    // that of a moving code has no secret: its page adds the frames
    else if (field === 'url' && value.includes('#')) this.#name(new URL(value).hash.slice(1), 'code.secret')
    else if (field === 'code' && /^\d{6}$/.test(value)) this.#names.set(`"${value}"`, '"{passcode}"')
    else if (field === 'code' && /^[0-9A-Z]{4}(-[0-9A-Z]{4}){5}$/.test(value)) this.#name(value, 'recovery-code')
  }
  #decoded(proof: string, offset: number): string {
    const part = (at: number): Record<string, unknown> =>
      JSON.parse(Buffer.from(proof.split('.')[at] ?? '', 'base64url').toString())
    const [header, claims] = [part(0), part(1)]
    const { x, y } = header.jwk as { x: string; y: string }
    this.#names.set(x, '{key.x}').set(y, '{key.y}').set(String(claims.jti), '{random}')
    const iat = offset === 0 ? '{now}' : `{now ${offset < 0 ? '-' : '+'} ${Math.abs(offset)} s}`
    return `${JSON.stringify(header)}\n${JSON.stringify({ ...claims, iat })}`
  }
}
const canonical = (name: string): string =>
  name === 'dpop-nonce' ? 'DPoP-Nonce' : name === 'etag' ? 'ETag' : name.replace(/(^|-)\w/g, (letter) => letter.toUpperCase())
const cookieNoun = (name: string): string => `${name.replace(/^(__Host-)?postern-/, '')}.cookie`
const block = (first: string, headers: readonly [string, string][], body: unknown): string[] => [
  '',
  '```http',
  first,
  ...headers.map(([name, value]) => `${name}: ${value}`),
  // a stream of events is text
  ...(body === undefined ? [] : ['', typeof body === 'string' ? body : JSON.stringify(body, null, 2)]),
  '```',
]
