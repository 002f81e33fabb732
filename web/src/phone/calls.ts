import {
  type approveRequest,
  type CallIn,
  CallRefused,
  call,
  type checkCode,
  type claimCode,
  type claimedEnrolment,
  type claimedRequest,
  type confirmEnrolment,
  type declineRequest,
  type Endpoint,
  type inspectCode,
  type myDevices,
  type Out,
  type Problem,
  type reportMyDeviceLost,
  type Send,
} from '@postern/contract'
import { send } from '../api.ts'

/** Milliseconds by which the server's clock is ahead of the phone's, as its last answer said. */
const clockPlace = 'postern-clock'
const keptAhead = () => {
  try {
    return Number(sessionStorage.getItem(clockPlace))
  } catch {
    return 0
  }
}
let ahead = keptAhead()
const setAhead = (milliseconds: number) => {
  ahead = milliseconds
  try {
    // a reload asks nothing of the server before it shows what is left
    sessionStorage.setItem(clockPlace, String(ahead))
  } catch {
    // Storage is blocked: the next answer says it again.
  }
}
/** An instant of the server on this phone's clock: a request of two minutes must not look over, or long, because a clock is off. */
export const onOurClock = (instant: string): number => Date.parse(instant) - ahead
const timed =
  (by: Send): Send =>
  async (request) => {
    const answer = await by(request)
    const said = Date.parse(answer.headers.get('date') ?? '') - Date.now()
    // the header knows whole seconds and leaves the rest of one out; what is left is rather told short than long
    if (Number.isFinite(said)) setAhead(Math.abs(said) < 2_000 ? 0 : said + 1_000)
    return answer
  }

/** Only the types of the contract come along: its schemas would be half of what this page may weigh. */
const endpointAt = <E extends Endpoint>(method: 'GET' | 'POST', path: `/api/${string}`) => ({ method, path }) as unknown as E
const to =
  <E extends Endpoint>(method: 'GET' | 'POST', path: `/api/${string}`, by: Send = send) =>
  async (input: CallIn<E>): Promise<Out<E>> =>
    (await call(timed(by), endpointAt<E>(method, path), input)).value

/** No key is needed to ask what a code is, so it is asked without one: whoever only looks leaves none behind. */
const plain: Send = ({ url, method, headers, body }) =>
  fetch(url, { method, headers, credentials: 'same-origin', cache: 'no-store', ...(body === undefined ? {} : { body }) })
export const inspect = to<typeof inspectCode>('POST', '/api/codes/inspect', plain)
/** Where one of our addresses leads, without opening it. The secret of a code is no part of the question. */
export const check = to<typeof checkCode>('POST', '/api/codes/check', plain)
export const claim = to<typeof claimCode>('POST', '/api/codes/claim')
export const confirm = to<typeof confirmEnrolment>('POST', '/api/enrolments/confirm')
export const enrolmentStanding = to<typeof claimedEnrolment>('POST', '/api/enrolments/current')
export const requestStanding = to<typeof claimedRequest>('POST', '/api/approvals/current')
export const approve = to<typeof approveRequest>('POST', '/api/approvals')
export const decline = to<typeof declineRequest>('POST', '/api/approvals/decline')
export const listMyDevices = to<typeof myDevices>('GET', '/api/me/devices')
export const reportLost = to<typeof reportMyDeviceLost>('POST', '/api/me/devices/:id/lost')

/** The problem of a refusal; a bug of the page counts as "that did not work". */
export const problemOfError = (error: unknown): Problem =>
  error instanceof CallRefused ? error.problem : { type: 'about:blank', title: String(error), status: -1, code: 'malformed' }
