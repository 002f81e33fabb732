import type { Endpoint, In, Out } from '@postern/contract'
import type { Actor } from './actor.ts'

/** What an action hands to its edge: the value, and tokens that the edge turns into cookies (null takes one back). */
export type Answer<T> = {
  value: T
  session?: string | null
  signIn?: string | null
  claim?: string
  etag?: string
  /** Of a file: the name under which it is saved. Without one it is shown where it stands. */
  fileName?: string
}
export type Call<E extends Endpoint> = {
  actor: Actor
  input: In<E>
  /** The token of the sign-in cookie, where there is one. */
  signInToken?: string | undefined
  claimToken?: string | undefined
  ifMatch?: string | undefined
  lastEventId?: string | undefined
  signal: AbortSignal
}
export type Chunks = AsyncIterable<string | Uint8Array>
export type Route = {
  endpoint: Endpoint
  run: (call: Call<Endpoint>) => Promise<Answer<unknown>>
  /** For streams and files: chunks as they come. What is refused is refused before the first. */
  stream?: (call: Call<Endpoint>) => Chunks | Promise<Chunks>
}

/** Ties a contract object to an action; knows no framework. */
export const route = <E extends Endpoint>(endpoint: E, run: (call: Call<E>) => Promise<Answer<Out<E>>>): Route => ({
  endpoint,
  run: run as unknown as Route['run'],
})
/** An endpoint whose answer is written as it comes. */
export const streamRoute = <E extends Endpoint>(endpoint: E, stream: (call: Call<E>) => Chunks | Promise<Chunks>): Route => ({
  endpoint,
  run: () => Promise.reject(new Error('a stream')),
  stream: stream as unknown as NonNullable<Route['stream']>,
})
