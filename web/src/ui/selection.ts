import { useRef, useState } from 'react'

export type Selection = {
  keys: ReadonlySet<string>
  /** Takes or leaves a row. `extend`: every row between it and the one touched before goes the same way. */
  toggle: (key: string, shown: readonly string[], extend: boolean) => void
  /** All rows that are shown, or none of them. */
  setAll: (shown: readonly string[], on: boolean) => void
  clear: () => void
}

/** Which rows of a list are selected. `of` is what the list shows, as text: under other filters nothing is selected. */
export const useSelection = (of: string): Selection => {
  const [held, setHeld] = useState<{ of: string; keys: ReadonlySet<string> }>({ of, keys: new Set() })
  const last = useRef<string>(undefined)
  const keys = held.of === of ? held.keys : new Set<string>()
  const change = (some: readonly string[], on: boolean) =>
    setHeld({ of, keys: new Set(on ? [...keys, ...some] : [...keys].filter((key) => !some.includes(key))) })
  return {
    keys,
    toggle: (key, shown, extend) => {
      const [from, to] = [extend && last.current ? shown.indexOf(last.current) : -1, shown.indexOf(key)]
      const range = from < 0 || to < 0 ? [key] : shown.slice(Math.min(from, to), Math.max(from, to) + 1)
      last.current = key
      change(range, range.length > 1 || !keys.has(key))
    },
    setAll: change,
    clear: () => setHeld({ of, keys: new Set() }),
  }
}
