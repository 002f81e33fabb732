import { useSyncExternalStore } from 'react'

/** An action that was refused waits here until its person has proved more, or does not want to. */
let waiting: { settle: (proved: boolean) => void; promise: Promise<boolean> } | undefined
const listeners = new Set<() => void>()
const tell = () => {
  for (const listener of listeners) listener()
}

/** Opens the dialogue; true once the session is fresh. Several refused calls share one dialogue. */
export const askStepUp = (): Promise<boolean> => {
  if (waiting) return waiting.promise
  let settle: (proved: boolean) => void = () => {}
  const promise = new Promise<boolean>((resolve) => {
    settle = resolve
  })
  waiting = { settle, promise }
  tell()
  return promise
}
export const settleStepUp = (proved: boolean) => {
  const asked = waiting
  waiting = undefined
  tell()
  asked?.settle(proved)
}
/** Resolves at once, or when the dialogue that is open has been settled. */
export const stepUpSettled = async (): Promise<void> => {
  await waiting?.promise
}
export const useStepUpAsked = (): boolean =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => waiting !== undefined,
  )
