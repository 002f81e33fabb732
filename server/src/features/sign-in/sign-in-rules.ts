import type { DeviceSettings, SignInMethod } from '@postern/contract'

export type SignInFacts = {
  purpose: 'sign-in' | 'step-up'
  wantedAcr: string | null
  proved: readonly string[]
  hasTotp: boolean
  /** Active devices. */
  devices: number
  /** A device was lost, or a device or passcode key was taken away from them. */
  lostFactor: boolean
  recoveryCodesLeft: number
  secondFactorDemanded: boolean
  enrolment: boolean
  qr: DeviceSettings['qr']
  /** The person’s role proves a password on the computer before our code counts. */
  computerFirst: boolean
}
export type NextStep = { state: 'pending' | 'enrolment-required' | 'complete'; next: SignInMethod[] }

/**
 * What a sign-in asks for next, strongest first. Before the first proof it depends on policy alone, never on who asks, so an
 * unknown name and a person without factors look alike. A step-up knows its person.
 */
export const nextStep = (facts: SignInFacts): NextStep => {
  const pending = (...next: (SignInMethod | false)[]): NextStep => ({
    state: 'pending',
    next: next.filter((each) => each !== false),
  })
  const known = facts.purpose === 'step-up'
  if (known && (facts.wantedAcr === 'phr' || facts.wantedAcr === 'phrh')) return pending('passkey')
  if (!facts.proved.includes('password'))
    return known
      ? pending(
          facts.devices > 0 && 'passkey',
          facts.devices > 0 && facts.qr === 'passwordless' && !facts.computerFirst && 'qr',
          'password',
        )
      : pending('passkey', facts.qr === 'passwordless' && 'qr', 'password')
  if (facts.hasTotp || facts.devices > 0)
    return pending(
      facts.devices > 0 && 'passkey',
      facts.devices > 0 && facts.qr !== 'off' && 'qr',
      facts.hasTotp && 'totp',
      !known && facts.recoveryCodesLeft > 0 && 'recovery-code',
    )
  // the last factor was lost or taken away: its password alone is no way to a new one while codes stand in for it
  if (facts.secondFactorDemanded && facts.recoveryCodesLeft > 0) return pending('recovery-code')
  // nor where none is left: whoever has the password could be first. An operator’s code is the way
  if (facts.secondFactorDemanded && facts.lostFactor) return pending()
  // nobody completes with less than they asked for
  if (known && facts.wantedAcr === 'aal2' && !facts.secondFactorDemanded) return pending()
  if (facts.secondFactorDemanded)
    return { state: 'enrolment-required', next: facts.enrolment ? ['enrol-passkey', 'enrol-totp'] : [] }
  return { state: 'complete', next: [] }
}

/** Whether our code counts by the policy as it is now: alone, or after a password. */
export const codeCounts = ({ qr }: Pick<DeviceSettings, 'qr'>, proved: readonly string[]): boolean =>
  qr === 'passwordless' || (qr === 'second-factor' && proved.includes('password'))

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
