import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import type { Page } from 'playwright-core'
import { fromId } from '../server/src/platform/ids.ts'
import { raw } from './support/attack.ts'
import { eventually, newVisitor, openChromium } from './support/chromium.ts'
import { firstOperator, forgetStep } from './support/people.ts'
import { addScans } from './support/scans.ts'
import { enterPasscode, phone, press, title, typePassword } from './support/screens.ts'
import { startServer } from './support/server.ts'
import { wordsIn } from './support/words.ts'

const server = await startServer()
const olga = await firstOperator(server)
const browser = await openChromium()

const link = (label: string) =>
  olga.browser.call(contract.createCode, {
    kind: 'link',
    label,
    destination: { type: 'url', url: 'https://www.example.org/safety' },
  })
const signedIn = async (): Promise<{ page: Page; complaints: string[] }> => {
  const { page, complaints } = await newVisitor(browser)
  await page.goto(`${server.origin}/sign-in`)
  await typePassword(page, olga)
  await forgetStep(server, olga)
  await enterPasscode(page, olga.secret)
  await title(page, 'Events')
  return { page, complaints }
}

test('a code’s scans are seen: over time, from where and with what, narrowed to single ones, and all of it in the address', async () => {
  const code = await link('Visitor safety')
  await addScans(server.sql, fromId(code.id), 900, 20 * 24 * 60)
  await olga.browser.call(
    contract.updateCode,
    { id: code.id, destination: { type: 'url', url: 'https://www.example.org/next' } },
    { headers: { 'if-match': '"1"' } },
  )
  const { page, complaints } = await signedIn()
  await page.goto(`${server.origin}/codes/${code.id}`)
  const chart = page.getByRole('table', { name: 'Scans a day' })
  await chart.waitFor({ state: 'attached' })
  const sums = await chart.getByRole('row').evaluateAll((rows) =>
    rows.slice(1).reduce((sum, row) => {
      const cells = (row as unknown as { cells: { textContent: string }[] }).cells
      return [(sum[0] ?? 0) + Number(cells[1]?.textContent), (sum[1] ?? 0) + Number(cells[2]?.textContent)]
    }, [] as number[]),
  )
  const counted = await olga.browser.call(contract.scanAnalytics, { code: code.id })
  assert.deepEqual(sums, [counted.people, counted.previews])
  assert.equal(counted.people + counted.previews, 900)
  await chart.getByRole('cell', { name: 'Version 2, new destination' }).waitFor({ state: 'attached' })
  await page.getByText(`People ${counted.people}`).waitFor()

  await page.getByRole('button', { name: /^Android/ }).click()
  const latest = page.getByRole('table', { name: 'Latest scans' })
  const shown = async () => (await latest.getByRole('row').allInnerTexts()).slice(1)
  await eventually(shown, (rows) => rows.length > 0 && rows.every((row) => row.includes('Android')), 'only those of Android')
  assert.match(page.url(), /system=Android/)
  await press(page, /^Period of the scans/)
  await page.getByRole('menuitem', { name: 'Last 24 hours' }).click()
  await page.getByRole('table', { name: 'Scans an hour' }).waitFor({ state: 'attached' })
  await page.reload()
  await page.getByRole('table', { name: 'Scans an hour' }).waitFor({ state: 'attached' })
  await eventually(shown, (rows) => rows.length > 0 && rows.every((row) => row.includes('Android')), 'kept in the address')
  await page.getByRole('button', { name: 'Remove the filter: System' }).click()
  await eventually(shown, (rows) => rows.some((row) => row.includes('iOS')), 'all again')
  // one more, and it is seen without asking
  await raw(server.origin, 'GET', `/c/${code.id}`, { headers: { 'user-agent': phone.userAgent } })
  const { people } = await olga.browser.call(contract.scanAnalytics, { code: code.id, from: '-24h' })
  await page.getByText(`People ${people}`).waitFor()
  assert.deepEqual(complaints, [])
})

test('openings of all codes stand together, under Codes', async () => {
  await addScans(server.sql, fromId((await link('Another')).id), 60, 24 * 60)
  const { page, complaints } = await signedIn()
  await page.goto(`${server.origin}/codes`)
  await page.getByRole('link', { name: 'Scans', exact: true }).click()
  await title(page, 'Scans')
  await page.getByRole('table', { name: 'Scans a day' }).waitFor({ state: 'attached' })
  const counted = await olga.browser.call(contract.scanAnalytics, {})
  assert.ok(counted.people > 0)
  await page.getByText(`People ${counted.people.toLocaleString('en-GB')}`).waitFor()
  await page
    .getByText(`Bots and previews ${counted.previews.toLocaleString('en-GB')}`)
    .first()
    .waitFor()
  // there are no single ones to narrow
  assert.equal(await page.locator('main button[aria-pressed]').count(), 0)
  assert.deepEqual(complaints, [])
})

test('a code that nobody opened says so, on a phone and in Polish too; what cannot be read says so and is tried again', async () => {
  const code = await link('Nobody’s')
  const { page, complaints } = await signedIn()
  await page.setViewportSize({ width: 390, height: 844 })
  await page.evaluate(`localStorage.setItem('postern-language', 'pl')`)
  await page.goto(`${server.origin}/codes/${code.id}`)
  await page.getByText('Nikt jeszcze go nie otworzył').waitFor()
  await page.getByRole('table', { name: 'Skany na dzień' }).waitFor({ state: 'attached' })
  assert.equal(await page.evaluate('document.documentElement.scrollWidth > innerWidth'), false, 'nothing is cut off')
  await page.route('**/api/analytics/scans*', (route) =>
    route.fulfill({ status: 503, contentType: 'application/problem+json', body: '{"status":503,"code":"unavailable"}' }),
  )
  await page.reload()
  const again = page.getByRole('button', { name: wordsIn('pl')('common:tryAgain') }).first()
  await again.waitFor()
  await page.unroute('**/api/analytics/scans*')
  await again.click()
  await page.getByRole('table', { name: 'Skany na dzień' }).waitFor({ state: 'attached' })
  await title(page, /Nobody’s/)
  assert.deepEqual(complaints, [])
})
