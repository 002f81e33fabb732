import {
  call,
  type confirmTotp,
  type Device,
  myDevices,
  type Out,
  type Session,
  type SignIn,
  type startTotp,
} from '@postern/contract'
import { send } from '../../api.ts'
import { fetchSession } from '../session.ts'
import { hasPasskeys } from '../sign-in/passkey.ts'
import { resumeSignIn } from '../sign-in/sign-in-flow.ts'

/** Who is enrolling: a sign-in that policy sent here, a session of a recovery code, or somebody signed in who adds or renews. */
export type Enrolling =
  | { by: 'sign-in'; id: string; signIn: SignIn }
  | { by: 'session'; id: string; session: Session }
  /** `devices`: that are active, where it was not said in this session which of them is gone. */
  | { by: 'recovery'; id: string; session: Session; devices: Device[] }

export const whoEnrols = async (): Promise<Enrolling | null> => {
  const signIn = await resumeSignIn()
  if (signIn?.state === 'enrolment-required') return { by: 'sign-in', id: signIn.id, signIn }
  const session = await fetchSession()
  if (typeof session === 'string') return null
  const { id } = session.user
  if (session.scope !== 'recovery') return { by: 'session', id, session }
  const { items } = (await call(send, myDevices, {})).value
  const said = items.some(({ state, stateAt }) => state === 'lost' && stateAt !== null && stateAt >= session.assurance.authTime)
  return { by: 'recovery', id, session, devices: said ? [] : items.filter(({ state }) => state === 'active') }
}
/** Of more than one it has to be asked which are gone; the only one counts as lost, and ends with the new factor. */
export const mustSayWhatIsGone = (who: Enrolling): boolean => who.by === 'recovery' && who.devices.length > 1

/** Whether a passkey is offered, before any app: where a first or a lost factor is set up, in a browser that has them. */
export const offersPasskey = (who: Enrolling): boolean =>
  hasPasskeys() && (who.by === 'recovery' || (who.by === 'sign-in' && who.signIn.next.includes('enrol-passkey')))

export type PendingKey = Out<typeof startTotp>
export type Confirmed = Out<typeof confirmTotp>

/**
 * The server shows a pending key once, so the tab keeps it until it is confirmed: a reload must not change the key. The same
 * holds for recovery codes until somebody says that they have them. Both are gone with the tab.
 */
type Kept = { owner: string; app: string; key: PendingKey } | { owner: string; recoveryCodes: string[] }
const place = 'postern-enrolment'
/** Confirming turns a sign-in into a session, which has another id: the tab alone says whose recovery codes these are. */
export const whoever = '*'
export const keep = (kept: Kept) => sessionStorage.setItem(place, JSON.stringify(kept))
export const forget = () => sessionStorage.removeItem(place)
export const keptFor = (owner: string): Kept | undefined => {
  try {
    const kept = JSON.parse(sessionStorage.getItem(place) ?? 'null') as Kept | null
    return kept?.owner === owner || kept?.owner === whoever ? kept : undefined
  } catch {
    return undefined
  }
}
