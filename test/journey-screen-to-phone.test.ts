import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import { newVisitor, openChromium } from './support/chromium.ts'
import { newFilm } from './support/film.ts'
import { firstOperator } from './support/people.ts'
import { filmed, numberOn, readByCamera } from './support/screen-to-phone.ts'
import { phone, press, registerHere, title } from './support/screens.ts'
import { startServer } from './support/server.ts'
import { addAuthenticator } from './support/virtual-authenticator.ts'

/** From screen to phone and back: what the sign-in page draws, a phone's camera reads, and the page is signed in by itself. */
const film = newFilm()
const chromium = await openChromium(film.flags)

for (const synced of [false, true])
  test(`a phone reads three frames off the sign-in page with its camera, and the page is signed in (${synced ? 'synced' : 'held in the phone'})`, async () => {
    const server = await startServer()
    const olga = await firstOperator(server)
    const user = await olga.browser.call(contract.createUser, { username: 'marek' })
    const { code } = await olga.browser.call(contract.enrolUser, { id: user.id, factor: 'device' })
    const mobile = await newVisitor(chromium, { ...phone, permissions: ['camera'] })
    await addAuthenticator(mobile.page, { synced })
    await registerHere(mobile.page, code.url as string)

    const desk = await newVisitor(chromium)
    await desk.page.goto(`${server.origin}/sign-in?returnTo=/me`)
    await readByCamera(mobile.page, server.origin, filmed(film, desk.page))
    await desk.page.getByText('Scanned. Now confirm on your phone.').first().waitFor()
    for (const digit of await numberOn(desk.page)) await press(mobile.page, digit)
    await press(mobile.page, 'Approve')
    await title(mobile.page, 'Approved. Look at the computer.')
    await desk.page.waitForURL(`${server.origin}/me`)
    await title(desk.page, 'My account')
    assert.deepEqual(desk.complaints, [])
    assert.deepEqual(mobile.complaints, [])
    await desk.context.close()
    await mobile.context.close()
  })
