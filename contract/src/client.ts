import { type CallIn, type Endpoint, type Out, pathNames } from './endpoint.ts'
import type { Problem } from './refusals.ts'

/** The answer was a "no", or there was none: `problem.code` is stable. Status 0: the server could not be reached. */
export class CallRefused extends Error {
  readonly problem: Problem
  constructor(problem: Problem) {
    super(problem.detail ?? problem.title)
    this.name = 'CallRefused'
    this.problem = problem
  }
}

export type Send = (request: {
  method: string
  path: string
  url: string
  headers: Record<string, string>
  body?: string
  signal?: AbortSignal
}) => Promise<Response>
export type CallOptions = { headers?: Record<string, string>; signal?: AbortSignal }

/** Splits a flat input into path, query and body, as `Endpoint.input` says. `url` is the path with its query. */
export const requestOf = (endpoint: Endpoint, input: Record<string, unknown>): { path: string; url: string; body?: string } => {
  const rest: Record<string, unknown> = { ...input }
  let path: string = endpoint.path
  for (const name of pathNames(path)) {
    path = path.replace(`:${name}`, encodeURIComponent(String(rest[name])))
    delete rest[name]
  }
  if (endpoint.method === 'GET' || endpoint.method === 'DELETE') {
    const query = new URLSearchParams()
    for (const [key, value] of Object.entries(rest)) if (value !== undefined) query.set(key, String(value))
    return { path, url: query.size > 0 ? `${path}?${query}` : path }
  }
  return { path, url: path, body: JSON.stringify(rest) }
}

/** A typed call: resolves with the answer, throws `CallRefused`. `send` adds proof, cookies or a token, and the origin. */
export const call = async <E extends Endpoint>(
  send: Send,
  endpoint: E,
  input: CallIn<E>,
  options: CallOptions = {},
): Promise<{ value: Out<E>; etag: string | undefined }> => {
  const { path, url, body } = requestOf(endpoint, input as Record<string, unknown>)
  const headers: Record<string, string> = { accept: endpoint.file?.type ?? 'application/json', ...options.headers }
  if (body !== undefined) headers['content-type'] = 'application/json'
  let response: Response
  try {
    response = await send({
      method: endpoint.method,
      path,
      url,
      headers,
      ...(body === undefined ? {} : { body }),
      ...(options.signal ? { signal: options.signal } : {}),
    })
  } catch (cause) {
    if (cause instanceof CallRefused) throw cause
    throw new CallRefused({
      type: 'about:blank',
      title: 'No answer',
      status: 0,
      code: 'unavailable',
      detail: 'The server could not be reached.',
    })
  }
  if (!response.ok) throw new CallRefused(await problemOf(response))
  const value =
    response.status === 204 ? undefined : endpoint.file ? new Uint8Array(await response.arrayBuffer()) : await response.json()
  return { value: value as Out<E>, etag: response.headers.get('etag') ?? undefined }
}

/** The problem of a refused answer; also where a proxy answered in another tongue. */
export const problemOf = async (response: Response): Promise<Problem> => {
  const said: unknown = await response.json().catch(() => undefined)
  // a bug of the server has no code of its own; its request id is what helps
  if (typeof said === 'object' && said !== null && 'title' in said)
    return { code: 'unavailable', ...(said as Omit<Problem, 'code'>) }
  return { type: 'about:blank', title: response.statusText || 'No answer', status: response.status, code: 'unavailable' }
}
