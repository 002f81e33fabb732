import type { FieldCode, FieldError, Problem, RefusalCode } from '@postern/contract'
import type { Tx } from './db.ts'

export type RefusalExtras = Pick<
  Problem,
  'detail' | 'reason' | 'errors' | 'retryAfter' | 'acr' | 'maxAge' | 'triesLeft' | 'clockOffset' | 'options'
> & {
  /** RFC 9449 §8: goes out as the header `DPoP-Nonce`. */
  nonce?: string
  /** The session's cookie is taken back with the answer. */
  endsSession?: boolean
  outcome?: 'failure' | 'denied'
  /** Committed with the refusal's event although the change is not: a counter, a notice. May answer a stricter refusal. */
  keep?: (tx: Tx, eventId: string) => Promise<Refusal | undefined>
}

/** An expected "no". `code` is for the caller; `why` is precise and stays in the event. */
export class Refusal extends Error {
  readonly code: RefusalCode
  readonly why: string
  readonly extras: RefusalExtras
  constructor(code: RefusalCode, why: string = code, extras: RefusalExtras = {}) {
    super(`${code}: ${why}`)
    this.name = 'Refusal'
    this.code = code
    this.why = why
    this.extras = extras
  }
}
/** 422 with one entry a field: what was wrong and what would be right; `code` where a page has words of its own for it. */
export const invalid = (path: string, message: string, code?: FieldCode, values?: FieldError['values']): Refusal =>
  new Refusal('invalid-request', `${path}: ${message}`, {
    detail: `${path}: ${message}`,
    errors: [{ path, message, ...(code ? { code } : {}), ...(values ? { values } : {}) }],
  })
/** Refuses a period, whose ends may be open, that ends before it has begun: it holds nothing, whatever was meant. */
export const requireSpan = ({ from, to }: { from?: string | undefined; to?: string | undefined }): void => {
  if (from !== undefined && to !== undefined && new Date(to) <= new Date(from))
    throw invalid('to', 'must be later than from', 'ends-first')
}
