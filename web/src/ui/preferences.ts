import { useSyncExternalStore } from 'react'

/** How this browser shows things; kept here, not on the server. The colour scheme is Mantine's, the language i18next's. */
export type Preferences = { density: 'compact' | 'comfortable'; utc: boolean }
const place = 'postern-preferences'
const normal: Preferences = { density: 'compact', utc: false }

const read = (): Preferences => {
  try {
    return { ...normal, ...(JSON.parse(localStorage.getItem(place) ?? '{}') as Partial<Preferences>) }
  } catch {
    return normal
  }
}
let current = read()
const listeners = new Set<() => void>()
const show = () => document.documentElement.setAttribute('data-density', current.density)
show()

export const setPreferences = (change: Partial<Preferences>) => {
  current = { ...current, ...change }
  try {
    localStorage.setItem(place, JSON.stringify(current))
  } catch {
    // Storage is blocked: the choice holds until the page is closed.
  }
  show()
  for (const listener of listeners) listener()
}
const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
export const usePreferences = (): Preferences => useSyncExternalStore(subscribe, () => current)
