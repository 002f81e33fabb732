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
let replacing: Promise<unknown> | undefined
/** For what gives this browser a new session: nothing is read by itself until it is done. It must not wait for a read. */
export const whileReplaced = async <T>(work: () => Promise<T>): Promise<T> => {
  const run = work()
  const settled = run.catch(() => {})
  replacing = settled
  try {
    return await run
  } finally {
    if (replacing === settled) replacing = undefined
  }
}
/** Resolves at once, or when the dialogue that is open has been settled and a new session is there. */
export const stepUpSettled = async (): Promise<void> => {
  await waiting?.promise
  await replacing
}
export const useStepUpAsked = (): boolean =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => waiting !== undefined,
  )
