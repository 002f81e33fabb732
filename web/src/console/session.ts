import { currentSession, type Role, roles, type Session } from '@postern/contract'
import { problemIn } from '../ui/Refused.tsx'
import { queryClient, readQuery, useCall } from './calls.ts'

/** The session of this browser; where there is none, why: nobody is signed in, or it was used from somewhere else. */
export const fetchSession = async (): Promise<Session | 'no-session' | 'session-binding'> => {
  try {
    return (await queryClient.fetchQuery({ ...readQuery(currentSession, {}), staleTime: 30_000, meta: { staysHere: true } }))
      .value
  } catch (error) {
    const code = problemIn(error)?.code
    if (code === 'no-session' || code === 'session-binding') return code
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
