/** What opens over a page, and gives the focus back to what opened it. */
const layer = '[role="dialog"], [role="menu"]'
const asked = '[aria-invalid="true"]:not(:disabled)'
/** Long enough for what gives the focus on by itself: a dialogue that closes, a page that opens. */
const settledMs = 100

const openDialog = () => [...document.querySelectorAll<HTMLElement>('[role="dialog"][aria-modal="true"]')].at(-1)
const title = () => document.querySelector<HTMLElement>('h1[tabindex="-1"]')
const nowhere = () => document.activeElement === null || document.activeElement === document.body

/**
 * Where what has the focus goes away (a bar that was saved, a row that was ended), browsers drop the focus to the body, and who
 * works by keyboard begins anew. It goes to what opened the layer that closed, or to the dialogue, or to the page’s title.
 */
export const keepFocus = () => {
  let at: HTMLElement | undefined
  let within: Element | null = null
  let waiting: ReturnType<typeof setTimeout> | undefined
  const openers = new WeakMap<Element, HTMLElement>()
  const gone = () => at !== undefined && (!at.isConnected || at.matches(':disabled'))
  const giveOn = () => {
    waiting = undefined
    if (!nowhere() || !gone()) return
    const opener = within && !within.isConnected ? openers.get(within) : undefined
    const to = openDialog() ?? (opener?.isConnected && !opener.matches(':disabled') ? opener : title())
    to?.focus({ preventScroll: to !== opener })
  }
  document.addEventListener('focusin', ({ target }) => {
    const inside = (target as Element).closest(layer)
    if (inside && inside !== within && at && !openers.has(inside)) openers.set(inside, at)
    at = target as HTMLElement
    within = inside
  })
  document.addEventListener('focusout', ({ target }) => {
    // somebody who left by themselves, by a press beside everything, is not brought back
    setTimeout(() => {
      if (at === target && nowhere() && !gone()) at = undefined
    })
  })
  new MutationObserver(() => {
    if (waiting === undefined && nowhere() && gone()) waiting = setTimeout(giveOn, settledMs)
  }).observe(document.documentElement, { childList: true, subtree: true, attributeFilter: ['disabled'] })
}

/**
 * After a refusal: the field that was refused has the focus, as soon as it says so. What is said beside no field is read out by
 * itself, and is brought into view.
 */
export const goToRefused = () => {
  const from = document.activeElement
  const scope = () => from?.closest('[role="dialog"], form') ?? openDialog() ?? document.querySelector('main') ?? document.body
  const before = new Set(document.querySelectorAll('[role="alert"], [role="status"]'))
  let frames = 60
  const look = () => {
    // whoever went on meanwhile stays where they are
    if (!nowhere() && document.activeElement !== from) return
    const field = scope().querySelector<HTMLElement>(asked)
    const words = [...scope().querySelectorAll('[role="alert"], [role="status"]')].find((each) => !before.has(each))
    if (field) {
      field.focus({ preventScroll: true })
      field.scrollIntoView({ block: 'center' })
    } else if (words) words.scrollIntoView({ block: 'nearest' })
    else if (frames-- > 0) requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
}
