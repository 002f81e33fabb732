import { createSecretKey, randomBytes } from 'node:crypto'
import * as contract from '@postern/contract'
import { type CallIn, CallRefused, type Endpoint, type Out, type RefusalCode } from '@postern/contract'
import { hotp, stepAt } from '../totp/index.ts'
import { type CheckName, type CheckResult, failureOf, fromBase32, Unexpected } from './preflight-rules.ts'
import { readSymbol } from './read-symbol.ts'

/** Whoever calls the deployment; throws CallRefused. */
type Caller = { call: <E extends Endpoint>(endpoint: E, input: CallIn<E>) => Promise<Out<E>> }
export type Deployment = {
  /** Creates, revokes, off-boards: on the host, or by a token of scope operator. */
  operator: Caller
  /** A new browser with a key of its own, over HTTP, as people have it. */
  browser: () => Caller
  /** Lets a code of the throw-away person expire; without it that is not tried, for only the host can. */
  expire?: (code: { id: string; userId: string }) => Promise<void>
}

/** Tests a deployment end to end. Each result is told as it comes; an abort ends it, after the off-boarding. */
export const preflight = async (
  deployment: Deployment,
  tell: (result: CheckResult) => void,
  signal: AbortSignal,
): Promise<CheckResult[]> => {
  const run = new Run(deployment, tell, signal)
  try {
    await run.all()
  } finally {
    await run.leaveNothing()
  }
  return run.results
}

const maxSkewMs = 5_000
const reason = 'pre-flight'
type Measured = { at: Date; from: number; to: number }
type Code = { id: string; secret: string; url: string; symbolSvg: string; expiresAt: string }
type Claimed = { claimed: Awaited<ReturnType<typeof claim>>; browser: Caller }
type Enrolled = { username: string; password: string; recoveryCode: string; browser: Caller }

/** One run, as one throw-away person; no other person's factor, code or session is touched. */
class Run {
  readonly results: CheckResult[] = []
  readonly #deployment: Deployment
  readonly #tell: (result: CheckResult) => void
  readonly #signal: AbortSignal
  /** The throw-away person, from their making to their off-boarding. */
  #user: contract.User | undefined
  constructor(deployment: Deployment, tell: (result: CheckResult) => void, signal: AbortSignal) {
    this.#deployment = deployment
    this.#tell = tell
    this.#signal = signal
  }

  async all(): Promise<void> {
    const { operator, browser, expire } = this.#deployment
    const server = await this.#check('server', [], () => this.#answers())
    let made: Measured | undefined
    const code = await this.#check('enrolment', [server], async () => {
      made = await this.#makePerson()
      return this.#issue()
    })
    await this.#check('clocks', [server, made], async () => {
      requireSameTime('server', server as Measured)
      requireSameTime('database', made as Measured)
    })
    await this.#check('symbol', [code], async () => {
      const read = readSymbol((code as Code).symbolSvg)
      if (read !== (code as Code).url) throw new Unexpected('the symbol reads as something else than the link')
    })
    const claimed = await this.#check('single-use', [code], () => this.#oneOfTwo(code as Code))
    const enrolled = await this.#check('manual-key', [claimed], () => this.#confirm(claimed as Claimed))
    await this.#check('revocation', [code], async () => {
      const revoked = await this.#issue()
      await operator.call(contract.revokeCode, { id: revoked.id, reason })
      await refusedAs('code-revoked', 'a revoked code', claim(browser(), revoked))
    })
    if (expire)
      await this.#check('expiry', [code], async () => {
        const expired = await this.#issue()
        await expire({ id: expired.id, userId: (this.#user as contract.User).id })
        await refusedAs('code-expired', 'an expired code', claim(browser(), expired))
      })
    else this.#add({ check: 'expiry', result: 'not-tried', seconds: 0, detail: 'Only the host can age a code: run it there' })
    await this.#check('recovery', [enrolled], () => this.#recover(enrolled as Enrolled))
    await this.#check('off-boarding', [this.#user], async () => {
      await this.#offboard()
      if (enrolled) await this.#nothingIsLeft(enrolled)
    })
  }

  /** Off-boards the person of a run that was cut short; where that fails too, the run says so. */
  async leaveNothing(): Promise<void> {
    const user = this.#user
    if (!user) return
    await this.#offboard().catch((error: unknown) => {
      const mend = `Off-board ${user.username}: postern user offboard ${user.username}`
      this.results.splice(0, this.results.length, ...this.results.filter(({ check }) => check !== 'off-boarding'))
      this.#add({ check: 'off-boarding', result: 'does-not', seconds: 0, ...failureOf(error), mend })
    })
  }

  #add(result: CheckResult): void {
    this.results.push(result)
    this.#tell(result)
  }
  /** Runs one check where those that it stands on worked; undefined where it failed or was not tried. */
  async #check<T>(check: CheckName, needed: readonly unknown[], work: () => Promise<T>): Promise<T | undefined> {
    const missing = this.#signal.aborted ? 'Stopped' : needed.some((each) => !each) ? 'A check before it did not work' : undefined
    if (missing) {
      this.#add({ check, result: 'not-tried', seconds: 0, detail: missing })
      return undefined
    }
    const startedAt = performance.now()
    const seconds = (): number => Math.round(performance.now() - startedAt) / 1_000
    try {
      const value = await work()
      this.#add({ check, result: 'works', seconds: seconds() })
      return value
    } catch (error) {
      this.#add({ check, result: 'does-not', seconds: seconds(), ...failureOf(error) })
      return undefined
    }
  }

  /** Reads as an operator before anything is made, so that a token of too little scope leaves nobody behind. */
  async #answers(): Promise<Measured> {
    const { operator, browser } = this.#deployment
    const from = Date.now()
    const { serverTime } = await browser().call(contract.deploymentInfo, {})
    const to = Date.now()
    await operator.call(contract.getAuthenticationSettings, {})
    return { at: new Date(serverTime), from, to }
  }
  async #makePerson(): Promise<Measured> {
    const from = Date.now()
    this.#user = await this.#deployment.operator.call(contract.createUser, {
      username: `preflight-${randomBytes(4).toString('hex')}`,
      displayName: 'Pre-flight (throw-away)',
    })
    return { at: new Date(this.#user.createdAt), from, to: Date.now() }
  }
  async #offboard(): Promise<void> {
    const { id } = this.#user as contract.User
    await this.#deployment.operator.call(contract.offboardUser, { id, reason })
    this.#user = undefined
  }
  async #issue(): Promise<Code> {
    const { id } = this.#user as contract.User
    const { code } = await this.#deployment.operator.call(contract.enrolUser, { id, factor: 'totp' })
    if (!code.url || !code.symbolSvg) throw new Unexpected('the code came without its link or its symbol')
    return {
      id: code.id,
      secret: new URL(code.url).hash.slice(1),
      url: code.url,
      symbolSvg: code.symbolSvg,
      expiresAt: code.expiresAt,
    }
  }

  async #oneOfTwo(code: Code): Promise<Claimed> {
    const browsers = [this.#deployment.browser(), this.#deployment.browser()]
    const outcomes = await Promise.allSettled(browsers.map((browser) => claim(browser, code)))
    const won = outcomes.flatMap((each, at) =>
      each.status === 'fulfilled' ? [{ claimed: each.value, browser: browsers[at] as Caller }] : [],
    )
    const lost = outcomes.find((each) => each.status === 'rejected')
    if (won.length > 1) throw new Unexpected('two browsers claimed one code')
    if (!won[0]) throw lost?.reason
    await refusedAs('code-used', 'a used code', Promise.reject(lost?.reason))
    return won[0]
  }
  /** As somebody who types the key into an app: the Base32 alone makes the passcode. */
  async #confirm({ claimed, browser }: Claimed): Promise<Enrolled> {
    if (readSymbol(claimed.symbolSvg) !== claimed.otpauthUrl) throw new Unexpected('the key’s symbol reads as something else')
    const { algorithm, digits, periodSeconds } = claimed.settings
    const key = createSecretKey(fromBase32(claimed.secret))
    const password = randomBytes(24).toString('base64url')
    const confirmed = await browser.call(contract.confirmEnrolment, {
      confirm: claimed.confirm,
      code: hotp(key, stepAt(Date.now(), periodSeconds), { algorithm, digits }),
      password,
      signIn: true,
    })
    const [recoveryCode] = confirmed.recoveryCodes ?? []
    if (!recoveryCode) throw new Unexpected('no recovery codes came with the first factor')
    return { username: confirmed.user.username, password, recoveryCode, browser }
  }
  async #recover({ username, password, recoveryCode }: Enrolled): Promise<void> {
    const signIn = async (): Promise<Caller> => {
      const browser = this.#deployment.browser()
      await browser.call(contract.openSignIn, { username })
      await browser.call(contract.provePassword, { password })
      await browser.call(contract.proveRecoveryCode, { code: recoveryCode })
      return browser
    }
    const browser = await signIn()
    const { scope } = await browser.call(contract.currentSession, {})
    if (scope !== 'recovery') throw new Unexpected(`a recovery code opened a session of scope ${scope}`)
    await refusedAs('step-up-required', 'more than enrolling', browser.call(contract.mySessions, {}))
    await refusedAs('factor-wrong', 'a recovery code’s second use', signIn())
  }
  async #nothingIsLeft({ username, password, browser }: Enrolled): Promise<void> {
    await refusedAs('no-session', 'an off-boarded person’s session', browser.call(contract.currentSession, {}))
    const again = this.#deployment.browser()
    await again.call(contract.openSignIn, { username })
    await refusedAs('factor-wrong', 'an off-boarded person’s password', again.call(contract.provePassword, { password }))
  }
}

const claim = async (browser: Caller, { id, secret }: Code) => {
  const claimed = await browser.call(contract.claimCode, { id, secret })
  if (claimed.kind !== 'enrol-totp') throw new Unexpected(`a code for a key opened ${claimed.kind}`)
  return claimed
}

/** Throws unless the attempt is refused with this very code. */
const refusedAs = async (code: RefusalCode, what: string, attempt: Promise<unknown>): Promise<void> => {
  try {
    await attempt
  } catch (error) {
    if (!(error instanceof CallRefused)) throw error
    const { code: got } = error.problem
    if (got === code) return
    if (got === 'unavailable' || got === 'rate-limited' || got === 'clock-skew') throw error
    throw new Unexpected(`${what} was refused as ${got} instead of ${code}`)
  }
  throw new Unexpected(`${what} was accepted`)
}

/** The answer's time must lie between question and answer here, give or take what is allowed. */
const requireSameTime = (whose: 'server' | 'database', { at, from, to }: Measured): void => {
  const off = at.getTime() < from ? at.getTime() - from : Math.max(0, at.getTime() - to)
  if (Math.abs(off) <= maxSkewMs) return
  throw new Unexpected(
    `the ${whose}’s clock is ${Math.abs(off / 1_000).toFixed(1)} s ${off < 0 ? 'behind' : 'ahead of'} this machine’s`,
    'Let all of them take their time from one time service (NTP)',
  )
}
