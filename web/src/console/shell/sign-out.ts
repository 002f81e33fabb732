import { call, signOut } from '@postern/contract'
import { send } from '../../api.ts'
import { problemIn } from '../../ui/Refused.tsx'

/** Signs out here and forgets everything this page holds. False where the server gave no answer: then the session stays. */
export const leave = async (): Promise<boolean> => {
  try {
    await call(send, signOut, {})
  } catch (error) {
    const status = problemIn(error)?.status ?? 0
    // Not signed in any more is what was wanted.
    if (status !== 401) return false
  }
  sessionStorage.clear()
  location.assign('/sign-in')
  return true
}
