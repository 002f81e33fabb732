import type { SignInMethod } from '@postern/contract'

export type SignInFacts = {
  purpose: 'sign-in' | 'step-up'
  proved: readonly string[]
  hasTotp: boolean
  recoveryCodesLeft: number
  secondFactorDemanded: boolean
  enrolment: boolean
}
export type NextStep = { state: 'pending' | 'enrolment-required' | 'complete'; next: SignInMethod[] }

/**
 * What a sign-in asks for next. Before the first proof it depends on policy alone, never on who asks, so an unknown
 * name and a person without factors look alike.
 */
export const nextStep = (facts: SignInFacts): NextStep => {
  if (!facts.proved.includes('password')) return { state: 'pending', next: ['password'] }
  if (facts.hasTotp) {
    const recovery = facts.purpose === 'sign-in' && facts.recoveryCodesLeft > 0
    return { state: 'pending', next: recovery ? ['totp', 'recovery-code'] : ['totp'] }
  }
  if (facts.secondFactorDemanded) return { state: 'enrolment-required', next: facts.enrolment ? ['enrol-totp'] : [] }
  return { state: 'complete', next: [] }
}

/**
 * A path of our own origin, or null (threat 34). Judged as a browser would resolve it: backslashes, scheme-relative
 * and userinfo forms, control characters and encoded slashes lead elsewhere or may, so they are dropped.
 */
export const safeReturnTo = (returnTo: string | undefined, origin: string): string | null => {
  if (!returnTo?.startsWith('/') || returnTo.startsWith('//')) return null
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
  if (/[\\\u0000-\u001f\u007f]/.test(returnTo) || /%(2f|5c|0[0-9a-f]|1[0-9a-f])/i.test(returnTo.split(/[?#]/)[0] as string))
    return null
  let url: URL
  try {
    url = new URL(returnTo, origin)
  } catch {
    return null
  }
  if (url.origin !== new URL(origin).origin || url.pathname.startsWith('//')) return null
  return url.pathname + url.search + url.hash
}
