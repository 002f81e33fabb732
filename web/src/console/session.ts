import { currentSession, type Role, roles, type Session } from '@postern/contract'
import { queryClient, readQuery, useCall } from './calls.ts'

/** The session of this browser, or undefined where nobody is signed in. */
export const fetchSession = async (): Promise<Session | undefined> => {
  try {
    return (await queryClient.fetchQuery({ ...readQuery(currentSession, {}), staleTime: 30_000, meta: { staysHere: true } }))
      .value
  } catch (error) {
    const code = (error as { problem?: { code: string } }).problem?.code
    if (code === 'no-session' || code === 'session-binding') return undefined
    throw error
  }
}

/** The session, on pages that are shown only to people who have one. */
export const useSession = (): Session => {
  const { data } = useCall(currentSession, {}, { staysHere: true })
  if (!data) throw new Error('this page is shown to people with a session only')
  return data
}

/** Whether a person has a role, or one above it. */
export const hasRole = (session: Session, role: Role): boolean =>
  session.user.roles.some((held) => roles.indexOf(held) >= roles.indexOf(role))
/** Auditors see the console without the buttons that act. */
export const useMay = (role: Role): boolean => hasRole(useSession(), role)
