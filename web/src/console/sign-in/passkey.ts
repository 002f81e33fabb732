import {
  type Assertion,
  type CreationOptions,
  call,
  type Registration,
  type RequestOptions,
  signInPasskeyOptions,
} from '@postern/contract'
import {
  browserSupportsWebAuthn,
  browserSupportsWebAuthnAutofill,
  startAuthentication,
  startRegistration,
  WebAuthnAbortService,
} from '@simplewebauthn/browser'
import { useEffect, useRef } from 'react'
import { send } from '../../api.ts'

/** Whether this browser has passkeys at all, on this address. */
export const hasPasskeys = (): boolean => browserSupportsWebAuthn()
/** Where the passkey is: in this computer or a key in it, or in a phone over the browser's own code (FIDO hybrid). */
export type PasskeyAt = 'here' | 'phone'
/** The browser, or the person at it, gave no passkey. Nothing was sent; which of the two it was, browsers do not say. */
export class NoPasskey extends Error {
  readonly at: PasskeyAt
  /** The authenticator has one for this account already. */
  readonly known: boolean
  constructor(at: PasskeyAt, cause: unknown) {
    super('no passkey was given', { cause })
    this.at = at
    this.known = cause instanceof Error && cause.name === 'InvalidStateError'
  }
}

const hints = { here: ['client-device', 'security-key'], phone: ['hybrid'] } as const
/** Asks the browser for the proof of a passkey, by options of the server. */
export const askPasskey = async (options: RequestOptions, at: PasskeyAt): Promise<Assertion> => {
  try {
    const optionsJSON = { ...options, hints: hints[at] } as never
    return (await startAuthentication({ optionsJSON })) as never
  } catch (cause) {
    throw new NoPasskey(at, cause)
  }
}
/** Has the browser make a passkey, by options of the server. */
export const makePasskey = async (options: CreationOptions): Promise<Registration> => {
  try {
    return (await startRegistration({ optionsJSON: options as never })) as never
  } catch (cause) {
    throw new NoPasskey('here', cause)
  }
}

/** A challenge is good for five minutes: before that a new one is taken. */
const renewMs = 4 * 60_000
/**
 * Passkeys among what the browser fills into the name field (conditional UI), where it can. Nothing happens until its person
 * chooses one; a press on a button ends the waiting.
 */
export const useAutofill = (active: boolean, onAssertion: (assertion: Assertion) => void) => {
  const latest = useRef(onAssertion)
  latest.current = onAssertion
  useEffect(() => {
    if (!active) return
    let ended = false
    let timer: ReturnType<typeof setTimeout> | undefined
    const wait = async () => {
      try {
        if (ended || !(await browserSupportsWebAuthnAutofill())) return
        const { value } = await call(send, signInPasskeyOptions, {})
        if (ended) return
        timer = setTimeout(() => void wait(), renewMs)
        const optionsJSON = value as never
        latest.current(
          (await startAuthentication({ optionsJSON, useBrowserAutofill: true, verifyBrowserAutofillInput: false })) as never,
        )
      } catch {
        // Nobody chose one, a button was pressed instead, or the server gave no options: the form is there.
      }
    }
    void wait()
    return () => {
      ended = true
      clearTimeout(timer)
      WebAuthnAbortService.cancelCeremony()
    }
  }, [active])
}

/** When a passkey was used last in this browser: said beside its button. A convenience of this browser, no proof. */
const place = 'postern-passkey-used'
export const passkeyUsedHere = (): string | null => {
  try {
    return localStorage.getItem(place)
  } catch {
    return null
  }
}
export const rememberPasskeyUsed = () => {
  try {
    localStorage.setItem(place, new Date().toISOString())
  } catch {
    // Storage is blocked: then the button stands alone.
  }
}
