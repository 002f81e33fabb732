import type { CallIn, Endpoint, Out } from '@postern/contract'
import { requestOf } from '@postern/contract'
import type { Browser } from './browser.ts'

const shownOrigin = 'https://postern.example.org'
const cut = (headers: Headers, name: string): string | undefined => headers.get(name) ?? undefined

/**
 * Writes down a flow as it really went: each request and answer, with what differs from run to run replaced by names in
 * braces. Headers that every call carries stand once, at the top.
 */
export class Transcript {
  readonly #lines: string[] = []
  readonly #ids = new Map<string, string>()
  readonly #origin: string
  constructor(title: string, about: string, origin: string) {
    this.#origin = origin
    this.#lines.push(
      `# ${title}`,
      '',
      about,
      '',
      'Recorded from a running server by `test/flows.test.ts`; values in braces differ each time. Each call by a browser carries `DPoP: {proof}` (RFC 9449) and the cookies that it was given.',
    )
  }
  /** A call that succeeds, with a sentence of what it is for. `who` names the browser or machine that sends it. */
  async call<E extends Endpoint>(
    why: string,
    who: string,
    browser: Browser,
    endpoint: E,
    input: CallIn<E>,
    options: { headers?: Record<string, string> } = {},
  ): Promise<Out<E>> {
    const { url, body } = requestOf(endpoint, input as Record<string, unknown>)
    const answer = await browser.send(endpoint.method, url, body, options)
    const sent = body === undefined || body === '{}' ? '' : `\n\n${this.#shown(JSON.parse(body))}`
    const more = Object.entries(options.headers ?? {}).map(([name, value]) => `\n${name}: ${this.#plain(value)}`)
    const got = [
      `HTTP ${answer.status}`,
      ...['etag', 'retry-after', 'content-type'].flatMap((name) => {
        const value = cut(answer.headers, name)
        return value === undefined || (name === 'content-type' && answer.text === '')
          ? []
          : [`${name}: ${value.replace('; charset=utf-8', '')}`]
      }),
      ...answer.headers
        .getSetCookie()
        .map(
          (cookie) =>
            `set-cookie: ${this.#plain(cookie.replace(/=([^;]*)/, (_, value: string) => (value === '' ? '=' : '={token}')).replace(/Expires=[^;]+/i, 'Expires={time}'))}`,
        ),
    ]
    this.#lines.push(
      '',
      why,
      '',
      '```http',
      `${endpoint.method} ${this.#plain(url)}${more.join('')}${sent}`,
      '```',
      '',
      '```http',
      `${got.join('\n')}${answer.text === '' ? '' : `\n\n${this.#shown(answer.body)}`}`,
      '```',
    )
    this.#lines.splice(-9, 1, `**${who}.** ${why}`)
    return answer.body as Out<E>
  }
  text(): string {
    return `${this.#lines.join('\n')}\n`
  }
  #plain(text: string): string {
    return text
      .replaceAll(this.#origin, shownOrigin)
      .replaceAll(encodeURIComponent(this.#origin), encodeURIComponent(shownOrigin))
      .replace(/\b(usr|cod|sin|ses|evt|tok|tot|scn)_[0-9a-z]{26}/g, (id, prefix: string) => this.#name(id, prefix))
      .replace(/#[\w-]{43}/g, '#{secret}')
      .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, '{time}')
      .replace(/secret=[A-Z2-7]{32}/g, 'secret={key}')
  }
  #name(id: string, prefix: string): string {
    const known = this.#ids.get(id)
    if (known) return known
    const count = [...this.#ids.values()].filter((name) => name.startsWith(`{${prefix}`)).length + 1
    const name = `{${prefix}_${count}}`
    this.#ids.set(id, name)
    return name
  }
  #shown(value: unknown): string {
    const hidden: Record<string, string> = {
      confirm: '{confirm}',
      symbolSvg: '{svg}',
      requestId: '{request}',
      recoveryCodes: '{ten recovery codes}',
    }
    const text = JSON.stringify(
      value,
      (name, inner: unknown) => {
        if (name in hidden && inner !== undefined) return hidden[name]
        if (name === 'secret' && typeof inner === 'string') return inner.length === 32 ? '{key}' : '{secret}'
        if (name === 'code' && typeof inner === 'string' && /^\d{6}$/.test(inner)) return '{passcode}'
        if (name === 'code' && typeof inner === 'string' && /^[0-9A-Z]{4}(-[0-9A-Z]{4}){5}$/.test(inner)) return '{recovery code}'
        return inner
      },
      2,
    )
    return this.#plain(text)
  }
}
