import { useRef, useState } from 'react'

export type Selection = {
  keys: ReadonlySet<string>
  /** Every row that the list's question finds, shown or not. */
  all: boolean
  has: (key: string) => boolean
  /** Takes or leaves a row. `extend`: every row between it and the one touched before goes the same way. */
  toggle: (key: string, shown: readonly string[], extend: boolean) => void
  /** All rows that are shown, or none of them. */
  setAll: (shown: readonly string[], on: boolean) => void
  everything: () => void
  clear: () => void
}

/** Which rows of a list are selected. `of` is what the list shows, as text: under other filters nothing is selected. */
export const useSelection = (of: string): Selection => {
  const [held, setHeld] = useState<{ of: string; keys: ReadonlySet<string>; all: boolean }>({ of, keys: new Set(), all: false })
  const last = useRef<string>(undefined)
  const current = held.of === of
  const keys = current ? held.keys : new Set<string>()
  const all = current && held.all
  const hold = (keys: Iterable<string>, all = false) => setHeld({ of, keys: new Set(keys), all })
  const change = (before: Iterable<string>, some: readonly string[], on: boolean) =>
    hold(on ? [...before, ...some] : [...before].filter((key) => !some.includes(key)))
  return {
    keys,
    all,
    has: (key) => all || keys.has(key),
    toggle: (key, shown, extend) => {
      const [from, to] = [extend && last.current ? shown.indexOf(last.current) : -1, shown.indexOf(key)]
      const range = from < 0 || to < 0 ? [key] : shown.slice(Math.min(from, to), Math.max(from, to) + 1)
      last.current = key
      // of all, one is left out: what remains are the rows that can be seen
      if (all) change(shown, range, false)
      else change(keys, range, range.length > 1 || !keys.has(key))
    },
    setAll: (shown, on) => change(all ? [] : keys, shown, on),
    everything: () => hold([], true),
    clear: () => hold([]),
  }
}
