import { createSecretKey, randomBytes } from 'node:crypto'
import * as contract from '@postern/contract'
import { type CallIn, CallRefused, type Endpoint, type Out, type RefusalCode } from '@postern/contract'
import { hotp, stepAt } from '../totp/index.ts'
import { type CheckName, type CheckResult, failureOf, fromBase32, Unexpected } from './preflight-rules.ts'
import { readSymbol } from './read-symbol.ts'

/** Whoever calls the deployment; throws CallRefused. */
export type Caller = { call: <E extends Endpoint>(endpoint: E, input: CallIn<E>) => Promise<Out<E>> }
export type Deployment = {
  /** Creates and off-boards: on the host, or by a token of scope operator. */
  operator: Caller
  /** A new browser with a key of its own, over HTTP, as a person has it. */
  browser: () => Caller
  /** Lets a code of the throw-away person expire; undefined: only the host can. */
  expire: ((code: { id: string; userId: string }) => Promise<void>) | undefined
}

const maxSkewMs = 5_000
const minutesGood = 10
type Code = { id: string; secret: string; url: string; symbolSvg: string }
type Enrolled = { username: string; password: string; recoveryCode: string; browser: Caller }

/**
 * Tests a deployment end to end, as a throw-away person who is off-boarded whatever happens; no other person's factor,
 * code or session is touched. `tell` hears each result as it comes. An abort ends it after the off-boarding.
 */
export const preflight = async (
  deployment: Deployment,
  tell: (result: CheckResult) => void,
  signal: AbortSignal,
): Promise<CheckResult[]> => {
  const { operator, browser } = deployment
  const results: CheckResult[] = []
  const add = (result: CheckResult): void => {
    results.push(result)
    tell(result)
  }
  /** Runs one check; undefined where it failed or could not be tried. */
  const check = async <T>(name: CheckName, missing: string | false, work: () => Promise<T>): Promise<T | undefined> => {
    if (missing) {
      add({ check: name, result: 'not tried', seconds: 0, detail: missing })
      return undefined
    }
    const startedAt = performance.now()
    const seconds = (): number => Math.round(performance.now() - startedAt) / 1_000
    try {
      const value = await work()
      add({ check: name, result: 'works', seconds: seconds() })
      return value
    } catch (error) {
      add({ check: name, result: 'does not', seconds: seconds(), ...failureOf(error) })
      return undefined
    }
  }
  const before = (...needed: unknown[]): string | false =>
    signal.aborted ? 'Stopped' : needed.every(Boolean) ? false : 'A check before it did not work'

  const here = await check('server', before(true), () => answers(operator, browser()))
  let user: contract.User | undefined
  try {
    user = here && !signal.aborted ? await operator.call(contract.createUser, throwAway()).catch(failedAs(add)) : undefined
    const id = user?.id ?? ''
    const issue = async (): Promise<Code> => partsOf((await operator.call(contract.enrolUser, { id, factor: 'totp' })).code)

    await check('clocks', before(here, user), () => clocksAgree(browser(), operator, id))
    const code = await check('enrolment', before(user), issue)
    await check('symbol', before(code), async () => symbolReads(code as Code))
    const winner = await check('single-use', before(code), () => oneWins(code as Code, [browser(), browser()]))
    const enrolled = await check('manual-key', before(winner), () => passcodeCounts(winner as Winner))
    await check('revocation', before(code), async () => {
      const { id: codeId, secret } = await issue()
      await operator.call(contract.revokeCode, { id: codeId, reason: 'pre-flight' })
      await refusedAs('code-revoked', 'a revoked code', browser().call(contract.claimCode, { id: codeId, secret }))
    })
    const { expire } = deployment
    const only = expire ? false : 'Over HTTP no code can be aged: run it on the host'
    await check('expiry', before(code) || only, async () => {
      const { id: codeId, secret } = await issue()
      await expire?.({ id: codeId, userId: id })
      await refusedAs('code-expired', 'an expired code', browser().call(contract.claimCode, { id: codeId, secret }))
    })
    await check('recovery', before(enrolled), () => recovers(enrolled as Enrolled, browser))
    const left = user
    await check('off-boarding', before(left), async () => {
      await operator.call(contract.offboardUser, { id, reason: 'pre-flight' })
      user = undefined
      if (enrolled) await nothingIsLeft(enrolled, browser())
    })
  } finally {
    if (user) await leaveNothing(operator, user, results)
  }
  return results
}

const throwAway = (): { username: string; displayName: string } => ({
  username: `preflight-${randomBytes(4).toString('hex')}`,
  displayName: 'Pre-flight (throw-away)',
})
/** The throw-away person could not be made: that fails the check of enrolment. */
const failedAs =
  (add: (result: CheckResult) => void) =>
  (error: unknown): undefined => {
    add({ check: 'enrolment', result: 'does not', seconds: 0, ...failureOf(error) })
  }
