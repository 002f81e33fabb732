import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import type { Locator, Page } from 'playwright-core'
import { newVisitor, openChromium } from './support/chromium.ts'
import { firstOperator, newPerson, type Person, partsOf } from './support/people.ts'
import { age, askPhone, enrolPhone, frame, scan, uuidOf } from './support/phones.ts'
import { signInHere, title, toPassword } from './support/screens.ts'
import { startServer } from './support/server.ts'
import { type Language, wordsIn } from './support/words.ts'

/** What pages say and where things stand on them in rarer states, in both languages. */
const chromium = await openChromium()
const server = await startServer()
const olga = await firstOperator(server)
const locales = { en: 'en-GB', pl: 'pl-PL' } as const

const desk = async (language: Language, path: string, person: Person = olga, options = {}) => {
  const visitor = await newVisitor(chromium, { locale: locales[language], ...options })
  await signInHere(visitor.page, server, person, path)
  return { ...visitor, w: wordsIn(language) }
}
const box = async (what: Locator) => {
  const found = await what.boundingBox()
  assert.ok(found)
  return found
}
const says = (page: Page, words: string) => page.getByText(words).first().waitFor()

test('a toast covers neither the account at the foot of the sidebar nor the bar of a selection', async () => {
  const { page, context, w } = await desk('en', '/settings/authentication')
  await page.getByLabel(w('settings:name.label'), { exact: true }).fill('Postern of Kraków')
  await page
    .locator('[data-unsaved]')
    .getByRole('button', { name: w('common:save') })
    .click()
  const toast = page.locator('.mantine-Notification-root')
  await toast.waitFor()
  const apart = async (other: Locator, what: string) => {
    const [a, b] = [await box(toast), await box(other)]
    assert.ok(
      a.x >= b.x + b.width || b.x >= a.x + a.width || a.y >= b.y + b.height || b.y >= a.y + a.height,
      `the toast at ${JSON.stringify(a)} covers ${what} at ${JSON.stringify(b)}`,
    )
  }
  await toast.hover()
  await apart(page.getByRole('button', { name: new RegExp(w('common:nav.menu')) }), 'the account')
  await page
    .getByRole('link', { name: w('users:title') })
    .first()
    .click()
  await page.getByRole('row').nth(1).getByRole('checkbox').check()
  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: 844 })
    await apart(page.getByRole('region', { name: w('users:many.label') }), `the bar of a selection at ${width} px`)
  }
  await context.close()
})

for (const language of ['en', 'pl'] as const) {
  test(`a filter of the address that cannot be read is named in plain words, and dropped alone: in ${language}`, async () => {
    const { page, context, w } = await desk(language, '/users')
    const refused = (label: string, value: string) => says(page, w('common:filter.badValue', { label, value }))
    const drop = (label: string) =>
      page
        .getByRole('main')
        .getByRole('button', { name: w('common:filter.remove', { label }) })
        .last()
    for (const [path, label, value, left] of [
      ['/events?outcome=bogus&country=PL', w('events:filter.outcome'), 'bogus', '/events?country=PL'],
      ['/events?from=yesterday&outcome=failure', w('events:filter.from'), 'yesterday', '/events?outcome=failure'],
      ['/users?role=admin&state=active', w('users:roles'), 'admin', '/users?state=active'],
      ['/codes?kind=qr&state=live', w('codes:kindTitle'), 'qr', '/codes?state=live'],
      ['/codes?from=yesterday&kind=link', w('codes:issued'), 'yesterday', '/codes?kind=link'],
      ['/devices?state=broken&q=x', w('devices:stateTitle'), 'broken', '/devices?q=x'],
      ['/sessions?userId=olga', w('users:person'), 'olga', '/sessions'],
      ['/codes/historical?origin=mars&kind=key', w('historical:origin'), 'mars', '/codes/historical?kind=key'],
      ['/brands?archived=maybe', w('brands:archive'), 'maybe', '/brands'],
    ] as const) {
      await page.goto(server.origin + path)
      await refused(label, value)
      assert.doesNotMatch(await page.getByRole('main').innerText(), /Invalid|expected|option/, path)
      await drop(label).click()
      await page.waitForURL(server.origin + left)
      await page.getByText(w('common:filter.bad')).waitFor({ state: 'detached' })
    }
    await page.goto(`${server.origin}/events?outcome=bogus`)
    await refused(w('events:filter.outcome'), 'bogus')
    await says(page, w('events:outcome.denied'))
    await context.close()
  })

  test(`who lost their only second factor is asked for a recovery code, or told that an operator helps: in ${language}`, async () => {
    const ida = await newPerson(server, olga, `ida-${language}`)
    const lost = await enrolPhone(server, olga, ida)
    await server.sql(`delete from totp where user_id = $1`, [uuidOf(ida.id)])
    await olga.browser.call(contract.reportDeviceLost, { id: lost.deviceId, reason: 'a drill' })
    await server.sql(`update authentication_settings set second_factor_roles = '{user}', second_factor_from = null`)
    const w = wordsIn(language)
    const visitor = await newVisitor(chromium, { locale: locales[language] })
    const { page } = visitor
    const withPassword = async () => {
      await page.goto(`${server.origin}/sign-in`)
      await toPassword(page)
      await page.locator('input[autocomplete^=username]').fill(ida.username)
      await page.locator('input[type=password]').fill(ida.password)
      await page.keyboard.press('Enter')
    }
    await withPassword()
    await title(page, w('sign-in:recoveryTitle'))
    // there is no other way to lead to
    assert.equal(await page.getByRole('button', { name: w('sign-in:otherWays') }).count(), 0)
    const operator = await desk(language, `/users/${ida.id}`)
    await says(operator.page, w('users:sentence.recovery-code'))
    const factors = operator.page.getByRole('definition').first()
    assert.match(await factors.innerText(), new RegExp(w('users:factor.password')))
    assert.equal(await factors.locator('svg').count(), 2, 'an icon for the password and one for the recovery codes')

    await server.sql(`delete from recovery_code where user_id = $1`, [uuidOf(ida.id)])
    await page.evaluate('sessionStorage.clear()')
    await visitor.context.clearCookies()
    await withPassword()
    await says(page, w('sign-in:passwordOnlyTitle'))
    await title(page, w('sign-in:title'))
    assert.equal(await page.locator('input').count(), 0, 'nothing is asked for that would not help')
    await operator.page.reload()
    await says(operator.page, w('users:sentence.operator'))
    assert.equal(await factors.locator('svg').count(), 1, 'an icon for the password alone')
    await server.sql(`update authentication_settings set second_factor_roles = '{}'`)
    await operator.context.close()
    await visitor.context.close()
  })

  test(`five guesses at a letter's number are told to its person and to operators, each in their own words: in ${language}`, async () => {
    const adam = await newPerson(server, olga, `adam-${language}`)
    const { code } = await olga.browser.call(contract.enrolUser, { id: adam.id, factor: 'totp', deliver: 'letter' })
    const activation = String((Number(code.activation) + 1) % 100_000_000).padStart(8, '0')
    for (let n = 0; n < 5; n++) await server.browser().try(contract.claimCode, { ...partsOf(code.url as string), activation })
    const own = await desk(language, '/me', adam)
    await says(own.page, own.w('common:notices.code-guessedOwnText'))
    assert.equal(await own.page.getByRole('link', { name: own.w('common:notices.event') }).count(), 0)
    const operator = await desk(language, '/users')
    await says(operator.page, operator.w('common:notices.code-guessedText', { subject: adam.username }))
    await own.context.close()
    await operator.context.close()
  })

  test(`the event of a code that was passed on names its cause and each of its fields in words: in ${language}`, async () => {
    const asker = server.browser()
    asker.headers['x-forwarded-for'] = '41.203.64.9'
    const screen = await askPhone(asker)
    await age(server, screen, 40)
    await server.browser().try(contract.inspectCode, { id: screen.code.id, secret: frame(screen, 2) })
    const { items } = await olga.browser.call(contract.listEvents, { codeId: screen.code.id })
    const relayed = items.find(({ type }) => type === 'code.relayed')
    const seconds = /was (\d+) s/.exec(String(relayed?.detail.why))?.[1] as string
    const { page, context, w } = await desk(language, `/events/${relayed?.id}`)
    await says(page, w('events:says.frame_n_was_n_s_old_when_it_was_opened', { first: '2', second: seconds }))
    const field = page.getByRole('term').filter({ hasText: w('events:detail.askedFrom') })
    assert.equal(await field.locator('xpath=following-sibling::dd').innerText(), 'Nigeria')
    await context.close()
  })

  test(`an event of a code stands among the others of that code, in the order in which they came: in ${language}`, async () => {
    const hana = await newPerson(server, olga, `hana-${language}`)
    const { items } = await olga.browser.call(contract.listEvents, { codeId: hana.codeId, type: 'code.claimed' })
    const { page, context, w } = await desk(language, `/events/${items[0]?.id}`)
    const story = page
      .getByRole('region')
      .or(page.locator('section'))
      .filter({ has: page.getByRole('heading', { name: w('events:whole') }) })
    await story.getByRole('listitem').first().waitFor()
    const told = (await story.getByRole('listitem').locator('b').allInnerTexts()).slice(0, 3)
    assert.deepEqual(told, [
      w('events:type.code_issued.success'),
      w('events:type.code_claimed.success'),
      w('events:type.enrolment_confirmed.success'),
    ])
    assert.equal(await story.locator('[aria-current]').locator('b').innerText(), w('events:type.code_claimed.success'))
    await story.getByText(w('events:type.code_issued.success')).click()
    await title(page, new RegExp(w('events:type.code_issued.success')))
    // what was done in a session that a code opened is not the story of that code
    const settings = await olga.browser.call(contract.listEvents, { type: 'user.created', limit: 1 })
    await page.goto(`${server.origin}/events/${settings.items[0]?.id}`)
    await title(page, /hana/)
    await page.getByText(w('events:fields')).waitFor()
    assert.equal(await page.getByRole('heading', { name: w('events:whole') }).count(), 0)
    await context.close()
  })

  test(`of many notices the first two stand open, the others one press away: in ${language}`, async () => {
    const { page, context, w } = await desk(language, '/users')
    await server.sql(`delete from notice`)
    await server.sql(`insert into notice (event_id, kind) select id, 'code-reported' from event order by id limit 5`)
    await page.reload()
    const notices = page.getByRole('region', { name: w('common:notices.title') }).getByRole('listitem')
    await notices.first().waitFor()
    assert.equal(await notices.count(), 2)
    await page
      .getByRole('button', { name: w(language === 'en' ? 'common:notices.more_other' : 'common:notices.more_few', { count: 3 }) })
      .click()
    assert.equal(await notices.count(), 5)
    await page.getByRole('button', { name: w('common:notices.fewer') }).click()
    assert.equal(await notices.count(), 2)
    await server.sql(`delete from notice`)
    await context.close()
  })
}

for (const language of ['en', 'pl'] as const)
  test(`what does not exist is said in the title, with the way back to its list: in ${language}`, async () => {
    const { page, context, w } = await desk(language, '/users')
    for (const [path, name, all] of [
      ['/users/usr_00000000000000000000000000', 'users', 'users:all'],
      ['/users/nobody', 'users', 'users:all'],
      ['/codes/cod_00000000000000000000000000', 'codes', 'codes:allCodes'],
      ['/events/evt_00000000000000000000000000', 'events', 'events:all'],
      ['/brands/brd_00000000000000000000000000', 'brands', 'brands:all'],
    ] as const) {
      await page.goto(server.origin + path)
      await title(page, w(`${name}:missing`))
      assert.equal(await page.title(), `${w(`${name}:missing`)} · Postern`)
      assert.equal(await page.getByRole('button', { name: w('common:tryAgain') }).count(), 0, path)
      await page
        .getByRole('main')
        .getByRole('link', { name: w(all) })
        .click()
      await page.waitForURL(`${server.origin}/${name}`)
    }
    await context.close()
  })

test('a fault of the server is said as its own, with the request that its log has', async () => {
  for (const language of ['en', 'pl'] as const) {
    const { page, context, w } = await desk(language, '/users')
    await page.route(/\/api\/devices(\?|$)/, (route) =>
      route.fulfill({
        status: 500,
        contentType: 'application/problem+json',
        body: JSON.stringify({ type: 'about:blank', title: 'Something went wrong here', status: 500, requestId: 'req-of-a-bug' }),
      }),
    )
    await page.goto(`${server.origin}/devices`)
    await says(page, w('common:refusal.broken.title'))
    await says(page, w('common:refusal.broken.again'))
    await says(page, 'req-of-a-bug')
    await context.close()
  }
})

test('every field of an event is in words, also the reason that somebody chose and the exact one', async () => {
  const zoe = await newPerson(server, olga, 'zoe')
  const phone = await enrolPhone(server, olga, zoe)
  const claimed = await scan(server, phone, await askPhone(server.browser()))
  await phone.browser.call(contract.declineRequest, { confirm: claimed.confirm, reason: 'declined' })
  const { items } = await olga.browser.call(contract.listEvents, { userId: zoe.id as never, limit: 200 })
  const ids = ['approval.declined', 'sign-in.phone'].map((type) => items.find((event) => event.type === type)?.id)
  const { page, context, w } = await desk('pl', '/events')
  for (const [n, [label, value]] of (
    [
      ['events:detail.reason', 'events:value.declined'],
      ['events:detail.why', 'events:says.declined_on_the_phone'],
    ] as const
  ).entries()) {
    await page.goto(`${server.origin}/events/${ids[n]}`)
    const row = page
      .getByRole('main')
      .locator('dl > div')
      .filter({ has: page.getByText(w(label), { exact: true }) })
    assert.equal(await row.getByRole('definition').innerText(), w(value))
  }
  await context.close()
})

test('what an event changed, ended and timed is in words, and not as the record writes it', async () => {
  // on a slow machine those before this one took longer than five minutes
  await server.sql(`update session set proved_at = now() where ended_at is null`)
  const put = async (staticText: boolean, linkHosts: string[]) => {
    const { version, ...now } = await olga.browser.call(contract.getCodeSettings, {})
    const body = { ...now, staticText, linkHosts, scanAddresses: staticText ? 'full' : 'truncated' } as const
    await olga.browser.call(contract.putCodeSettings, body, { headers: { 'if-match': `"${version}"` } })
  }
  await put(false, ['example.org'])
  await put(true, [])
  const settings = await olga.browser.try(contract.getAuthenticationSettings, {})
  const { version: _, withoutSecondFactor: __, defaultsWarning: ___, ...now } = settings.value
  const limits = { startsPerMinute: 200, failuresPerMinute: 100 }
  await olga.browser.call(
    contract.putAuthenticationSettings,
    { ...now, addressLimits: limits, secondFactor: { roles: ['owner'], from: '2099-01-01T00:00:00.000Z' } },
    { headers: { 'if-match': settings.headers.get('etag') as string } },
  )
  const { version, id } = await olga.browser.call(contract.createCode, {
    kind: 'link',
    label: 'Gate 9',
    destination: { type: 'url', url: 'https://www.example.org/' },
  })
  const change = { id, destination: { type: 'text', text: 'Ring twice' }, label: 'Bell' } as const
  await olga.browser.call(contract.updateCode, change, { headers: { 'if-match': `"${version}"` } })
  const xena = await newPerson(server, olga, 'xena')
  const phone = await enrolPhone(server, olga, xena)
  await olga.browser.call(contract.reportDeviceLost, { id: phone.deviceId, reason: 'zgubiony' })
  await server.browser().call(contract.reportCode, { content: 'https://evil.example/c/1', where: 'a wall' })
  const { items } = await olga.browser.call(contract.listEvents, { limit: 40 })
  const shown = items.filter(({ type }) => ['settings.changed', 'code.edited', 'device.lost', 'code.issued'].includes(type))
  assert.ok(shown.length > 5)
  for (const language of ['en', 'pl'] as const) {
    const { page, context, w } = await desk(language, '/events')
    for (const event of shown) {
      await page.goto(`${server.origin}/events/${event.id}`)
      const fields = page.getByRole('main').locator('section', { has: page.getByRole('heading', { name: w('events:fields') }) })
      await fields.getByRole('definition').first().waitFor()
      // names of the record's own are in two words written as one; its values are JSON, and instants of machines
      assert.doesNotMatch(await fields.innerText(), /\b[a-z]+[A-Z]|["[\]{}]|\dT\d\d:/, `${event.type} (${language})`)
    }
    await page.goto(`${server.origin}/events/${items.find(({ type }) => type === 'code.reported')?.id}`)
    await says(page, w('check:reason.foreign'))
    await context.close()
  }
  await server.sql(`update authentication_settings set second_factor_roles = '{user}', second_factor_from = null`)
})

test('a refusal that this page has no words of is said as one that went wrong', async () => {
  const { page, context } = await newVisitor(chromium)
  await page.route('**/api/sign-ins', (route) =>
    route.fulfill({
      status: 418,
      contentType: 'application/problem+json',
      body: JSON.stringify({ type: '/api/docs#teapot', title: 'A teapot', status: 418, code: 'teapot', requestId: 'none' }),
    }),
  )
  await page.goto(`${server.origin}/sign-in`)
  await says(page, wordsIn('en')('common:refusal.bug.title'))
  assert.doesNotMatch(await page.getByRole('main').innerText(), /refusal\./)
  await context.close()
})

test('a person’s devices: what can be done with one stands in one line, on a desk and on a phone', async () => {
  const dora = await newPerson(server, olga, 'dora')
  await enrolPhone(server, olga, dora)
  const { page, context, w } = await desk('en', `/users/${dora.id}`)
  const row = page
    .getByRole('table', { name: w('devices:title') })
    .getByRole('row')
    .last()
  for (const width of [1280, 390, 360]) {
    await page.setViewportSize({ width, height: 844 })
    const middles = []
    for (const what of [
      row.getByText(w('devices:events'), { exact: true }),
      row.getByText(w('devices:codes'), { exact: true }),
      row.getByText(w('devices:lost.verb'), { exact: true }),
      row.getByText(w('devices:revoke.verb'), { exact: true }),
    ]) {
      const { y, height } = await box(what)
      middles.push(y + height / 2)
    }
    assert.ok(Math.max(...middles) - Math.min(...middles) < 3, `${middles} at ${width} px`)
  }
  await context.close()
})

test('where the server does not answer, the page of one’s phones speaks of them and of no code', async () => {
  const { page, context } = await newVisitor(chromium, { viewport: { width: 390, height: 844 } })
  await page.route('**/api/**', (route) => route.abort())
  await page.goto(`${server.origin}/phone/me`)
  await title(page, wordsIn('en')('phone:unreachable.title'))
  await says(page, wordsIn('en')('phone:me.unreachable'))
  assert.doesNotMatch(await page.getByRole('main').innerText(), /code/)
  await context.close()
})

test('on a phone in Polish what can be done with a person stands two and two, and each state in one line', async () => {
  const eva = await newPerson(server, olga, 'eva')
  await enrolPhone(server, olga, eva)
  const { page, context, w } = await desk('pl', `/users/${eva.id}`, olga, { viewport: { width: 390, height: 844 } })
  await says(page, w('users:sentence.both'))
  const boxes = []
  for (const key of ['users:edit', 'users:move.suspend.verb', 'users:move.offboard.verb', 'users:enrol'])
    boxes.push(await box(page.getByRole('button', { name: w(key), exact: true })))
  const [edit, suspend, end, enrol] = boxes as [(typeof boxes)[0], (typeof boxes)[0], (typeof boxes)[0], (typeof boxes)[0]]
  assert.deepEqual([edit.y, edit.x, suspend.x], [suspend.y, end.x, enrol.x])
  assert.equal(end.y, enrol.y)
  await page.getByRole('button', { name: w('users:enrol'), exact: true }).click()
  await page
    .getByRole('dialog')
    .getByRole('button', { name: w('users:enrolIssue') })
    .click()
  const steps = page.getByRole('dialog').getByRole('list').first().getByRole('listitem')
  await steps.first().waitFor()
  for (const step of await steps.all()) assert.ok((await box(step)).height < 24)
  await context.close()
})

test('who closes what is handed over is told what they will not see again: the address, or a letter and its number', async () => {
  const fay = await olga.browser.call(contract.createUser, { username: 'fay' })
  const { page, context, w } = await desk('pl', `/users/${fay.id}`)
  const dialogue = page.getByRole('dialog')
  const inside = (key: string) => dialogue.getByRole('button', { name: w(key), exact: true }).last()
  for (const [way, words] of [
    ['users:byScreen', 'users:leaveText'],
    ['users:byLetter', 'users:leaveLetter'],
  ] as const) {
    await page.getByRole('button', { name: w('users:enrol'), exact: true }).click()
    await dialogue.getByRole('radio', { name: w(way) }).check()
    await inside('users:enrolIssue').click()
    await dialogue.getByRole('list').first().waitFor()
    await page.keyboard.press('Escape')
    await says(page, w(words))
    await inside('users:leave').click()
    await dialogue.waitFor({ state: 'detached' })
  }
  await context.close()
})

test('on a phone what is wrong in a file stands whole on the screen, each cell under its column’s name', async () => {
  const { page, context, w } = await desk('pl', '/users/import', olga, { viewport: { width: 360, height: 844 } })
  const csv = 'username,displayName,email,roles\nx,,nobody,emperor\n'
  await page
    .getByLabel(w('bulk:import.file'), { exact: true })
    .setInputFiles({ name: 'people.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) })
  await page.getByRole('button', { name: w('bulk:import.check') }).click()
  const rows = page.getByRole('region', { name: w('bulk:import.rows') }).first()
  await rows
    .getByText(/emperor/)
    .last()
    .waitFor()
  const [scrolls, names] = (await rows.evaluate((region) => [
    region.scrollWidth - region.clientWidth,
    [...region.querySelectorAll('td')].filter((cell) => cell.checkVisibility()).map((cell) => cell.getAttribute('data-name')),
  ])) as [number, string[]]
  assert.deepEqual([scrolls, names], [0, ['username', 'email', 'roles']])
  await context.close()
})

test('of the tabs of codes one is the current one', async () => {
  const { page, context, w } = await desk('en', '/codes?state=live')
  const tabs = page.getByRole('navigation', { name: w('codes:states') })
  await tabs.getByText(w('codes:state.live')).waitFor()
  assert.deepEqual(
    await tabs.locator('[aria-current]').evaluateAll((all) => all.map(({ textContent }) => textContent?.replace(/\d+/, ''))),
    [w('codes:state.live')],
  )
  await tabs.getByText(w('codes:all')).click()
  await page.waitForURL(`${server.origin}/codes`)
  assert.equal(await tabs.locator('[aria-current]').count(), 1)
  await context.close()
})

test('on a phone the tab that an address chooses is in view', async () => {
  const { page, context, w } = await desk('pl', '/codes?state=revoked', olga, { viewport: { width: 360, height: 844 } })
  const tab = page.getByRole('navigation', { name: w('codes:states') }).getByText(w('codes:state.revoked'))
  await tab.waitFor()
  const { x, width } = await box(tab)
  assert.ok(x >= 0 && x + width <= 360, `it stands from ${x} to ${x + width}`)
  await context.close()
})

test('the name of each shape stays inside its tile, in both languages', async () => {
  for (const language of ['en', 'pl'] as const) {
    const { page, context, w } = await desk(language, '/brands')
    await page.getByRole('link', { name: w('brands:make') }).click()
    const tiles = page.locator('fieldset label:has(input[type=radio])')
    await tiles.first().waitFor()
    const wider = await tiles.evaluateAll((all) =>
      all.filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth).map(({ textContent }) => textContent),
    )
    assert.deepEqual(wider, [], language)
    await context.close()
  }
})

test('a new kit keeps the place of its symbol until it is drawn', async () => {
  const { page, context, w } = await desk('en', '/brands')
  let draw = () => {}
  const drawn = new Promise<void>((resolve) => {
    draw = resolve
  })
  await page.route('**/api/brands/preview', async (route) => {
    await drawn
    await route.continue()
  })
  await page.getByRole('link', { name: w('brands:make') }).click()
  const stage = page.getByRole('region', { name: w('brands:preview') })
  const captions = stage.getByText(w('brands:caption.wall'))
  await captions.waitFor()
  const before = await box(captions)
  draw()
  await stage.getByRole('img').first().waitFor()
  const after = await box(captions)
  assert.ok(Math.abs(before.y - after.y) < 3, `the symbol moved what is below it from ${before.y} to ${after.y}`)
  await context.close()
})
