import type { Assured } from '../../ui/AssuranceBadge.tsx'

type Claim = Assured & { or?: Assured }
/**
 * What each way comes to, as the server then says it, before anybody knows which passkey or person it will be: `before` is what
 * this sign-in has proved already.
 */
export const assuredBy = {
  /** On this very browser: as hard to lift as the authenticator holds it. */
  passkey: (before: readonly string[]): Claim => ({
    acr: 'phr',
    amr: [...before, 'swk', 'user', 'mfa'],
    or: { acr: 'phrh', amr: [...before, 'hwk', 'user', 'mfa'] },
  }),
  /** By our code it is multi-factor, whatever the phone proves. */
  qr: (before: readonly string[]): Claim => ({
    acr: 'aal2',
    amr: [...before, 'swk', 'user', 'mfa'],
    or: { acr: 'aal2', amr: [...before, 'hwk', 'user', 'mfa'] },
  }),
  /** Who need not have a second factor, and has none, is in by the password alone. */
  password: (alone: boolean): Claim => {
    const both: Assured = { acr: 'aal2', amr: ['pwd', 'otp', 'mfa'] }
    return alone ? { acr: 'aal1', amr: ['pwd'], or: both } : both
  },
  recovery: { acr: 'aal1', amr: ['pwd'] },
} as const satisfies Record<string, Claim | ((given: never) => Claim)>
