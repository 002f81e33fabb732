import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import type { CallIn, Out, Role } from '@postern/contract'
import * as contract from '@postern/contract'
import type { Browser, Tried } from './browser.ts'
import type { TestServer } from './server.ts'

/** A passcode by Debian's oathtool, at `now` shifted by steps (or of any instant in seconds). */
export const passcode = (
  secret: string,
  { steps = 0, at = Date.now() / 1_000, algorithm = 'SHA1', digits = 6, period = 30 } = {},
): string =>
  execFileSync('oathtool', [
    `--totp=${algorithm}`,
    '--base32',
    '--digits',
    String(digits),
    '--time-step-size',
    `${period}s`,
    '--now',
    `@${Math.floor(at + steps * period)}`,
    secret,
  ])
    .toString()
    .trim()

/** `ID` and `SECRET` of a code's address. */
export const partsOf = (url: string): { id: string; secret: string } => {
  const parsed = new URL(url)
  return { id: parsed.pathname.split('/').at(-1) as string, secret: parsed.hash.slice(1) }
}

type Claim = typeof contract.claimCode
export type ClaimedKey = Extract<Out<Claim>, { kind: 'enrol-totp' }>
/** The claim must be one of a TOTP key. */
export const keyOf = (claimed: Out<Claim>): ClaimedKey => {
  assert.equal(claimed.kind, 'enrol-totp')
  return claimed as ClaimedKey
}
/** Claims a code that gives a TOTP key. */
export const claimKey = async (browser: Browser, input: CallIn<Claim>): Promise<ClaimedKey> =>
  keyOf(await browser.call(contract.claimCode, input))
/** The same where it may be refused. */
export const tryClaimKey = async (
  browser: Browser,
  input: CallIn<Claim>,
): Promise<Omit<Tried<Claim>, 'value'> & { value: ClaimedKey }> => {
  const tried = await browser.try(contract.claimCode, input)
  return { ...tried, value: tried.status < 300 ? keyOf(tried.value) : (tried.value as ClaimedKey) }
}

export const goodPassword = 'violet harbour walks 42 kilometres'
export type Person = {
  browser: Browser
  username: string
  password: string
  secret: string
  recoveryCodes: string[]
  id: string
  confirmed: Out<typeof contract.confirmEnrolment>
  codeId: string
}

/** Claims a code and confirms it, as the phone page does. Signs in at once unless told not to. */
export const enrolByCode = async (
  browser: Browser,
  url: string,
  choose: { username?: string; password?: string; currentPassword?: string; signIn?: boolean } = {},
): Promise<Person> => {
  const { id, secret } = partsOf(url)
  const claimed = await claimKey(browser, {
    id,
    secret,
    ...(choose.username ? { username: choose.username, factor: 'totp' as const } : {}),
  })
  const password = choose.password ?? goodPassword
  const confirmed = await browser.call(contract.confirmEnrolment, {
    confirm: claimed.confirm,
    code: passcode(claimed.secret),
    ...(claimed.needs.includes('password') ? { password } : {}),
    ...(claimed.needs.includes('current-password') ? { currentPassword: choose.currentPassword ?? password } : {}),
    signIn: choose.signIn ?? true,
  })
  return {
    browser,
    username: confirmed.user.username,
    password,
    secret: claimed.secret,
    recoveryCodes: confirmed.recoveryCodes ?? [],
    id: confirmed.user.id,
    confirmed,
    codeId: id,
  }
}
/** The first operator, signed in. */
export const firstOperator = async (server: TestServer, username = 'olga'): Promise<Person> =>
  enrolByCode(server.browser(), await server.bootstrapUrl(), { username })

/** A person that the operator creates and enrols; signed in in a browser of their own. */
export const newPerson = async (
  server: TestServer,
  operator: Person,
  username: string,
  roles: Role[] = ['user'],
): Promise<Person> => {
  const user = await operator.browser.call(contract.createUser, { username, roles })
  const { code } = await operator.browser.call(contract.enrolUser, { id: user.id, factor: 'totp' })
  return enrolByCode(server.browser(), code.url as string)
}

/**
 * Makes the person's keys forget their last step, as if the step's time had passed: tests do not wait 30 seconds for the
 * next passcode. Replay itself is tested without it.
 */
export const forgetStep = (server: Pick<TestServer, 'sql'>, person: { username: string }): Promise<unknown> =>
  server.sql(`update totp set last_step = 0 where user_id = (select id from users where username = $1)`, [person.username])

/** Password and passcode in a browser. */
export const signIn = async (server: TestServer, person: Person, browser: Browser = server.browser()): Promise<Browser> => {
  await forgetStep(server, person)
  await browser.call(contract.openSignIn, {})
  await browser.call(contract.provePassword, { username: person.username, password: person.password })
  await browser.call(contract.proveTotp, { code: passcode(person.secret) })
  return browser
}
/** The newest events, as [type, outcome, refusal]. */
export const recorded = async (server: TestServer, like = '%'): Promise<[string, string, string | null][]> => {
  const rows = (await server.sql(
    `select type, outcome, entry::jsonb->'detail'->>'code' as code from event where type like $1 order by id`,
    [like],
  )) as unknown as { type: string; outcome: string; code: string | null }[]
  return rows.map(({ type, outcome, code }) => [type, outcome, code])
}
