import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { eventually } from './chromium.ts'
import type { Film } from './film.ts'

const frameOn = async (desk: Page): Promise<number> =>
  Number(await desk.locator('[data-plate][data-frame]').getAttribute('data-frame'))
/** The screen as a camera sees it for three seconds. */
const threeFrames = async (desk: Page): Promise<Buffer[]> => {
  const pictures: Buffer[] = []
  for (let last: number | undefined; pictures.length < 3; ) {
    const n = await eventually(
      () => frameOn(desk),
      (now) => now !== last,
      'the code does not move',
    )
    const picture = await desk.screenshot()
    // a busy machine may have missed one, or have drawn the next meanwhile: the row begins anew
    if ((await frameOn(desk)) !== n || (last !== undefined && n !== last + 1)) pictures.length = 0
    pictures.push(picture)
    last = n
  }
  return pictures
}
/** The phone’s camera sees the code on a desk’s sign-in page. */
export const filmed = (film: Film, desk: Page) => async (): Promise<void> => film.play(await threeFrames(desk), 0.2)
/** Has a moving code read on our own page of `origin`: `hold` brings the phone’s camera before the screen; `name` is what it then shows. */
export const readByCamera = async (
  mobile: Page,
  origin: string,
  hold: () => Promise<void>,
  name = 'Sign in to Postern?',
): Promise<void> => {
  // what was filmed may be too old by the time it is seen: then the camera is held before the screen once more
  for (let tries = 1; ; tries++) {
    await hold()
    await mobile.goto(`${origin}/phone`)
    const read = mobile.getByRole('heading', { level: 1, name })
    const late = mobile.getByText('That was not read live, or too late.')
    await read.or(late).waitFor()
    if (await read.isVisible()) return
    if (tries === 5) throw new Error('five films, and none was read in time')
  }
}
/** The number beside the code, which the phone asks for. */
export const numberOn = async (page: Page): Promise<string> => {
  const said = await page.getByRole('region', { name: 'Sign in by scanning' }).textContent()
  const [, number] = /Number to enter on the phone:\s*(\d\d)/.exec(said ?? '') ?? []
  assert.ok(number, said ?? 'no code')
  return number
}
