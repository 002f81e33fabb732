import type { z } from 'zod'
import type { RefusalCode } from './refusals.ts'

/** Roles in order: each may do what the ones before it may. `auditor` reads all and changes nothing. */
export const roles = ['user', 'auditor', 'operator', 'owner'] as const
export type Role = (typeof roles)[number]
/** What a service token may be made for. `operator` and `auditor` act as those roles; the others open only what names them. */
export const scopes = ['operator', 'auditor', 'enrolment', 'metrics'] as const
export type Scope = (typeof scopes)[number]

/**
 * Who may call: `public` anybody; `browser` whoever proves a browser key (no session needed); `sign-in` the browser that
 * opened the sign-in (cookie and key); `person` a session of anybody, about themselves; a role: a session or a token that has it.
 */
export type Needs = 'public' | 'browser' | 'sign-in' | 'person' | Exclude<Role, 'user'>

export type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'

type Definition<I extends z.ZodObject, O extends z.ZodType> = {
  method: Method
  /** With `:name` for what the input gives. */
  path: `/api/${string}`
  needs: Needs
  /** One sentence for the OpenAPI document and the docs. */
  summary: string
  /** One flat object: the parts named in `path`, then the query (GET, DELETE) or the JSON body (the rest). */
  input: I
  output: O
  refusals: readonly RefusalCode[]
  /** 201 for what creates, 204 for no body. */
  status?: 200 | 201 | 204
  /** Authentication of the last 5 minutes is asked for (else 403 `step-up-required` with `maxAge`). */
  fresh?: true
  /**
   * Open to a session of scope `recovery`, which may only enrol a new factor. Adding one asks no fresher proof of it than the code
   * that opened it, 15 minutes ago at most, for it has no other; what removes one asks as anywhere.
   */
  recovery?: true
  /** Open to a sign-in in state `enrolment-required`, by its cookie and key. */
  enrolling?: true
  /** Service tokens with one of these scopes may call it too, whatever its role. */
  scopes?: readonly Scope[]
  /** `If-Match` with the `ETag` of what was read is required; the answer has the new one. */
  ifMatch?: true
  /** The answer has an `ETag`. */
  etag?: true
  /** `Idempotency-Key` is honoured. */
  idempotent?: true
  /** Parts of the answer (dotted) that a repeat after 10 minutes no longer gets. */
  secrets?: readonly string[]
  /**
   * The answer is a stream of Server-Sent Events whose data has the shape of `output`. `anew`: it carries no ids, and is told from
   * the beginning each time.
   */
  stream?: true | 'anew'
  /**
   * The answer is a file of this type; browsers fetch it through `POST /api/downloads`. With a name it is written as it comes,
   * without one `output` is `Bytes` and the answer says what the file is called.
   */
  file?: { type: string; name?: string }
  /** With `dryRun: true` in the input, of a file in the query, nothing is changed, and the answer is 200. */
  dryRun?: true
  /** Bytes that the body may have; 64 KiB without it. */
  bodyLimit?: number
}
export type Endpoint<I extends z.ZodObject = z.ZodObject, O extends z.ZodType = z.ZodType> = Readonly<Definition<I, O>>
export type In<E> = E extends { input: infer I extends z.ZodType } ? z.output<I> : never
/** What a caller writes: defaults may be left out. */
export type CallIn<E> = E extends { input: infer I extends z.ZodType } ? z.input<I> : never
export type Out<E> = E extends { output: infer O extends z.ZodType } ? z.output<O> : never

/** One object is the route, its types, its permission and its OpenAPI entry. */
export const endpoint = <I extends z.ZodObject, O extends z.ZodType>(definition: Definition<I, O>): Endpoint<I, O> => definition

/** The names in a path template, in order: `/api/users/:id/suspend` has `id`. */
export const pathNames = (path: string): string[] => [...path.matchAll(/:([a-zA-Z]+)/g)].map((match) => match[1] as string)
