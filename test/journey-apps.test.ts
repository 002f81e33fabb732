import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import { raw } from './support/attack.ts'
import { newVisitor, openChromium, symbolOn, type Visitor } from './support/chromium.ts'
import { firstOperator, newPerson } from './support/people.ts'
import { phone, signInHere, title } from './support/screens.ts'
import { startServer } from './support/server.ts'
import { wordsIn } from './support/words.ts'

/** Where the apps of the set-up are had: a phone is led to its own store, everybody else to a page with each. */
const chromium = await openChromium()
const server = await startServer()
const olga = await firstOperator(server)
const agents = {
  iphone:
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1',
  android: phone.userAgent,
  // as most of them call themselves
  ipad: 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15',
  desktop: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
} as const
const open = async (app: string, agent: keyof typeof agents, method = 'GET') => {
  const { status, headers } = await raw(server.origin, method, `/apps/${app}`, { headers: { 'user-agent': agents[agent] } })
  return [status, headers.location]
}
const nothingWrong = async ({ complaints, context }: Visitor) => {
  assert.deepEqual(complaints, [])
  await context.close()
}

test('one address of an app leads each phone to its own store, and computers, iPads and phones without one to a page', async () => {
  const { items } = await server.browser().call(contract.listAuthenticatorApps, {})
  assert.deepEqual(
    items.map(({ id, url }) => [id, url]),
    ['google', 'microsoft', '1password', 'keepassxc'].map((id) => [id, `${server.origin}/apps/${id}`]),
  )
  for (const { id, ios, android } of items) {
    assert.deepEqual(await open(id, 'iphone'), ios ? [302, ios] : [200, undefined], id)
    assert.deepEqual(await open(id, 'android'), android ? [302, android] : [200, undefined], id)
    assert.deepEqual(await open(id, 'android', 'HEAD'), android ? [302, android] : [200, undefined], id)
    for (const agent of ['ipad', 'desktop'] as const) assert.deepEqual(await open(id, agent), [200, undefined], id)
  }
  assert.equal(items.filter(({ ios, android }) => ios && android).length, 3)
  for (const [store, host] of [
    ['ios', 'apps.apple.com'],
    ['android', 'play.google.com'],
  ] as const)
    for (const app of items) if (app[store]) assert.equal(new URL(app[store]).host, host)
  // nothing else is led anywhere
  for (const app of ['other', 'constructor', '%2e%2e', 'https:%2f%2fevil.example', '%00'])
    assert.deepEqual(await open(app, 'iphone'), [200, undefined], app)
  assert.equal((await server.sql(`select count(*)::int as n from scan`))[0]?.n, 0)
})

for (const [language, locale] of [
  ['en', 'en-GB'],
  ['pl', 'pl-PL'],
] as const) {
  const w = wordsIn(language)
  test(`the wizard shows of the chosen app a symbol that leads a phone to its store (${language})`, async () => {
    const adam = await newPerson(server, olga, `adam-${language}`)
    const visitor = await newVisitor(chromium, { locale })
    const { page } = visitor
    await signInHere(page, server, adam, '/me')
    await page.goto(`${server.origin}/enrol`)
    await title(page, w('enrol:choose.title'))
    const box = (name: string) => page.getByRole('region', { name: w('enrol:get.title', { name }) })
    await box('Google Authenticator')
      .getByText(w('enrol:get.scan', { name: 'Google Authenticator' }))
      .waitFor()
    assert.equal(await symbolOn(page), `${server.origin}/apps/google`)
    await page.getByRole('radio', { name: /Microsoft Authenticator/ }).click()
    await box('Microsoft Authenticator').waitFor()
    assert.equal(await symbolOn(page), `${server.origin}/apps/microsoft`)
    const links = await box('Microsoft Authenticator')
      .getByRole('link')
      .evaluateAll((all) => all.map((one) => one.getAttribute('href')))
    const { items } = await adam.browser.call(contract.listAuthenticatorApps, {})
    const microsoft = items.find(({ id }) => id === 'microsoft')
    assert.deepEqual(links, [microsoft?.ios, microsoft?.android])
    // no phone is led where there is nothing for it
    await page.getByRole('radio', { name: /KeePassXC/ }).click()
    await box('KeePassXC').getByText(w('enrol:get.computer')).waitFor()
    assert.equal(await box('KeePassXC').getByRole('img').count(), 0)
    await page.getByRole('radio', { name: new RegExp(w('enrol:choose.other')) }).click()
    await box('KeePassXC').waitFor({ state: 'detached' })
    assert.equal(await page.getByRole('region').count(), 0)
    await nothingWrong(visitor)
  })

  test(`who is sent to no store finds each place of the app on a page; a phone has the way there in the wizard (${language})`, async () => {
    const visitor = await newVisitor(chromium, { locale })
    const { page } = visitor
    await page.goto(`${server.origin}/apps/1password`)
    await title(page, w('enrol:get.title', { name: '1Password' }))
    for (const kind of ['ios', 'android', 'computers'])
      await page
        .getByRole('main')
        .getByRole('link', { name: w(`enrol:get.${kind}`) })
        .waitFor()
    await page.goto(`${server.origin}/apps/keepassxc`)
    await page.getByText(w('enrol:get.noPhone', { name: 'KeePassXC' })).waitFor()
    await page.goto(`${server.origin}/apps/nothing-of-ours`)
    await title(page, w('enrol:get.unknown'))
    for (const name of ['Google Authenticator', 'KeePassXC']) await page.getByRole('link', { name, exact: true }).waitFor()
    await nothingWrong(visitor)

    const eva = await newPerson(server, olga, `eva-${language}`)
    const small = await newVisitor(chromium, { ...phone, locale })
    await signInHere(small.page, server, eva, '/me')
    await small.page.goto(`${server.origin}/enrol`)
    await title(small.page, w('enrol:choose.title'))
    const way = small.page.getByRole('link', { name: w('enrol:get.title', { name: 'Google Authenticator' }) })
    assert.equal(await way.getAttribute('href'), '/apps/google')
    // its words stand whole and in the middle, as those of a button do
    const label = way.locator('.mantine-Button-label')
    const [whole, words] = [await way.boundingBox(), await label.boundingBox()]
    assert.ok(whole && words)
    const off = whole.y + whole.height / 2 - (words.y + words.height / 2)
    const cut = await label.evaluate((it) => it.scrollHeight - it.clientHeight)
    assert.ok(Math.abs(off) < 1 && cut <= 0, `${off} px off the middle, ${cut} px cut`)
    assert.equal(await small.page.getByRole('img', { name: w('enrol:get.alt', { name: 'Google Authenticator' }) }).count(), 0)
    await nothingWrong(small)
  })
}
