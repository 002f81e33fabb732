import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import { unzipSync } from 'fflate'
import type { Locator, Page } from 'playwright-core'
import { raw, said } from './support/attack.ts'
import { eventually, newVisitor, openChromium, overflow, readSymbols, symbolOn, type Visitor } from './support/chromium.ts'
import { firstOperator, newPerson, type Person, partsOf } from './support/people.ts'
import { phone, press, signInHere, title } from './support/screens.ts'
import { startServer } from './support/server.ts'
import { wordsIn } from './support/words.ts'

/** What operators do with codes on their pages, and what a phone that scans one meets meanwhile. */
const chromium = await openChromium()
const server = await startServer()
const olga = await firstOperator(server)

const scan = async (id: string) => {
  const answer = await raw(server.origin, 'GET', `/c/${id}`, { headers: { 'user-agent': phone.userAgent } })
  return { status: answer.status, to: answer.headers.location, text: answer.text }
}
const link = (label: string, more: Partial<contract.CallIn<typeof contract.createCode>> = {}) =>
  olga.browser.call(contract.createCode, {
    kind: 'link',
    label,
    destination: { type: 'url', url: 'https://www.example.org/a' },
    ...more,
  })
const idOn = async (page: Page): Promise<string> => {
  await page.waitForURL(/\/codes\/cod_/)
  return new URL(page.url()).pathname.split('/').at(-1) as string
}
const desk = async (path: string, person: Person = olga, options = {}): Promise<Visitor> => {
  const visitor = await newVisitor(chromium, options)
  await signInHere(visitor.page, server, person, path)
  return visitor
}
const dialog = (page: Page, name: string | RegExp) => page.getByRole('dialog', { name })
const done = async ({ complaints, context }: Visitor) => {
  assert.deepEqual(complaints, [])
  await context.close()
}
const focused = (target: Locator) =>
  eventually(() => target.evaluate((it) => it === it.ownerDocument.activeElement), Boolean, `no focus on ${target}`)

test('a link is issued, leads elsewhere, goes back, is revoked and issued again, and its print is scanned after each', async () => {
  const visitor = await desk('/codes')
  const { page } = visitor
  await page.getByRole('link', { name: 'Issue code' }).first().click()
  await title(page, 'Issue code')
  // what one begins with is never static
  assert.equal(await page.getByRole('radio', { name: 'A link that I can change later' }).isChecked(), true)
  // what is missing is said where it is missing
  await press(page, 'Issue code')
  await page.getByText('This is needed.').waitFor()
  await page.getByLabel('Name').fill('Visitor safety')
  await page.getByLabel('Address').fill('javascript:alert(1)')
  await page.getByLabel('Scan limit').fill('100')
  await press(page, 'Issue code')
  await page.getByText('An address that starts with http:// or https://').waitFor()
  assert.deepEqual(
    [await page.getByLabel('Name').inputValue(), await page.getByLabel('Scan limit').inputValue()],
    ['Visitor safety', '100'],
  )
  // leaving asks; staying keeps everything
  await page.getByRole('link', { name: 'Codes' }).first().click()
  await dialog(page, 'Leave without saving?').getByRole('button', { name: 'Cancel' }).click()
  await page.getByLabel('Address').fill('www.example.org/safety')
  await press(page, 'Issue code')
  await title(page, 'Visitor safety')
  const id = await idOn(page)
  assert.equal((await scan(id)).to, 'https://www.example.org/safety')

  await press(page, 'Edit destination')
  await dialog(page, 'Edit destination').getByLabel('Address').fill('https://www.example.org/safety-2027')
  await dialog(page, 'Edit destination').getByRole('button', { name: 'Save' }).click()
  await page.getByRole('main').getByText('https://www.example.org/safety-2027').first().waitFor()
  assert.equal((await scan(id)).to, 'https://www.example.org/safety-2027')
  // what can be taken back is, by one press
  await press(page, 'Undo')
  await page.getByText('Taken back').waitFor()
  assert.equal((await scan(id)).to, 'https://www.example.org/safety')

  await page.getByText('3, destination').waitFor()
  await page.getByRole('button', { name: 'Go back to this version 2' }).click()
  const back = dialog(page, 'Go back to version 2?')
  assert.deepEqual(await back.getByRole('row').nth(1).getByRole('cell').allInnerTexts(), [
    'https://www.example.org/safety',
    'https://www.example.org/safety-2027',
  ])
  await back.getByRole('button', { name: 'Go back to version 2' }).click()
  await page.getByText('4, destination').waitFor()
  assert.equal((await scan(id)).to, 'https://www.example.org/safety-2027')

  await press(page, 'Revoke')
  const revoking = dialog(page, 'Revoke this code?')
  await focused(revoking.getByRole('button', { name: 'Cancel' }))
  await revoking.getByLabel('Reason').fill('the page was taken over')
  await revoking.getByRole('button', { name: 'Revoke' }).click()
  await page.getByText('It leads nowhere').waitFor()
  assert.equal((await scan(id)).status, 410)
  assert.equal(await page.getByRole('button', { name: 'Edit destination' }).count(), 0)

  await press(page, 'Re-issue')
  await dialog(page, 'Re-issue this code?').getByLabel('Address').fill('https://safe.example.org/')
  await dialog(page, 'Re-issue this code?').getByRole('button', { name: 'Re-issue' }).click()
  await page.waitForURL((url) => !url.pathname.endsWith(id))
  await page.getByText('https://safe.example.org/').first().waitFor()
  // the very symbol that was printed first
  assert.equal((await scan(id)).to, 'https://safe.example.org/')
  await page.goto(`${server.origin}/codes/${id}`)
  await page.getByText('A new code took its place').waitFor()
  assert.equal(await page.getByRole('button', { name: /^(Re-issue|Revoke)$/ }).count(), 0)
  await page.getByRole('link', { name: 'Open the new code' }).click()
  await page.getByText('It works for everybody who scans it.').waitFor()
  await done(visitor)
})

test('on a phone, in Polish: a text is issued, edited and revoked, and nothing is too wide', async () => {
  const w = wordsIn('pl')
  const visitor = await desk('/codes/new', olga, { ...phone, locale: 'pl-PL' })
  const { page } = visitor
  const button = (key: string) => page.getByRole('button', { name: w(key), exact: true })
  await title(page, w('codes:new.issue'))
  await page.getByRole('radio', { name: w('codes:wish.text.name') }).check()
  await page.getByLabel(w('codes:label')).fill('Brama 4')
  await page
    .getByLabel(new RegExp(`^${w('codes:leads.text')}`))
    .last()
    .fill('Zadzwoń dwa razy')
  assert.equal(await overflow(page), 0)
  await button('codes:new.issue').click()
  await title(page, 'Brama 4')
  const id = await idOn(page)
  assert.match((await scan(id)).text, /Zadzwoń dwa razy/)
  await button('codes:leads.editText').click()
  await page
    .getByRole('dialog')
    .getByLabel(new RegExp(`^${w('codes:leads.text')}`))
    .fill('Zadzwoń raz')
  await page
    .getByRole('dialog')
    .getByRole('button', { name: w('common:save') })
    .click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  assert.match((await scan(id)).text, /Zadzwoń raz/)
  assert.equal(await overflow(page), 0)
  await button('codes:revoke').click()
  await page.getByRole('dialog').getByLabel(w('common:confirm.reason')).fill('koniec')
  await page
    .getByRole('dialog')
    .getByRole('button', { name: w('codes:revoke') })
    .click()
  await page.getByText(w('codes:meansLink.revoked')).waitFor()
  await done(visitor)
})

test('of two who edit one code the second is shown what the first saved, and loses nothing that was typed', async () => {
  const code = await link('Runbook')
  const visitor = await desk(`/codes/${code.id}`)
  const { page } = visitor
  await press(page, 'Edit')
  const editing = dialog(page, 'Edit this code')
  await editing.getByLabel('Scan limit').fill('7')
  await olga.browser.call(
    contract.updateCode,
    { id: code.id, label: 'Runbook, substation 4' },
    { headers: { 'if-match': '"1"' } },
  )
  await editing.getByRole('button', { name: 'Save' }).click()
  await editing.getByText('Name: Runbook is now Runbook, substation 4').waitFor()
  assert.equal(await editing.getByLabel('Scan limit').inputValue(), '7')
  await editing.getByRole('button', { name: 'Keep what I changed, take the rest' }).click()
  assert.equal(await editing.getByLabel('Name').inputValue(), 'Runbook, substation 4')
  await editing.getByRole('button', { name: 'Save' }).click()
  const now = await eventually(
    () => olga.browser.call(contract.getCode, { id: code.id }),
    ({ version }) => version === 3,
    'not saved',
  )
  await editing.waitFor({ state: 'detached' })
  assert.deepEqual([now.label, now.scanLimit, now.version], ['Runbook, substation 4', 7, 3])
  // an end that comes before the start is said at its field
  await press(page, 'Edit')
  await editing.getByLabel('Ends').fill('2020-01-01T10:00')
  await editing.getByRole('button', { name: 'Save' }).click()
  await editing.getByText('This is in the past.').waitFor()
  await done(visitor)
})

test('a code that authenticates is issued again with a secret that is shown once; leaving warns; the old one is dead', async () => {
  const bea = await olga.browser.call(contract.createUser, { username: 'bea' })
  const { code } = await olga.browser.call(contract.enrolUser, { id: bea.id, factor: 'totp' })
  const visitor = await desk(`/codes/${code.id}`)
  const { page } = visitor
  await page.getByText('Shown once, when it was issued').waitFor()
  // it ends within 14 days, whatever is typed; its name is its person's
  await press(page, 'Edit')
  const editing = dialog(page, 'Edit this code')
  assert.equal(await editing.getByLabel('Name').count(), 0)
  await editing.getByLabel('Ends').fill('2999-01-01T10:00')
  await editing.getByRole('button', { name: 'Save' }).click()
  await editing.getByText('A code that authenticates ends within 14 days.').waitFor()
  await editing.getByRole('button', { name: 'in 7 days' }).click()
  await editing.getByRole('button', { name: 'Save' }).click()
  await page.getByText('2, end').waitFor()
  await press(page, 'Re-issue')
  await dialog(page, 'Re-issue this code?').getByRole('button', { name: 'Re-issue' }).click()
  const handing = dialog(page, 'Set up, bea')
  const url = await handing.getByText(/\/c\/cod_/).innerText()
  assert.equal(await symbolOn(handing), url)
  const claim = (address: string) => server.browser().try(contract.claimCode, partsOf(address) as never)
  assert.equal(said(await claim(code.url as string)), 'code-revoked')
  await page.keyboard.press('Escape')
  await handing.getByText(wordsIn('en')('users:leaveText')).waitFor()
  await handing.getByRole('button', { name: 'Stay' }).click()
  await page.keyboard.press('Escape')
  await handing.getByRole('button', { name: 'Close' }).last().click()
  await page.waitForURL(new RegExp(partsOf(url).id))
  assert.doesNotMatch(await page.content(), new RegExp(partsOf(url).secret))
  assert.equal(said(await claim(url)), '200')
  await done(visitor)
})

test('five wrong activation numbers are told as such in the events and on the first page', async () => {
  const una = await olga.browser.call(contract.createUser, { username: 'una' })
  const { code } = await olga.browser.call(contract.enrolUser, { id: una.id, factor: 'totp', deliver: 'letter' })
  for (let n = 1; n <= 5; n++) {
    const activation = String((Number(code.activation) + n) % 100_000_000).padStart(8, '0')
    assert.equal(
      said(await server.browser().try(contract.claimCode, { ...partsOf(code.url as string), activation })),
      'factor-wrong',
    )
  }
  const visitor = await desk(`/events?codeId=${code.id}`)
  const { page } = visitor
  await page.getByText('A code was revoked after five wrong activation numbers').waitFor()
  assert.equal(await page.getByText('A code was claimed with a wrong activation number').count(), 5)
  assert.equal(await page.getByText('wrong secret').count(), 0)
  await page.goto(`${server.origin}/`)
  await page.getByText('Somebody guessed at an activation number').waitFor()
  await page.getByText('The code by letter for una was tapped').waitFor()
  await done(visitor)
})

test('what went by letter goes by letter again, as long as before, with a number of its own that is shown once', async () => {
  const ewa = await olga.browser.call(contract.createUser, { username: 'ewa' })
  const { code } = await olga.browser.call(contract.enrolUser, { id: ewa.id, factor: 'totp', deliver: 'letter' })
  const visitor = await desk(`/codes/${code.id}`)
  const { page } = visitor
  await press(page, 'Re-issue')
  const asking = dialog(page, 'Re-issue this code?')
  assert.equal(await asking.getByLabel('Minutes it is good for').inputValue(), '20160')
  await asking.getByRole('button', { name: 'Re-issue' }).click()
  const handing = dialog(page, 'Set up, ewa')
  const number = (await handing.getByText(/^\d{4} \d{4}$/).innerText()).replace(' ', '')
  assert.notEqual(number, code.activation)
  const coming = page.waitForEvent('download')
  await handing.getByRole('button', { name: 'Download the letter' }).click()
  const letter = Buffer.concat(await (await (await coming).createReadStream()).toArray())
  assert.equal(letter.subarray(0, 5).toString(), '%PDF-')
  await handing.getByRole('button', { name: 'Done' }).click()
  await handing.getByRole('button', { name: 'Close' }).last().click()
  await page.waitForURL((url) => !url.pathname.endsWith(code.id))

  // as long as before counts from the start, where there is one
  const eve = await olga.browser.call(contract.createUser, { username: 'eve' })
  const later = await olga.browser.call(contract.enrolUser, {
    id: eve.id,
    factor: 'totp',
    expiresInMinutes: 90,
    notBefore: new Date(Date.now() + 86_400_000).toISOString(),
  })
  await page.goto(`${server.origin}/codes/${later.code.id}`)
  await press(page, 'Re-issue')
  assert.equal(await asking.getByLabel('Minutes it is good for').inputValue(), '90')
  await page.keyboard.press('Escape')

  // from the list too: on the screen, and never on the paper that the symbol is printed on
  await page.goto(`${server.origin}/codes?q=ewa&state=live`)
  await page.getByRole('checkbox', { name: 'Select Set up, ewa' }).check()
  await page.getByRole('region', { name: 'Selected codes' }).getByRole('button', { name: 'Re-issue' }).click()
  await dialog(page, 'Re-issue 1 code?').getByRole('button', { name: 'Re-issue 1 code' }).click()
  const sheet = dialog(page, '1 code re-issued')
  const shown = sheet.getByText(/^\d{4} \d{4}$/)
  await shown.waitFor()
  await page.emulateMedia({ media: 'print' })
  assert.equal(await shown.isVisible(), false)
  await page.emulateMedia({ media: 'screen' })
  await page.keyboard.press('Escape')
  await sheet.getByRole('button', { name: 'Close for good' }).click()
  await done(visitor)
})

test('rows are selected by keyboard alone; more than ten are revoked by their number, and what may not be is named', async () => {
  const opal = await newPerson(server, olga, 'opal', ['operator'])
  const boss = await olga.browser.call(contract.createUser, { username: 'boss', roles: ['owner'] })
  await olga.browser.call(contract.enrolUser, { id: boss.id, factor: 'totp' })
  for (let n = 11; n > 0; n--) await link(`Sign ${n}`)
  const visitor = await desk('/codes?q=Sign', opal)
  const { page } = visitor
  const bar = page.getByRole('region', { name: 'Selected codes' })
  await page.getByRole('row').nth(11).waitFor()
  const first = page.getByRole('link', { name: /^Sign 1 / })
  await first.focus()
  await page.keyboard.press('Space')
  await bar.getByText('1 selected').waitFor()
  await page.keyboard.press('ArrowDown')
  await focused(page.getByRole('link', { name: /^Sign 2 / }))
  await page.keyboard.press('x')
  await bar.getByText('2 selected').waitFor()
  await page.keyboard.press('x')
  await bar.getByText('1 selected').waitFor()
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('Shift+ArrowDown')
  await page.keyboard.press('Shift+ArrowDown')
  await bar.getByText('3 selected').waitFor()
  await page.getByRole('link', { name: /^Sign 6 / }).focus()
  await page.keyboard.press('x')
  await page.getByRole('link', { name: /^Sign 9 / }).focus()
  await page.keyboard.press('Shift+Space')
  await bar.getByText('7 selected').waitFor()
  await bar.getByRole('button', { name: 'Clear the selection' }).press('Enter')
  await bar.waitFor({ state: 'detached' })

  // under another filter nothing is selected that cannot be seen
  await first.focus()
  await page.keyboard.press('Space')
  await page.goto(`${server.origin}/codes?state=live`)
  await page.getByRole('row').nth(12).waitFor()
  assert.equal(await bar.count(), 0)
  await page.getByRole('checkbox', { name: /^Select Sign 1$/ }).check()
  await bar.getByRole('button', { name: /^Select all \d+ that match$/ }).click()
  const count = await eventually(
    async () => Number(/\d+/.exec(await bar.getByRole('status').innerText())?.[0]),
    (selected) => selected >= 12,
    'not all are selected',
  )
  await bar.getByRole('button', { name: 'Revoke' }).click()
  const revoking = dialog(page, `Revoke ${count} codes?`)
  await focused(revoking.getByRole('button', { name: 'Cancel' }))
  await revoking.getByLabel('Reason').fill('the printer was stolen')
  const act = revoking.getByRole('button', { name: `Revoke ${count} codes` })
  assert.equal(await act.isDisabled(), true)
  await revoking.getByLabel(`Type ${count} to go on`).fill(String(count))
  await act.click()
  const told = dialog(page, `${count - 1} codes revoked`)
  await told.getByText('1 could not be done').waitFor()
  const coming = page.waitForEvent('download')
  await told
    .getByRole('button', { name: /failed|1/ })
    .first()
    .click()
  const file = await (await coming).createReadStream()
  assert.match(Buffer.concat(await file.toArray()).toString(), /cod_\w+,not-allowed,The code is for a person with more rights/)
  await told.getByRole('button', { name: 'Close' }).last().click()
  await bar.waitFor({ state: 'detached' })
  const { states } = await olga.browser.call(contract.countCodes, { q: 'Sign' })
  assert.deepEqual([states.live, states.revoked], [0, 11])

  // issued again, their symbols are as they were printed; an enrolment code's is new and shown this once
  await page.goto(`${server.origin}/codes?q=Sign&state=revoked`)
  await page.getByRole('checkbox', { name: 'Select Sign 3' }).check()
  await page.getByRole('checkbox', { name: 'Select Sign 5' }).click({ modifiers: ['Shift'] })
  await bar.getByRole('button', { name: 'Re-issue' }).click()
  await dialog(page, 'Re-issue 3 codes?').getByRole('button', { name: 'Re-issue 3 codes' }).click()
  await dialog(page, '3 codes re-issued').getByRole('button', { name: 'Close' }).last().click()
  const again = await olga.browser.call(contract.listCodes, { q: 'Sign', state: 'live' })
  assert.deepEqual(again.items.map(({ label }) => label).sort(), ['Sign 3', 'Sign 4', 'Sign 5'])

  // all that match, by what is asked for and not by what is loaded, is a job that goes on by itself
  await page.goto(`${server.origin}/codes?q=Sign&state=live`)
  await page.getByRole('checkbox', { name: 'Select Sign 3' }).check()
  await bar.getByRole('button', { name: 'Select all 3 that match' }).click()
  await bar.getByText('3 selected').waitFor()
  await bar.getByRole('button', { name: 'Re-issue' }).click()
  const asking = dialog(page, 'Re-issue 3 codes?')
  await asking.getByText('It runs as a job').waitFor()
  await asking.getByRole('button', { name: 'Re-issue 3 codes' }).click()
  await title(page, 'Bulk jobs')
  await eventually(
    () => olga.browser.call(contract.listCodes, { q: 'Sign', state: 'live' }),
    ({ items }) => items.length === 3 && items.every(({ id }) => !again.items.some((before) => before.id === id)),
    'the job does not come to its end',
  )
  await done(visitor)
})

test('one change to many sets what is ticked, as a job, and leaves the rest of each code and those that are over', async () => {
  const boards = [await link('Board 1'), await link('Board 2'), await link('Board 3')]
  await olga.browser.call(contract.revokeCode, { id: (await link('Board 4')).id, reason: 'taken down' })
  const visitor = await desk('/codes?q=Board')
  const { page } = visitor
  await page.getByRole('checkbox', { name: 'Select all rows that are shown' }).check()
  await page.getByRole('region', { name: 'Selected codes' }).getByRole('button', { name: 'Edit' }).click()
  const editing = dialog(page, 'Edit 3 codes')
  await focused(editing.getByRole('button', { name: 'Cancel' }))
  await editing.getByText('1 is left out').waitFor()
  const act = editing.getByRole('button', { name: 'Edit 3 codes' })
  assert.equal(await act.isDisabled(), true)
  await editing.getByRole('checkbox', { name: 'Destination' }).check()
  await editing.getByLabel('Address').fill('javascript:alert(1)')
  await editing.getByRole('checkbox', { name: 'Scan limit' }).check()
  await editing.getByRole('textbox', { name: 'Scan limit' }).fill('500')
  await act.click()
  await editing.getByText('An address that starts with http:// or https://').waitFor()
  await editing.getByLabel('Address').fill('www.example.org/boards')
  await act.click()
  await title(page, 'Bulk jobs')
  await page.getByRole('row', { name: /Edit 3 codes.*3 of 3/ }).waitFor()
  for (const { id, label } of boards) {
    const now = await olga.browser.call(contract.getCode, { id })
    assert.deepEqual(
      [now.label, now.destination, now.scanLimit, now.expiresAt, now.version],
      [label, { type: 'url', url: 'https://www.example.org/boards' }, 500, null, 2],
    )
  }
  await done(visitor)
})

for (const [language, locale, several] of [
  ['en', 'en-GB', 'other'],
  ['pl', 'pl-PL', 'few'],
] as const)
  test(`where nothing of a selection can be revoked, edited or issued again, its dialogue says so, and why (${language})`, async () => {
    const w = wordsIn(language)
    const name = `Spent ${language}`
    for (const at of [1, 2]) {
      const { id } = await olga.browser.call(contract.createCode, {
        kind: 'static',
        label: `${name} ${at}`,
        destination: { type: 'text', text: 'Ring twice' },
      })
      await olga.browser.call(contract.revokeCode, { id, reason: 'taken down' })
    }
    const visitor = await desk(`/codes?q=${encodeURIComponent(name)}`, olga, { locale })
    const { page } = visitor
    const static1 = page.getByRole('row').filter({ hasText: `${name} 1` })
    await static1.getByText(w('codes:notCounted')).waitFor()
    assert.equal(await static1.getByText(w('codes:notOpened'), { exact: true }).count(), 0)
    const bar = page.getByRole('region', { name: w('codes:many.label') })
    const askedOf = async (count: 'one' | typeof several) => {
      for (const act of ['revoke', 'edit', 'reissue'] as const) {
        await bar.getByRole('button', { name: w(act === 'edit' ? 'codes:edit.verb' : `codes:${act}`), exact: true }).click()
        const told = dialog(page, w(`codes:many.${act}Nothing`))
        await told.getByText(w(`codes:many.${act}None_${count}`)).waitFor()
        // there is nothing to fill in or to confirm
        const buttons = told.getByRole('button', { name: w('common:close'), exact: true })
        assert.deepEqual([await told.getByRole('button').count(), await told.getByRole('textbox').count()], [2, 0])
        await focused(buttons.last())
        await buttons.last().click()
        await told.waitFor({ state: 'detached' })
      }
    }
    await page.getByRole('checkbox', { name: new RegExp(`${name} 1`) }).check()
    await askedOf('one')
    // the same of all that match, which the server counts
    await bar.getByRole('button', { name: w(`codes:many.selectAll_${several}`, { count: 2 }) }).click()
    await askedOf(several)
    await done(visitor)
  })

test('link codes are printed together as they are; what authenticates is left out, and said', async () => {
  const posters = [await link('Poster 1'), await link('Poster 2')]
  const { id } = await olga.browser.call(contract.createUser, { username: 'poster-person' })
  await olga.browser.call(contract.enrolUser, { id, factor: 'totp' })
  const visitor = await desk('/codes?q=poster')
  const { page } = visitor
  const bar = page.getByRole('region', { name: 'Selected codes' })
  await page.getByRole('checkbox', { name: /poster-person/ }).check()
  await bar.getByRole('button', { name: 'Print' }).click()
  const none = dialog(page, 'None of these can be printed')
  await none.getByText('It authenticates, and only a hash of its secret is kept').waitFor()
  assert.equal(await none.getByRole('button', { name: 'Print' }).count(), 0)
  await none.getByRole('button', { name: 'Close' }).last().click()
  await page.getByRole('checkbox', { name: 'Select all rows that are shown' }).check()
  await bar.getByRole('button', { name: 'Print' }).click()
  const printing = dialog(page, 'Print 2 codes')
  await focused(printing.getByRole('button', { name: 'Cancel' }))
  await printing.getByRole('checkbox', { name: 'PDF' }).uncheck()
  await printing.getByRole('checkbox', { name: 'PNG' }).uncheck()
  assert.equal(await printing.getByRole('button', { name: 'Print 2 codes' }).isDisabled(), true)
  await printing.getByRole('checkbox', { name: 'PNG' }).check()
  await printing.getByRole('button', { name: 'Print 2 codes' }).click()
  await title(page, 'Bulk jobs')
  const coming = page.waitForEvent('download')
  await page
    .getByRole('row', { name: /Print 2 codes.*2 of 2/ })
    .getByRole('button', { name: /Download the codes, once/ })
    .click()
  const files = unzipSync(Buffer.concat(await (await (await coming).createReadStream()).toArray()))
  const pictures = Object.keys(files).filter((name) => name.endsWith('.png'))
  assert.deepEqual(Object.keys(files).length, 3, 'the index and two pictures')
  const read = pictures.flatMap((name) => readSymbols(Buffer.from(files[name] as Uint8Array)))
  assert.deepEqual(read.sort(), posters.map(({ url }) => url).sort())
  for (const { id, version } of posters) assert.equal((await olga.browser.call(contract.getCode, { id })).version, version)
  await done(visitor)
})

test('enrolment codes are issued to the people who are selected, or to all that match, and fetched once', async () => {
  const names = ['wanda', 'wera', 'wit'].map((name) => `${name}-team`)
  const [, , wit] = await Promise.all(names.map((username) => olga.browser.call(contract.createUser, { username })))
  await olga.browser.call(contract.suspendUser, { id: wit?.id as string })
  const visitor = await desk('/users?q=-team')
  const { page } = visitor
  const bar = page.getByRole('region', { name: 'Selected people' })
  const fetched = async (row: RegExp) => {
    await title(page, 'Bulk jobs')
    const coming = page.waitForEvent('download')
    await page
      .getByRole('row', { name: row })
      .first()
      .getByRole('button', { name: /Download the codes, once/ })
      .click()
    const files = unzipSync(Buffer.concat(await (await (await coming).createReadStream()).toArray()))
    const [, ...lines] = new TextDecoder().decode(files['index.csv']).trimEnd().split('\r\n')
    return { files: Object.keys(files).sort(), urls: lines.map((line) => line.split(',')[3] as string) }
  }
  await page.getByRole('checkbox', { name: 'Select all rows that are shown' }).check()
  await bar.getByText('3 selected').waitFor()
  await bar.getByRole('button', { name: 'Issue enrolment codes' }).click()
  const asking = dialog(page, 'Issue enrolment codes to 2 people')
  await focused(asking.getByRole('button', { name: 'Cancel' }))
  await asking.getByText('1 is left out').waitFor()
  await asking.getByRole('radio', { name: 'A list of links' }).check()
  await asking.getByRole('button', { name: 'Issue 2 codes' }).click()
  const phones = await fetched(/Issue 2 codes.*2 of 2/)
  assert.deepEqual([phones.files, phones.urls.length], [['index.csv'], 2])
  const claimed = await server.browser().call(contract.claimCode, partsOf(phones.urls[0] as string))
  assert.equal(claimed.kind, 'enrol-device', 'a phone is what is offered first')

  await page.goto(`${server.origin}/users?q=wit-team`)
  await page.getByRole('checkbox', { name: 'Select wit-team' }).check()
  await bar.getByRole('button', { name: 'Issue enrolment codes' }).click()
  const nobody = dialog(page, 'None of these people can enrol')
  await nobody.getByText('Only active people can.').waitFor()
  assert.deepEqual([await nobody.getByRole('button').count(), await nobody.getByRole('radio').count()], [2, 0])

  await page.goto(`${server.origin}/users?q=wera-team`)
  await page.getByRole('checkbox', { name: 'Select wera-team' }).check()
  await bar.getByRole('button', { name: 'Issue enrolment codes' }).click()
  const one = dialog(page, 'Issue an enrolment code to 1 person')
  await one.getByRole('radio', { name: 'An authenticator app' }).check()
  await one.getByRole('radio', { name: 'Letters' }).check()
  assert.equal(await one.getByLabel('Minutes it is good for').inputValue(), '20160')
  await one.getByRole('button', { name: 'Issue 1 code' }).click()
  const letters = await fetched(/Issue 1 code\b.*1 of 1/)
  assert.deepEqual(letters.files, ['activation.csv', 'index.csv', 'letters/0001-wera-team.pdf'])

  // what is not loaded is among all that match
  await Promise.all(Array.from({ length: 51 }, (_, n) => olga.browser.call(contract.createUser, { username: `crew-${n}` })))
  await page.goto(`${server.origin}/users?q=crew-`)
  await page.getByRole('checkbox', { name: 'Select crew-0' }).check()
  await bar.getByRole('button', { name: 'Select all that match' }).click()
  await bar.getByText('All that match').waitFor()
  await bar.getByRole('button', { name: 'Issue enrolment codes' }).click()
  await dialog(page, 'Issue enrolment codes to 51 people').getByRole('button', { name: 'Issue 51 codes' }).waitFor()
  await done(visitor)

  const audit = await newPerson(server, olga, 'reader', ['auditor'])
  const reading = await desk('/users?q=-team', audit)
  await reading.page.getByRole('link', { name: 'wit-team' }).waitFor()
  assert.equal(await reading.page.getByRole('checkbox', { name: /^Select/ }).count(), 0)
  await done(reading)
})

test('enrolment codes that are issued again together are shown once, each with its symbol, to be printed', async () => {
  const users = await Promise.all(
    ['cleo', 'dora'].map((username) => olga.browser.call(contract.createUser, { username: `${username}-new` })),
  )
  for (const { id } of users) await olga.browser.call(contract.enrolUser, { id, factor: 'totp' })
  const visitor = await desk('/codes?q=-new&state=live')
  const { page } = visitor
  await page.getByRole('checkbox', { name: 'Select all rows that are shown' }).check()
  const bar = page.getByRole('region', { name: 'Selected codes' })
  await bar.getByRole('button', { name: 'Re-issue' }).click()
  await dialog(page, 'Re-issue 2 codes?').getByRole('button', { name: 'Re-issue 2 codes' }).click()
  const sheet = dialog(page, '2 codes re-issued')
  await sheet.waitFor()
  const urls = await sheet.getByText(/\/c\/cod_\S+#/).allInnerTexts()
  assert.equal(urls.length, 2)
  const symbols = sheet.getByRole('img', { name: /^Symbol of the code: / })
  const read = [await symbolOn(symbols.nth(0)), await symbolOn(symbols.nth(1))]
  assert.deepEqual(read, urls)
  await page.emulateMedia({ media: 'print' })
  assert.equal(await sheet.getByRole('button', { name: 'Print' }).isVisible(), false)
  assert.equal(await page.getByRole('navigation', { name: 'Main' }).isVisible(), false)
  assert.deepEqual(readSymbols(await page.screenshot({ fullPage: true })).sort(), [...urls].sort())
  await page.emulateMedia({ media: 'screen' })
  await page.keyboard.press('Escape')
  await sheet.getByText('They cannot be shown again.').waitFor()
  await sheet.getByRole('button', { name: 'Stay' }).click()
  assert.equal(await symbolOn(symbols.nth(1)), urls[1])
  await page.keyboard.press('Escape')
  await sheet.getByRole('button', { name: 'Close for good' }).click()
  await sheet.waitFor({ state: 'detached' })
  await done(visitor)
})

test('auditors read everything and are offered nothing that acts', async () => {
  const audit = await newPerson(server, olga, 'audit', ['auditor'])
  const code = await link('Looked at')
  const visitor = await desk('/codes?q=Looked', audit)
  const { page } = visitor
  await page.getByRole('link', { name: /^Looked at/ }).waitFor()
  assert.equal(await page.getByRole('checkbox').count(), 0)
  assert.equal(await page.getByRole('link', { name: 'Issue code' }).count(), 0)
  await page.goto(`${server.origin}/codes/${code.id}`)
  await page.getByText('It works for everybody').waitFor()
  assert.equal(await page.getByRole('button', { name: /^(Edit.*|Revoke|Re-issue|Go back.*)$/ }).count(), 0)
  await page.goto(`${server.origin}/codes/new`)
  await page.getByText('Operators issue codes').waitFor()
  await page.goto(`${server.origin}/settings/codes`)
  await page.getByText('You can read these settings').waitFor()
  assert.equal(await page.getByRole('switch').isDisabled(), true)
  await done(visitor)
})

test('code settings: a host that is none is named at its field; what is saved holds at once; who saves second is told', async () => {
  const visitor = await desk('/settings/codes')
  const { page } = visitor
  await title(page, 'Code settings')
  const hosts = page.getByRole('combobox', { name: 'Hosts', exact: true })
  await hosts.fill('https://example.org')
  await hosts.press('Enter')
  await press(page, 'Save')
  await page.getByText('https://example.org is not a host.').waitFor()
  await hosts.press('Backspace')
  await hosts.fill('*.example.org')
  await hosts.press('Enter')
  await page.getByText('this 1 host and nowhere else').waitFor()
  // somebody else saves meanwhile
  const { version, ...now } = await olga.browser.call(contract.getCodeSettings, {})
  await olga.browser.call(contract.putCodeSettings, { ...now, staticText: false }, { headers: { 'if-match': `"${version}"` } })
  await press(page, 'Save')
  await page.getByText('They changed: static text.').waitFor()
  await press(page, 'Keep what I changed, take the rest')
  await press(page, 'Save')
  await page.getByText('Saved', { exact: true }).waitFor()
  const saved = await olga.browser.call(contract.getCodeSettings, {})
  assert.deepEqual([saved.linkHosts, saved.staticText], [['*.example.org'], false])

  // a static code is greyed with the reason, and a link says which hosts are allowed
  await page.goto(`${server.origin}/codes/new`)
  await page.getByText('Code settings mark nothing low-risk').waitFor()
  assert.equal(await page.getByRole('radio', { name: 'A static code' }).isDisabled(), true)
  await page.getByLabel('Name').fill('Elsewhere')
  await page.getByLabel('Address').fill('https://elsewhere.example/')
  await press(page, 'Issue code')
  await page.getByText('Links may not lead to elsewhere.example. Code settings allow: *.example.org.').waitFor()
  await olga.browser.call(contract.putCodeSettings, { ...now }, { headers: { 'if-match': `"${saved.version}"` } })
  await visitor.page.close({ runBeforeUnload: false })
  await done(visitor)
})

test('code settings: what is another spelling of what stands there is not saved, and the page says so', async () => {
  const { version, ...now } = await olga.browser.call(contract.getCodeSettings, {})
  const hosts = ['xn--w-uga1v8h.example']
  await olga.browser.call(contract.putCodeSettings, { ...now, linkHosts: hosts }, { headers: { 'if-match': `"${version}"` } })
  const visitor = await desk('/settings/codes')
  const { page } = visitor
  const field = page.getByRole('combobox', { name: 'Hosts', exact: true })
  await field.fill('żółw.example')
  await field.press('Enter')
  await press(page, 'Save')
  await page.getByText('Nothing to save: the settings are like that already').waitFor()
  await page.getByText('Not saved yet').waitFor({ state: 'detached' })
  const { version: left, linkHosts } = await olga.browser.call(contract.getCodeSettings, {})
  assert.deepEqual([left, linkHosts], [version + 1, hosts])
  // the order in which roles are ticked is no setting
  await page.goto(`${server.origin}/settings/authentication`)
  const owners = page.getByRole('checkbox', { name: /^User/ })
  await owners.uncheck()
  await page.getByText('Not saved yet').waitFor()
  await owners.check()
  await page.getByText('Not saved yet').waitFor({ state: 'detached' })
  await olga.browser.call(contract.putCodeSettings, now, { headers: { 'if-match': `"${left}"` } })
  await done(visitor)
})

test('an empty list, a list that matches nothing, and a key for a person are each told or led to', async () => {
  const own = await startServer()
  const one = await firstOperator(own)
  const visitor = await newVisitor(chromium)
  const { page } = visitor
  await signInHere(page, own, one, '/codes?q=nothing-like-this')
  await page.getByText('Nothing matches').waitFor()
  await press(page, 'Clear filters')
  await page.getByRole('row').nth(1).waitFor()
  await own.sql('delete from claim')
  await own.sql('update session set code_id = null')
  await own.sql('delete from scan')
  await own.sql('delete from code_version')
  await own.sql('delete from code')
  await page.reload()
  await page.getByText('No codes yet').waitFor()
  const bea = await one.browser.call(contract.createUser, { username: 'bea' })
  await page.goto(`${own.origin}/codes/new`)
  await page.getByRole('radio', { name: 'A key or a phone for a person' }).check()
  await page.getByRole('combobox', { name: 'Person' }).fill('bea')
  await page.getByRole('option', { name: 'bea' }).click()
  await press(page, 'To the person')
  await dialog(page, 'Enrolment code for bea').waitFor()
  assert.ok(page.url().includes(bea.id))
  await done(visitor)
})
