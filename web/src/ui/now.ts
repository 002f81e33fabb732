import { useSyncExternalStore } from 'react'

/** One clock for the page: everything that counts re-renders together, once a second or once a minute. */
const clock = (everyMs: number) => {
  let now = Date.now()
  let timer: ReturnType<typeof setInterval> | undefined
  const listeners = new Set<() => void>()
  return {
    subscribe: (listener: () => void) => {
      listeners.add(listener)
      now = Date.now()
      timer ??= setInterval(() => {
        now = Date.now()
        for (const each of listeners) each()
      }, everyMs)
      return () => {
        listeners.delete(listener)
        if (listeners.size > 0) return
        clearInterval(timer)
        timer = undefined
      }
    },
    read: () => now,
  }
}
const second = clock(1000)
const halfMinute = clock(30_000)

/** Milliseconds since 1970, moving every second. */
export const useNow = (): number => useSyncExternalStore(second.subscribe, second.read)
/** The same, moving twice a minute: for "3 min" in lists. */
export const useSlowNow = (): number => useSyncExternalStore(halfMinute.subscribe, halfMinute.read)
