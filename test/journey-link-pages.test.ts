import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import { raw } from './support/attack.ts'
import { axe, nameless, newVisitor, openChromium, overflow } from './support/chromium.ts'
import { firstOperator } from './support/people.ts'
import { phone, title } from './support/screens.ts'
import { startServer } from './support/server.ts'

/** The pages that a link code shows by itself: without a script, in the language of the browser, each with what to do. */
const chromium = await openChromium()
const server = await startServer()
const olga = await firstOperator(server)
const album = process.env.POSTERN_TEST_PICTURES

const link = async (more: Partial<contract.CallIn<typeof contract.createCode>> = {}) =>
  (
    await olga.browser.call(contract.createCode, {
      kind: 'link',
      label: 'The owner’s own name for it',
      destination: { type: 'url', url: 'https://secret.example.org/place' },
      ...more,
    })
  ).id
const codes = {
  revoked: await link(),
  expired: await link({ expiresAt: new Date(Date.now() + 3_600_000).toISOString() }),
  'used up': await link({ scanLimit: 1 }),
  'not yet': await link({ notBefore: '2999-01-01T12:30:00.000Z' }),
  text: await link({ destination: { type: 'text', text: 'Gate 4: ring twice.\n$& <b>Then</b> wait for the green light.' } }),
}
await olga.browser.call(contract.revokeCode, { id: codes.revoked, reason: 'the sign is down' })
await server.sql(
  `update code set expires_at = now() - interval '1 s' where expires_at < now() + interval '2 h' and kind = 'link'`,
)
await raw(server.origin, 'GET', `/c/${codes['used up']}`, { headers: { 'user-agent': phone.userAgent } })

const titles = {
  en: {
    revoked: 'This code was revoked',
    expired: 'This code has expired',
    'used up': 'This code was opened as often as it may be',
    'not yet': 'This code does not work yet',
    text: 'What this code says',
  },
  pl: {
    revoked: 'Ten kod został unieważniony',
    expired: 'Ten kod stracił ważność',
    'used up': 'Ten kod otwarto już tyle razy, ile wolno',
    'not yet': 'Ten kod jeszcze nie działa',
    text: 'Treść tego kodu',
  },
}
const looks = [
  ['en', 390, 'light'],
  ['pl', 390, 'dark'],
  ['en', 1280, 'dark'],
  ['pl', 1280, 'light'],
] as const

for (const [language, width, colorScheme] of looks)
  test(`each own page of a link code is whole and accessible (${language}, ${width} px, ${colorScheme})`, async () => {
    const visitor = await newVisitor(chromium, {
      ...(width === 390 ? phone : {}),
      viewport: { width, height: 844 },
      locale: language === 'en' ? 'en-GB' : 'pl-PL',
      colorScheme,
    })
    const { page } = visitor
    const loaded: string[] = []
    page.on('request', (request) => loaded.push(request.resourceType()))
    for (const [state, id] of Object.entries(codes) as [keyof typeof codes, string][]) {
      await page.goto(`${server.origin}/c/${id}`)
      await title(page, titles[language][state])
      assert.equal(await page.locator('html').getAttribute('lang'), language)
      const said = await page.locator('body').innerText()
      assert.ok(said.includes(id), `${state}: no reference to give to whoever is asked`)
      assert.ok(said.includes(new URL(server.origin).host), `${state}: not the address it is on`)
      assert.ok(said.includes('Postern'), `${state}: not whose it is`)
      // never whose it is inside, why, or where it would lead
      assert.doesNotMatch(await page.content(), /olga|own name|the sign is down|secret\.example/, state)
      if (state === 'text') assert.ok(said.includes('$& <b>Then</b> wait for the green light.'))
      if (state === 'not yet') assert.match(said, /2999/)
      assert.deepEqual([...(await axe(page)), ...(await nameless(page))], [], state)
      assert.equal(await overflow(page), 0, state)
      if (album) {
        mkdirSync(album, { recursive: true })
        writeFileSync(
          join(album, `link-${state.replace(' ', '-')}-${language}-${width}-${colorScheme}.png`),
          await page.screenshot(),
        )
      }
    }
    await page.setViewportSize({ width: 360, height: 780 })
    assert.equal(await overflow(page), 0)
    assert.deepEqual(
      loaded.filter((type) => type === 'script' || type === 'fetch'),
      [],
    )
    assert.deepEqual(visitor.complaints, [])
    await visitor.context.close()
  })

test('the language is the first of ours that the browser asks for', async () => {
  const langOf = async (accept: string) =>
    /<html lang="(\w+)">/.exec(
      (await raw(server.origin, 'GET', `/c/${codes.revoked}`, { headers: { 'accept-language': accept } })).text,
    )?.[1]
  assert.deepEqual(
    [await langOf('de-DE,pl;q=0.8,en;q=0.5'), await langOf('en-US,pl;q=0.9'), await langOf('fr'), await langOf('PL')],
    ['pl', 'en', 'en', 'pl'],
  )
})
