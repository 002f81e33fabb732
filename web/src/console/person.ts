/** When somebody last touched this page: what happens by itself must not keep a session alive. */
let last = Date.now()
const touch = () => {
  last = Date.now()
}
for (const kind of ['pointerdown', 'keydown'] as const) addEventListener(kind, touch, { capture: true, passive: true })

export const lastInputAt = (): number => last
