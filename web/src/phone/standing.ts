import type { EnrolmentState } from '@postern/contract'
import { useEffect, useRef } from 'preact/hooks'
import { standing } from './calls.ts'

const everyMs = 3_000
const atMostMs = 30_000
/**
 * Asks what has become of a claimed code while its page is looked at: at once when somebody comes back to it, then every three
 * seconds, less often while no answer comes. `confirm` undefined: nothing is claimed.
 */
export const useStanding = (confirm: string | undefined, onState: (state: EnrolmentState) => void): void => {
  const tell = useRef(onState)
  tell.current = onState
  useEffect(() => {
    if (confirm === undefined) return
    let timer: ReturnType<typeof setTimeout> | undefined
    let over = false
    let waitMs = everyMs
    const ask = async () => {
      try {
        const { state } = await standing({ confirm })
        waitMs = everyMs
        if (!over) tell.current(state)
      } catch {
        // the next try, or the tap, says what is wrong
        waitMs = Math.min(waitMs * 2, atMostMs)
      }
      later(waitMs)
    }
    const later = (ms: number) => {
      clearTimeout(timer)
      if (!over && document.visibilityState === 'visible') timer = setTimeout(ask, ms)
    }
    const seen = () => later(0)
    later(everyMs)
    document.addEventListener('visibilitychange', seen)
    return () => {
      over = true
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', seen)
    }
  }, [confirm])
}
