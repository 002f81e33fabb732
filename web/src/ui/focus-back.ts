import { useEffect, useState } from 'react'

/**
 * For a dialogue that is there only while it is open: when it goes, the focus is back on what opened it, or on the page's title
 * where that is gone as well. Mantine gives it back only for dialogues that stay and are told to close.
 */
export const useFocusBack = () => {
  const [opener] = useState(() => document.activeElement)
  useEffect(
    () => () => {
      // Whoever has it by now, a dialogue below or a field, keeps it.
      if (document.activeElement !== document.body) return
      const back = opener !== document.body && opener?.isConnected ? opener : document.querySelector('h1')
      if (back instanceof HTMLElement) back.focus({ preventScroll: true })
    },
    [opener],
  )
}
