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
} from '@postern/contract'
import { send } from '../api.ts'

/** Only the types of the contract come along: its schemas would be half of what this page may weigh. */
const post =
  <E extends Endpoint>(path: `/api/${string}`) =>
  async (input: CallIn<E>): Promise<Out<E>> =>
    (await call(send, { method: 'POST', path } as E, input)).value

/** No key is needed to ask what a code is, so it is asked without one; whoever looks leaves no key behind. */
export const inspect = async (input: CallIn<typeof inspectCode>): Promise<Out<typeof inspectCode>> => {
  const plain = ({
    url,
    method,
    headers,
    body,
  }: {
    url: string
    method: string
    headers: Record<string, string>
    body?: string
  }) => fetch(url, { method, headers, credentials: 'same-origin', cache: 'no-store', ...(body === undefined ? {} : { body }) })
  return (await call(plain, { method: 'POST', path: '/api/codes/inspect' } as typeof inspectCode, input)).value
}
export const claim = post<typeof claimCode>('/api/codes/claim')
export const confirm = post<typeof confirmEnrolment>('/api/enrolments/confirm')

/** The problem of a refusal; a bug of the page counts as "that did not work". */
export const problemOfError = (error: unknown): Problem =>
  error instanceof CallRefused ? error.problem : { type: 'about:blank', title: String(error), status: -1, code: 'malformed' }
