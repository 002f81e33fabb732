import {
  type Assertion,
  CallRefused,
  call,
  collectSignIn,
  currentSignIn,
  type Out,
  openQr,
  openSignIn,
  provePasskey,
  provePassword,
  proveRecoveryCode,
  proveTotp,
  type SignIn,
  signInPasskeyOptions,
} from '@postern/contract'
import { send } from '../../api.ts'
import { problemIn } from '../../ui/Refused.tsx'
import { fetchSession } from '../session.ts'
import { askPasskey, type PasskeyAt, rememberPasskeyUsed } from './passkey.ts'

export type OpenedCode = Out<typeof openQr>

/** What the tab remembers of a sign-in under way, so that a reload goes on: that there is one, and the name. Never a secret. */
const place = 'postern-sign-in'
export const rememberSignIn = (name: string) => sessionStorage.setItem(place, name)
export const rememberedName = (): string | null => sessionStorage.getItem(place)
export const forgetSignIn = () => sessionStorage.removeItem(place)

export type Proof =
  | { kind: 'password'; username: string; password: string }
  | { kind: 'totp'; code: string }
  | { kind: 'recovery-code'; code: string }
  | { kind: 'passkey'; at: PasskeyAt; assertion?: Assertion }
export type Proved = { signIn: SignIn; anew: boolean }

/** The sign-in had to be opened again and the password is not kept any more (the page was loaded again): it is asked for. */
export class PasswordAgain extends Error {}

/** Whether nothing has been proved in it: what it asks for then depends on policy alone. */
export const untouched = ({ next }: SignIn): boolean => next.includes('password')
const open = async (returnTo: string | undefined): Promise<SignIn> => {
  const { value } = await call(send, openSignIn, returnTo === undefined ? {} : { returnTo })
  rememberSignIn(rememberedName() ?? '')
  return value.signIn
}
/**
 * The sign-in of this page as it opens: the one that this tab left under way, an untouched one of another tab, for the cookie
 * is one for all of them, or a new one. Undefined: another tab, or the wizard, is in the midst of one; opening the page must
 * not end it, so the next proof here does. Tabs that a browser opens at once take turns.
 */
export const beginSignIn = (returnTo: string | undefined): Promise<SignIn | undefined> =>
  navigator.locks.request('postern sign-in', async () => {
    let now: SignIn | undefined
    try {
      now = (await call(send, currentSignIn, {})).value.signIn
    } catch (error) {
      if (problemIn(error)?.code !== 'no-session') throw error
    }
    if (now?.purpose !== 'sign-in' || !['pending', 'enrolment-required'].includes(now.state)) return open(returnTo)
    const own = rememberedName() !== null
    if (now.state === 'pending' && untouched(now)) rememberSignIn(rememberedName() ?? '')
    return now.state === 'pending' && (untouched(now) || own) ? now : undefined
  })
/** Proves a passkey for the sign-in or step-up of this browser: one that was filled in already, or one the browser asks for. */
export const proveByPasskey = async (at: PasskeyAt, given?: Assertion): Promise<SignIn> => {
  const assertion = given ?? (await askPasskey((await call(send, signInPasskeyOptions, {})).value, at))
  const { signIn } = (await call(send, provePasskey, { assertion })).value
  rememberPasskeyUsed()
  return signIn
}
const prove = async (proof: Proof): Promise<SignIn> => {
  if (proof.kind === 'password') rememberSignIn(proof.username)
  const { value } =
    proof.kind === 'password'
      ? await call(send, provePassword, { username: proof.username, password: proof.password })
      : proof.kind === 'totp'
        ? await call(send, proveTotp, { code: proof.code })
        : proof.kind === 'recovery-code'
          ? await call(send, proveRecoveryCode, { code: proof.code })
          : { value: { signIn: await proveByPasskey(proof.at, proof.assertion) } }
  return value.signIn
}
/** Whether there is no such sign-in any more, or it is over: a proof for one that expired is refused as a conflict. */
const ended = async (error: unknown): Promise<boolean> => {
  const code = problemIn(error)?.code
  if (code !== 'conflict') return code === 'no-session'
  try {
    const { state } = (await call(send, currentSignIn, {})).value.signIn
    return state === 'expired' || state === 'failed'
  } catch (again) {
    return problemIn(again)?.code === 'no-session'
  }
}

/**
 * Proves one thing. A sign-in that has expired on the way is opened anew, the password proved again from what was typed where
 * it had been proved, and this proof made once more.
 */
export const proveOnce = async (
  proof: Proof,
  before: SignIn | undefined,
  kept: { username: string; password: string; returnTo: string | undefined },
): Promise<Proved> => {
  if (!before) await open(kept.returnTo)
  try {
    const signIn = await prove(proof)
    if (signIn.state !== 'expired' && signIn.state !== 'failed') return { signIn, anew: false }
  } catch (error) {
    if (!before || !(await ended(error))) throw error
  }
  const proved = before !== undefined && !untouched(before)
  if (proved && proof.kind !== 'password' && kept.password === '') throw new PasswordAgain()
  await open(kept.returnTo)
  if (proof.kind === 'password') return { signIn: await prove(proof), anew: proved }
  if (proved) await prove({ kind: 'password', username: kept.username, password: kept.password })
  // what a passkey signed was for the sign-in that has ended: it is asked once more
  return { signIn: await prove(proof.kind === 'passkey' ? { kind: 'passkey', at: proof.at } : proof), anew: proved }
}

/** A moving code for this sign-in; where it has ended with nothing proved in it, for a new one. */
export const askForCode = async (
  before: SignIn,
  returnTo: string | undefined,
): Promise<{ opened: OpenedCode; signIn?: SignIn }> => {
  const ask = async () => (await call(send, openQr, {})).value
  try {
    return { opened: await ask() }
  } catch (error) {
    if (before.purpose !== 'sign-in' || !untouched(before) || !(await ended(error))) throw error
  }
  const signIn = await open(returnTo)
  return { opened: await ask(), signIn }
}
/** How often an approved sign-in is asked for, a second apart, while the server gives no answer. */
const collectTries = 10
/** After `approved`. An answer that got lost may have opened the session all the same: then it is there. */
export const collect = async (): Promise<SignIn | 'signed in'> => {
  for (let tries = 1; ; tries++) {
    try {
      return (await call(send, collectSignIn, {})).value.signIn
    } catch (error) {
      const status = problemIn(error)?.status
      const passes = status === 0 || status === 503
      if (!passes && tries > 1 && typeof (await fetchSession()) !== 'string') return 'signed in'
      if (!passes || tries === collectTries) throw error
      await new Promise((resolve) => setTimeout(resolve, 1000))
    }
  }
}

/** The sign-in that this tab left under way, where it is still good. */
export const resumeSignIn = async (): Promise<SignIn | undefined> => {
  if (rememberedName() === null) return undefined
  try {
    return (await call(send, currentSignIn, {})).value.signIn
  } catch (error) {
    if (!(error instanceof CallRefused)) throw error
    return undefined
  }
}
