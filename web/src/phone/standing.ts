import { useEffect, useRef } from 'preact/hooks'

const everyMs = 3_000
const atMostMs = 30_000
/**
 * Asks what has become of a claimed code while its page is looked at: at once when somebody comes back to it, then every three
 * seconds, less often while no answer comes. `confirm` undefined: nothing is claimed.
 */
export const useStanding = <S>(
  read: (input: { confirm: string }) => Promise<S>,
  confirm: string | undefined,
  onStanding: (standing: S) => void,
): void => {
  const tell = useRef(onStanding)
  tell.current = onStanding
  useEffect(() => {
    if (confirm === undefined) return
    let timer: ReturnType<typeof setTimeout> | undefined
    let over = false
    let waitMs = everyMs
    const ask = async () => {
      try {
        const standing = await read({ confirm })
        waitMs = everyMs
        if (!over) tell.current(standing)
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
  }, [read, confirm])
}
