import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import type { Page } from 'playwright-core'
import { eventually, newVisitor, openChromium } from './support/chromium.ts'
import { newFilm } from './support/film.ts'
import { firstOperator, goodPassword } from './support/people.ts'
import { phone, press, recoveryCodesOn, title } from './support/screens.ts'
import { startServer } from './support/server.ts'
import { addAuthenticator } from './support/virtual-authenticator.ts'

/** From screen to phone and back: what the sign-in page draws, a phone's camera reads, and the page is signed in by itself. */
const film = newFilm()
const chromium = await openChromium(film.flags)

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

for (const synced of [false, true])
  test(`a phone reads three frames off the sign-in page with its camera, and the page is signed in (${synced ? 'synced' : 'held in the phone'})`, async () => {
    const server = await startServer()
    const olga = await firstOperator(server)
    const user = await olga.browser.call(contract.createUser, { username: 'marek' })
    const { code } = await olga.browser.call(contract.enrolUser, { id: user.id, factor: 'device' })
    const mobile = await newVisitor(chromium, { ...phone, permissions: ['camera'] })
    await addAuthenticator(mobile.page, { synced })
    await mobile.page.goto(code.url as string)
    await press(mobile.page, 'Set up this phone')
    await mobile.page.getByLabel('Password').fill(goodPassword)
    await press(mobile.page, 'Make a passkey on this phone')
    await recoveryCodesOn(mobile.page)
    await press(mobile.page, 'I have saved them')
    await press(mobile.page, 'I wrote them down by hand')
    await title(mobile.page, 'You are set up')

    const desk = await newVisitor(chromium)
    await desk.page.goto(`${server.origin}/sign-in?returnTo=/me`)
    // what was filmed may be too old by the time it is seen: then the camera is held before the screen once more
    for (let tries = 1; ; tries++) {
      film.play(await threeFrames(desk.page), 0.2)
      await mobile.page.goto(`${server.origin}/phone`)
      const read = mobile.page.getByRole('heading', { level: 1, name: 'Sign in to Postern?' })
      const late = mobile.page.getByText('That was not read live, or too late.')
      await read.or(late).waitFor()
      if (await read.isVisible()) break
      assert.ok(tries < 5, 'five films, and none was read in time')
    }
    await desk.page.getByText('Scanned. Now confirm on your phone.').first().waitFor()
    const match = /Number to enter on the phone:\s*(\d\d)/.exec(await desk.page.getByRole('main').innerText())?.[1] as string
    for (const digit of match) await press(mobile.page, digit)
    await press(mobile.page, 'Approve')
    await title(mobile.page, 'Approved. Look at the computer.')
    await desk.page.waitForURL(`${server.origin}/me`)
    await title(desk.page, 'My account')
    assert.deepEqual(desk.complaints, [])
    assert.deepEqual(mobile.complaints, [])
    await desk.context.close()
    await mobile.context.close()
  })
