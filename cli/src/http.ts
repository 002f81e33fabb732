import { CallRefused, call, type Problem, problemOf, requestOf, type Send } from '@postern/contract'
import { WrongUse } from './command.ts'
import type { Way } from './io.ts'

export const version = '0.1.0'

/** The origin of `--url`. Throws WrongUse. */
export const originOf = (url: string): string => {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (
    !parsed ||
    !/^https?:$/.test(parsed.protocol) ||
    !/^\/?$/.test(parsed.pathname) ||
    parsed.search ||
    parsed.hash ||
    parsed.username
  )
    throw new WrongUse(`--url is ${url}; it takes an origin like https://postern.example.org, without a path`)
  return parsed.origin
}
/** Whether what is sent there can be read on the way: plain http to elsewhere than this machine. */
export const isReadable = (origin: string): boolean => {
  const { protocol, hostname } = new URL(origin)
  return protocol === 'http:' && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)
}

/** Over HTTP with a bearer token. */
export const openHttp = (origin: string, token: string, signal: AbortSignal): Way => {
  const send: Send = ({ method, url, headers, body }) =>
    request(origin, url, {
      method,
      headers: { ...headers, authorization: `Bearer ${token}` },
      signal,
      ...(body === undefined ? {} : { body }),
    })
  return {
    call: async (endpoint, input) => (await call(send, endpoint, input)).value,
    stream: async function* (endpoint, input) {
      const { path, url } = requestOf(endpoint, input as Record<string, unknown>)
      const response = await send({ method: endpoint.method, path, url, headers: {} })
      if (!response.ok) throw new CallRefused(await problemOf(response))
      yield* response.body ?? []
    },
    remote: { origin, token },
    close: async () => {},
  }
}

const problem = (code: Problem['code'], title: string, detail: string): CallRefused =>
  new CallRefused({ type: 'about:blank', title, status: 0, code, detail })

/** A request of this command line. Throws CallRefused where there is no answer, or one that leads elsewhere. */
export const request = async (origin: string, url: string, init: RequestInit): Promise<Response> => {
  let response: Response
  try {
    response = await fetch(origin + url, {
      ...init,
      redirect: 'manual', // a followed one would lose the token
      headers: { 'user-agent': `postern-cli/${version}`, ...(init.headers as Record<string, string>) },
    })
  } catch (error) {
    if (init.signal?.aborted) throw problem('unavailable', 'Stopped', 'Stopped before the answer came.')
    const { cause } = error as { cause?: { code?: string; message?: string } }
    throw problem('unavailable', 'No answer', `No server answers at ${origin} (${cause?.code ?? cause?.message ?? 'no answer'}).`)
  }
  if (response.status < 300 || response.status > 399) return response
  const target = response.headers.get('location') ?? ''
  const to = URL.canParse(target, origin) ? new URL(target, origin).origin : target
  throw problem('misdirected', 'Another address', `${origin} sends on to ${to}: use that address.`)
}
