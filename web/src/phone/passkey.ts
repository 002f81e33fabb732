import type { Assertion, CreationOptions, Registration, RequestOptions } from '@postern/contract'
import { startAuthentication, startRegistration } from '@simplewebauthn/browser'
import type { Words } from './words.ts'

export const hasPasskeys = (): boolean => typeof PublicKeyCredential === 'function' && navigator.credentials !== undefined

export const makePasskey = async (options: CreationOptions): Promise<Registration> =>
  (await startRegistration({ optionsJSON: options as never })) as never
export const signWithPasskey = async (options: RequestOptions): Promise<Assertion> =>
  (await startAuthentication({ optionsJSON: options as never })) as never

/** Why the phone made or used no passkey. What was cancelled and what took too long look alike to a page. */
export const ceremonyWords = (error: unknown): Words => {
  switch (error instanceof Error ? error.name : '') {
    case 'InvalidStateError':
      return 'passkey.already'
    case 'ConstraintError':
      return 'passkey.noLock'
    case 'NotSupportedError':
      return 'passkey.unsupported'
    case 'SecurityError':
      return 'passkey.otherOrigin'
    default:
      return 'passkey.cancelled'
  }
}
