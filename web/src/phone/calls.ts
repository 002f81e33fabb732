import {
  type CallIn,
  CallRefused,
  call,
  type claimCode,
  type confirmEnrolment,
  type Endpoint,
  type inspectCode,
  type Out,
  type Problem,
  type Send,
} from '@postern/contract'
import { send } from '../api.ts'

/** Only the types of the contract come along: its schemas would be half of what this page may weigh. */
const endpointAt = <E extends Endpoint>(path: `/api/${string}`) => ({ method: 'POST', path }) as unknown as E
const post =
  <E extends Endpoint>(path: `/api/${string}`, by: Send = send) =>
  async (input: CallIn<E>): Promise<Out<E>> =>
    (await call(by, endpointAt<E>(path), input)).value

/** No key is needed to ask what a code is, so it is asked without one: whoever only looks leaves none behind. */
const plain: Send = ({ url, method, headers, body }) =>
  fetch(url, { method, headers, credentials: 'same-origin', cache: 'no-store', ...(body === undefined ? {} : { body }) })
export const inspect = post<typeof inspectCode>('/api/codes/inspect', plain)
export const claim = post<typeof claimCode>('/api/codes/claim')
export const confirm = post<typeof confirmEnrolment>('/api/enrolments/confirm')

/** The problem of a refusal; a bug of the page counts as "that did not work". */
export const problemOfError = (error: unknown): Problem =>
  error instanceof CallRefused ? error.problem : { type: 'about:blank', title: String(error), status: -1, code: 'malformed' }
