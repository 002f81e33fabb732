import {
  CallRefused,
  call,
  currentSignIn,
  openSignIn,
  provePassword,
  proveRecoveryCode,
  proveTotp,
  type SignIn,
} from '@postern/contract'
import { send } from '../../api.ts'
import { problemIn } from '../../ui/Refused.tsx'

/** What the tab remembers of a sign-in under way, so that a reload goes on: that there is one, and the name. Never a secret. */
const place = 'postern-sign-in'
export const rememberSignIn = (name: string) => sessionStorage.setItem(place, name)
export const rememberedName = (): string | null => sessionStorage.getItem(place)
export const forgetSignIn = () => sessionStorage.removeItem(place)

export type Proof =
  | { kind: 'password'; username: string; password: string }
  | { kind: 'totp'; code: string }
  | { kind: 'recovery-code'; code: string }
export type Proved = { signIn: SignIn; anew: boolean }

/** The sign-in had to be opened again and the password is not kept any more (the page was loaded again): it is asked for. */
export class PasswordAgain extends Error {}

const open = async (username: string, returnTo: string | undefined) => {
  await call(send, openSignIn, returnTo === undefined ? {} : { returnTo })
  rememberSignIn(username)
}
const prove = async (proof: Proof): Promise<SignIn> => {
  const { value } =
    proof.kind === 'password'
      ? await call(send, provePassword, { username: proof.username, password: proof.password })
      : proof.kind === 'totp'
        ? await call(send, proveTotp, { code: proof.code })
        : await call(send, proveRecoveryCode, { code: proof.code })
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
 * Proves one thing. A sign-in that has expired on the way is opened anew, the password proved again from what was typed, and
 * this proof made once more.
 */
export const proveOnce = async (
  proof: Proof,
  opened: boolean,
  kept: { username: string; password: string; returnTo: string | undefined },
): Promise<Proved> => {
  if (!opened) await open(kept.username, kept.returnTo)
  try {
    const signIn = await prove(proof)
    if (signIn.state !== 'expired' && signIn.state !== 'failed') return { signIn, anew: false }
  } catch (error) {
    if (!opened || !(await ended(error))) throw error
  }
  if (proof.kind !== 'password' && kept.password === '') throw new PasswordAgain()
  await open(kept.username, kept.returnTo)
  if (proof.kind !== 'password') await prove({ kind: 'password', username: kept.username, password: kept.password })
  return { signIn: await prove(proof), anew: true }
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
