import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import * as contract from '@postern/contract'
import type { Locator, Page } from 'playwright-core'
import sharp from 'sharp'
import { fromId } from '../server/src/platform/ids.ts'
import {
  atRest,
  axe,
  lookOfSymbol,
  nameless,
  newVisitor,
  openChromium,
  overflow,
  readSymbols,
  type Visitor,
} from './support/chromium.ts'
import { firstOperator, forgetStep, goodPassword, newPerson, type Person, partsOf, passcode } from './support/people.ts'
import { symbolPng } from './support/photos.ts'
import { addScans } from './support/scans.ts'
import { title, toPassword, typedKey } from './support/screens.ts'
import { startServer } from './support/server.ts'
import { type Language, wordsIn } from './support/words.ts'

/**
 * WCAG 2.2 AA on every page and state: axe-core at two widths in two schemes and two languages, a role and a name for every
 * control in Chromium's own accessibility tree, from 360 px on without scrolling sideways, symbols as on paper.
 */
const chromium = await openChromium()

const faults: string[] = []
/** A key of another product, without its last letters. */
const oldKey = 'HXDMVJECJJWSRB3HWIZR4IFUGFTMXB'
/** Where pictures of every state go, to be looked at; nowhere unless asked for. */
const album = process.env.POSTERN_TEST_PICTURES
const schemes = ['light', 'dark'] as const
/** Where a scheme is the second of its width and language, only its colours are new. */
const looks = {
  en: [1280, 390].flatMap((width) => schemes.map((colorScheme) => ({ width, colorScheme, all: colorScheme === 'light' }))),
  pl: [
    { width: 1280, colorScheme: 'light', all: true },
    { width: 390, colorScheme: 'dark', all: true },
  ] as const,
}

const tour = async (language: Language) => {
  const w = wordsIn(language)
  const server = await startServer()
  const olga = await firstOperator(server)
  const adam = await newPerson(server, olga, 'adam')
  const maja = await newPerson(server, olga, 'maja', ['owner'])
  const bea = await olga.browser.call(contract.createUser, { username: 'bea', displayName: 'Beata Maj' })
  const sign = await olga.browser.call(contract.createCode, {
    kind: 'link',
    label: 'Gate 4',
    destination: { type: 'url', url: 'https://www.example.org/' },
  })
  const { colours, ...shapes } = contract.plainDesign
  const kit = { ...shapes, colours: { ...colours, modules: '#066278', eyes: '#066278' } }
  const painted = await olga.browser.call(contract.createCode, {
    kind: 'link',
    label: 'Gate 5',
    destination: { type: 'url', url: 'https://www.example.org/' },
    brand: (await olga.browser.call(contract.createBrand, { name: 'Petrol', design: kit, logo: null })).id,
  })
  await addScans(server.sql, fromId(sign.id), 400, 20 * 24 * 60)
  const locale = language === 'en' ? 'en-GB' : 'pl-PL'
  const visit = () => newVisitor(chromium, { locale })

  let states = 0
  /** Looks at the page as it stands, in every width and scheme. */
  const check = async ({ page, complaints }: Visitor, state: string) => {
    states++
    for (const { width, colorScheme, all } of looks[language]) {
      const name = `${state} (${language}, ${width}, ${colorScheme})`
      await page.setViewportSize({ width, height: 844 })
      await page.emulateMedia({ colorScheme })
      await atRest(page)
      faults.push(...(await axe(page, all ? 'all' : 'colours')).map((line) => `${name}: ${line}`))
      if (all) faults.push(...(await nameless(page)).map((line) => `${name}: ${line}`))
      if (album) {
        mkdirSync(album, { recursive: true })
        const picture = `${state.replaceAll(/[^a-z0-9]+/g, '-')}-${language}-${width}-${colorScheme}.png`
        writeFileSync(join(album, picture), await page.screenshot())
      }
    }
    // a phone, a tablet, and a small window with the sidebar
    for (const width of [360, 768, 1024]) {
      await page.setViewportSize({ width, height: 780 })
      if (width === 360) await atRest(page)
      const wider = await overflow(page)
      if (wider > 0) faults.push(`${state} (${language}, ${width}): ${wider} px too wide`)
    }
    await page.setViewportSize({ width: 1280, height: 844 })
    await page.emulateMedia({ colorScheme: 'light' })
    faults.push(...complaints.splice(0).map((line) => `${state} (${language}): ${line}`))
  }
  /** A symbol is paper: never inverted or tinted, with its quiet zone, and read by an independent reader, in both schemes. */
  const checkSymbol = async (page: Page, state: string, inside: Page | Locator = page) => {
    const image = inside.locator('img[src^="data:image/svg+xml;base64,"]:visible, [data-frame] svg').first()
    const [, drawn] = (await image.getAttribute('src'))?.split(',') ?? []
    const box = drawn
      ? /viewBox="([^"]+)"/.exec(Buffer.from(drawn, 'base64').toString())?.[1]
      : await image.getAttribute('viewBox')
    const modules = Number(box?.split(' ')[2]) - 8
    for (const colorScheme of schemes) {
      await page.emulateMedia({ colorScheme })
      await atRest(page)
      await image.scrollIntoViewIfNeeded()
      const picture = await image.screenshot()
      const { paper, ink, quiet } = lookOfSymbol(picture, modules)
      if (paper < 250 || ink > 40) faults.push(`${state} (${language}, ${colorScheme}): ink ${ink} on paper ${paper}`)
      if (quiet < 3.9) faults.push(`${state} (${language}, ${colorScheme}): a quiet zone of ${quiet} modules`)
      if (readSymbols(picture).length !== 1) faults.push(`${state} (${language}, ${colorScheme}): zbarimg cannot read it`)
    }
    await page.emulateMedia({ colorScheme: 'light' })
  }
  const press = (page: Page, key: string, values = {}) =>
    page
      .getByRole('button', { name: w(key, values), exact: true })
      .first()
      .click()
  // the cross in the corner may have the same name; what a dialogue offers stands below it
  const inDialog = (page: Page, key: string, values = {}) =>
    page
      .getByRole('dialog')
      .last()
      .getByRole('button', { name: w(key, values), exact: true })
      .last()
      .click()
  const closed = (page: Page) => page.getByRole('dialog').waitFor({ state: 'detached' })
  const leave = async (page: Page) => {
    await page.keyboard.press('Escape')
    await closed(page)
  }
  const says = (page: Page, key: string, values = {}) => page.getByText(w(key, values)).first().waitFor()
  // a field that must be filled may carry an asterisk
  const fill = (page: Pick<Page, 'getByLabel'>, key: string, value: string) =>
    page
      .getByLabel(new RegExp(`^${w(key)}( \\*)?$`))
      .first()
      .fill(value)
  /** As by a link where a page of the console is there already, else by loading it. */
  const go = async (page: Page, path: string) => {
    if (page.url().startsWith(server.origin)) await page.evaluate(`history.pushState({}, '', ${JSON.stringify(path)})`)
    else await page.goto(server.origin + path)
  }
  const open = async (page: Page, path: string, heading: string) => {
    await go(page, path)
    await title(page, heading)
  }

  const signIn = async (visitor: Visitor, person: Person, heading: string, states = false) => {
    const { page } = visitor
    const password = (said: string) => fill(page, 'sign-in:password', said)
    await open(page, '/sign-in', w('sign-in:title'))
    if (states) {
      await page.locator('[data-frame] svg').waitFor()
      await check(visitor, 'sign-in')
      await checkSymbol(page, 'sign-in')
      await press(page, 'sign-in:lost.link')
      await check(visitor, 'sign-in, lost phone')
      await leave(page)
    }
    await toPassword(page)
    if (states) await check(visitor, 'sign-in, password')
    await fill(page, 'sign-in:name', person.username)
    if (states) {
      await password('something else')
      await press(page, 'sign-in:submit')
      await says(page, 'sign-in:mismatch')
      await check(visitor, 'sign-in, mismatch')
      await server.sql(`update attempt set failures = 9, open_at = now() + interval '10 minutes' where failures > 0`)
      await press(page, 'sign-in:submit')
      await says(page, 'sign-in:waitText')
      await check(visitor, 'sign-in, too many tries')
      await server.sql(`update attempt set failures = 0, open_at = '-infinity'`)
      await page.reload()
      await title(page, w('sign-in:title'))
      await toPassword(page)
      await fill(page, 'sign-in:name', person.username)
    }
    await password(person.password)
    await press(page, 'sign-in:submit')
    await title(page, w('sign-in:passcodeTitle'))
    if (states) {
      await check(visitor, 'sign-in, passcode')
      await page.getByLabel(w('sign-in:passcodeSix')).fill(passcode(person.secret, { steps: 100 }))
      await says(page, 'common:totp.mismatch')
      await check(visitor, 'sign-in, wrong passcode')
      await press(page, 'sign-in:useRecovery')
      await fill(page, 'sign-in:recovery', 'AAAA-BBBB')
      await press(page, 'sign-in:submit')
      await says(page, 'sign-in:recoveryMismatch')
      await check(visitor, 'sign-in, recovery code')
      await press(page, 'sign-in:usePasscode')
    }
    await forgetStep(server, person)
    await page.getByLabel(w('sign-in:passcodeSix')).fill(passcode(person.secret))
    await title(page, heading)
  }

  const people = async () => {
    const visitor = await visit()
    const { page } = visitor
    await signIn(visitor, olga, w('events:title'), true)
    await page.getByRole('row').nth(3).waitFor()
    await check(visitor, 'events')
    await page.getByRole('button', { name: w('events:filter.outcome') }).click()
    await check(visitor, 'events, a filter')
    await open(page, '/events?outcome=denied&country=PL', w('events:title'))
    await says(page, 'common:filter.nothing')
    await check(visitor, 'events, nothing matches')
    const failure = (await olga.browser.call(contract.listEvents, { outcome: 'failure', limit: 1 })).items[0]
    await go(page, `/events/${failure?.id}`)
    await page.getByText(w('events:fields')).waitFor()
    await check(visitor, 'an event')

    await open(page, '/users', w('users:title'))
    await page.getByRole('row', { name: /bea/ }).waitFor()
    await check(visitor, 'users')
    await open(page, '/users/new', w('users:create'))
    await fill(page, 'users:username', 'adam')
    await press(page, 'users:create')
    await says(page, 'common:field.taken')
    await check(visitor, 'a new user, name taken')
    await open(page, `/users/${adam.id}`, 'adam')
    await page.getByRole('row').nth(3).waitFor()
    await check(visitor, 'a user')
    await press(page, 'users:edit')
    await page.getByRole('dialog').waitFor()
    await check(visitor, 'a user, edit')
    await leave(page)
    await press(page, 'users:move.suspend.verb')
    await page.getByRole('dialog').waitFor()
    await check(visitor, 'a user, suspend')
    await leave(page)
    await press(page, 'users:move.offboard.verb')
    await page.getByRole('dialog').waitFor()
    await check(visitor, 'a user, off-board')
    await leave(page)
    await open(page, `/users/${bea.id}`, 'Beata Maj')
    await press(page, 'users:enrol')
    await page.getByRole('dialog').waitFor()
    await check(visitor, 'a user, enrol')
    await inDialog(page, 'users:enrolIssue')
    await page.getByRole('img', { name: w('users:symbolAlt', { name: 'bea' }) }).waitFor()
    await check(visitor, 'a user, code shown')
    await checkSymbol(page, 'a user, code shown')
    await inDialog(page, 'users:done')
    await says(page, 'users:leaveText')
    await check(visitor, 'a user, leave the code?')
    await inDialog(page, 'users:leave')
    await closed(page)
    await press(page, 'users:enrol')
    await page.getByRole('radio', { name: w('users:byLetter') }).check()
    await inDialog(page, 'users:enrolIssue')
    await page.getByRole('button', { name: w('users:letterDownload') }).waitFor()
    await check(visitor, 'a user, code by letter')
    const saved = page.waitForEvent('download')
    await inDialog(page, 'users:letterDownload')
    assert.equal((await saved).suggestedFilename(), 'postern-bea.pdf')
    await inDialog(page, 'users:done')
    await inDialog(page, 'users:leave')
    await closed(page)

    await visitor.context.close()
  }

  const things = async () => {
    const visitor = await visit()
    const { page } = visitor
    await signIn(visitor, maja, w('events:title'))
    await open(page, '/codes', w('codes:title'))
    await page.getByRole('row').nth(2).waitFor()
    await page.getByRole('row').nth(1).getByRole('checkbox').check()
    await check(visitor, 'codes, one selected')
    await page
      .getByRole('region', { name: w('codes:many.label') })
      .getByRole('button', { name: w('codes:edit.verb') })
      .click()
    for (const field of ['destination', 'expiresAt', 'brand'])
      await page
        .getByRole('dialog')
        .getByRole('checkbox', { name: w(`codes:field.${field}`) })
        .check()
    await check(visitor, 'codes, edit many')
    await leave(page)
    await open(page, '/codes?q=nothing-like-this', w('codes:title'))
    await says(page, 'common:filter.nothing')
    await check(visitor, 'codes, nothing matches')
    await go(page, `/codes/${adam.codeId}`)
    await says(page, 'codes:means.used')
    await check(visitor, 'a code')
    await go(page, `/codes/${sign.id}`)
    await page.getByRole('table', { name: w('scans:grain.day') }).waitFor({ state: 'attached' })
    await page.getByRole('table', { name: w('scans:latest') }).waitFor()
    await check(visitor, 'a code, scans')
    await page.locator('button[aria-pressed]').first().click()
    await page.locator('button[aria-pressed="true"]').first().waitFor()
    await check(visitor, 'a code, scans narrowed')
    await go(page, `/codes/${adam.codeId}`)
    await says(page, 'codes:means.used')
    await press(page, 'codes:revoke')
    await page.getByRole('dialog').waitFor()
    await check(visitor, 'a code, revoke')
    await leave(page)
    await open(page, '/codes/scans', w('scans:title'))
    await page.getByRole('table', { name: w('scans:grain.day') }).waitFor({ state: 'attached' })
    await check(visitor, 'scans of all codes')
    await open(page, '/codes/historical', w('historical:title'))
    await page.getByRole('row').nth(2).waitFor()
    await page.getByRole('row').nth(1).getByRole('checkbox').check()
    await check(visitor, 'historical codes, one selected')
    await server.sql(`update session set proved_at = now() where ended_at is null`)
    await press(page, 'historical:purge.verb')
    await inDialog(page, 'historical:purge.count')
    await page.getByRole('dialog').getByText(/^\d/).first().waitFor()
    await check(visitor, 'historical codes, purge')
    await leave(page)
    await page.getByRole('row').nth(1).getByRole('checkbox').uncheck()
    await press(page, 'historical:reEnrol.verb')
    await page.getByRole('dialog').getByRole('checkbox').check()
    await inDialog(page, 'historical:reEnrol.count')
    await page.getByRole('dialog').getByRole('textbox').last().waitFor()
    await check(visitor, 'historical codes, re-enrol')
    await leave(page)
    await press(page, 'historical:import.verb')
    await page
      .getByRole('dialog')
      .getByRole('textbox')
      .fill(`otpauth://totp/Old:nobody?secret=${oldKey}OZ\notpauth://totp/Old:adam?secret=${oldKey}AZ\nnothing`)
    await inDialog(page, 'historical:import.check')
    await page.getByRole('dialog').getByRole('list').waitFor()
    await check(visitor, 'historical codes, import')
    await leave(page)
    await open(page, '/codes/historical?origin=imported', w('historical:title'))
    await says(page, 'common:filter.nothing')
    await check(visitor, 'historical codes, nothing matches')
    await open(page, '/codes/new', w('codes:new.issue'))
    await page.getByRole('radio', { name: w('codes:wish.static.name'), exact: true }).check()
    await says(page, 'codes:new.staticTitle')
    await check(visitor, 'a new code, static')
    await page.getByRole('radio', { name: w('codes:wish.url.name'), exact: true }).check()
    await fill(page, 'codes:label', 'Visitor safety')
    await fill(page, 'codes:leads.url', 'nowhere')
    await press(page, 'codes:new.issue')
    await says(page, 'common:field.webAddress')
    await check(visitor, 'a new code, no address')
    await fill(page, 'codes:leads.url', 'https://www.example.org/')
    await press(page, 'codes:new.issue')
    await title(page, 'Visitor safety')
    await press(page, 'codes:leads.edit')
    await page.getByRole('dialog').waitFor()
    await fill(page.getByRole('dialog'), 'codes:leads.url', 'https://www.example.org/a')
    await check(visitor, 'a link code, edit the destination')
    await inDialog(page, 'common:save')
    await closed(page)
    await page.getByRole('button', { name: w('codes:version.back') }).click()
    await page.getByRole('dialog').getByRole('table').waitFor()
    await check(visitor, 'a link code, go back')
    await leave(page)
    await check(visitor, 'a link code')
    await press(page, 'codes:edit.verb')
    await page.getByRole('dialog').waitFor()
    await check(visitor, 'a link code, edit')
    await leave(page)
    await press(page, 'codes:reissue')
    await page.getByRole('dialog').waitFor()
    await check(visitor, 'a link code, re-issue')
    await leave(page)
    await open(page, '/devices', w('devices:title'))
    await check(visitor, 'devices')
    await open(page, '/settings/devices', w('settings:devices.title'))
    await check(visitor, 'device settings')
    await open(page, '/settings/codes', w('settings:codes.title'))
    await check(visitor, 'settings, codes')
    await open(page, '/bulk', w('bulk:title'))
    await page.getByText(w('bulk:none')).waitFor()
    await check(visitor, 'bulk jobs, none')
    const link = await olga.browser.call(contract.createCode, {
      kind: 'link',
      label: 'Gate 4',
      destination: { type: 'url', url: 'https://www.example.org/' },
    })
    // nothing works this one off: it stands as a job stands that a process has in hand
    await server.sql(`insert into bulk_job (id, action, request, actor, by_name, total, done, failed, state, started_at, until)
      values ('01990000-0000-7000-8000-000000000000', 'edit', '', '', 'inventory', 4000, 1200, 3, 'running', now() - interval '30 s', now() + interval '1 h')`)
    await olga.browser.call(contract.bulkCodes, { action: 'revoke', ids: [link.id, `cod_0${'0'.repeat(25)}`], reason: 'x' })
    await page.getByRole('row').nth(2).waitFor()
    await check(visitor, 'bulk jobs')
    await server.sql(`delete from bulk_job`)
    await open(page, '/users/import', w('bulk:import.title.users'))
    await check(visitor, 'import people')
    const file = page.getByLabel(w('bulk:import.file'), { exact: true })
    const csv = (text: string) => ({ name: 'people.csv', mimeType: 'text/csv', buffer: Buffer.from(text) })
    await file.setInputFiles(csv('username,name\nada,'))
    await press(page, 'bulk:import.check')
    const columns = contract.userColumns.join(', ')
    await page
      .getByRole('alert')
      .getByText(w('bulk:import.wrong.unknown-column', { column: 'name', columns }))
      .waitFor()
    await check(visitor, 'import people, a file that cannot be read')
    await file.setInputFiles(csv('username,displayName,roles\nimported,Ida,\nadam,,\nx,,emperor\n'))
    await press(page, 'bulk:import.check')
    await page.getByRole('table').first().waitFor()
    await check(visitor, 'import people, checked')
    await page.getByRole('button', { name: /^(Import|Importuj) 1 / }).click()
    await page.getByText(w('bulk:state.done'), { exact: true }).waitFor()
    await check(visitor, 'import people, done')
    await open(page, '/codes/import', w('bulk:import.title.codes'))
    await check(visitor, 'import codes')
    await open(page, '/brands', w('brands:title'))
    await page.getByRole('row', { name: /Plain/ }).waitFor()
    await check(visitor, 'brand kits')
    await page.getByRole('row', { name: /Plain/ }).getByRole('link').first().click()
    await title(page, 'Plain')
    await says(page, 'brands:verdict.yes')
    await check(visitor, 'a brand kit')
    await checkSymbol(page, 'a brand kit', page.getByRole('region', { name: w('brands:preview') }))
    await fill(page, 'brands:colour.eyes', '#e8a33d')
    await says(page, 'brands:contrastFirst')
    await page.getByRole('button', { name: /#[0-9a-f]{6}$/ }).waitFor()
    await check(visitor, 'a brand kit, too little contrast')
    await page
      .getByRole('radiogroup', { name: w('brands:where') })
      .getByText(w('brands:place.terminal'), { exact: true })
      .click()
    await page.getByRole('img', { name: w('brands:terminalAlt') }).waitFor()
    await check(visitor, 'a brand kit, terminal')
    await press(page, 'brands:discard')
    await open(page, '/sessions', w('sessions:title'))
    await page.getByRole('row').nth(2).waitFor()
    await check(visitor, 'sessions')
    await open(page, '/settings/authentication', w('settings:title'))
    await press(page, 'settings:keys.other')
    await check(visitor, 'settings, authentication')
    await open(page, '/settings/tokens', w('settings:tokens.title'))
    await check(visitor, 'settings, tokens, none')
    await press(page, 'settings:tokens.make')
    await page.getByRole('dialog').waitFor()
    await check(visitor, 'settings, make a token')
    await leave(page)
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: w('common:keys.title') }).waitFor()
    await check(visitor, 'keys')
    await leave(page)
    await page.setViewportSize({ width: 390, height: 844 })
    await press(page, 'common:nav.open')
    await page.getByRole('dialog').waitFor()
    await atRest(page)
    faults.push(...(await axe(page)).map((line) => `the drawer (${language}): ${line}`))
    await leave(page)
    await page.setViewportSize({ width: 1280, height: 844 })
    await open(page, '/users/usr_00000000000000000000000000', w('users:missing'))
    await says(page, 'common:refusal.not-found.text')
    await check(visitor, 'a user that is not there')
    await open(page, '/me/nothing-here', w('common:notFound.title'))
    await check(visitor, 'no such page')
    await visitor.context.close()
  }

  const oneself = async () => {
    const visitor = await visit()
    const { page } = visitor
    await signIn(visitor, adam, w('account:title'))
    await says(page, 'account:waysIn')
    await check(visitor, 'my account')
    await page.getByRole('button', { name: `${w('account:change')}: ${w('account:password')}` }).click()
    await page.getByRole('dialog').waitFor()
    await fill(page, 'account:newPassword', 'four words in a row')
    await check(visitor, 'my account, change the password')
    await leave(page)
    await page.getByRole('button', { name: `${w('account:remove')}: ${w('account:totp')}` }).click()
    await page.getByRole('dialog').waitFor()
    await check(visitor, 'my account, remove the app')
    await leave(page)
    await press(page, 'account:anotherShow')
    await page.getByRole('img', { name: w('account:anotherAlt') }).waitFor()
    await check(visitor, 'my account, another phone')
    await checkSymbol(page, 'my account, another phone')
    await press(page, 'account:hide')
    await server.sql(`update session set proved_at = now() - interval '6 minutes' where ended_at is null`)
    await press(page, 'account:makeNew')
    await inDialog(page, 'account:makeNew')
    await page.getByRole('dialog', { name: w('common:stepUp.title') }).waitFor()
    await says(page, 'common:stepUp.why')
    await check(visitor, 'one more proof, password')
    await fill(page, 'common:stepUp.password', adam.password)
    await page
      .getByRole('dialog', { name: w('common:stepUp.title') })
      .getByRole('button', { name: w('common:stepUp.prove') })
      .click()
    await page.getByLabel(w('common:stepUp.passcodeSix')).waitFor()
    await check(visitor, 'one more proof, passcode')
    await forgetStep(server, adam)
    await page.getByLabel(w('common:stepUp.passcodeSix')).fill(passcode(adam.secret))
    await title(page, w('account:newSet'))
    await check(visitor, 'new recovery codes')
    await open(page, '/me/sessions', w('account:sessions'))
    await page.getByRole('row').nth(1).waitFor()
    await check(visitor, 'where I am signed in')
    await page.getByRole('button', { name: new RegExp(w('common:nav.menu')) }).click()
    await page.getByRole('menuitem').first().waitFor()
    await check(visitor, 'the menu')
    await open(page, '/events', w('common:notAllowed.title'))
    await check(visitor, 'not allowed')

    await open(page, '/enrol', w('enrol:choose.title'))
    await press(page, 'enrol:advanced.open')
    await says(page, 'enrol:advanced.warning')
    await check(visitor, 'wizard, choose an app')
    await page.reload()
    await press(page, 'common:continue')
    await title(page, w('enrol:scan.title'))
    await checkSymbol(page, 'wizard, scan')
    const secret = await typedKey(page)
    await page.getByLabel(w('enrol:scan.six')).fill(passcode(secret, { steps: 100 }))
    await says(page, 'common:totp.mismatch')
    await check(visitor, 'wizard, scan')
    // the title of a narrow screen is another one; what is typed is the same
    await page.getByLabel(w('enrol:scan.six')).fill('')
    await forgetStep(server, adam)
    await page.getByLabel(w('enrol:scan.six')).fill(passcode(secret))
    await title(page, w('enrol:done.title'))
    await check(visitor, 'wizard, done')
    await visitor.context.close()
  }

  const scans = async () => {
    const visitor = await visit()
    const { page } = visitor
    const fresh = await visit()
    const first = await startServer()
    const link = await first.bootstrapUrl()
    await fresh.page.goto(link)
    await title(fresh.page, w('phone:first.title'))
    await check(fresh, 'scan, first operator')

    const { code } = await olga.browser.call(contract.enrolUser, { id: bea.id, factor: 'totp' })
    await page.goto(code.url as string)
    await title(page, w('phone:live.titleFor', { name: 'bea' }))
    await check(visitor, 'scan, live')
    await press(page, 'phone:live.tap')
    await title(page, w('phone:key.title'))
    // as wide as a desk, and then as a phone: the symbol shows itself on the one alone
    await page.reload()
    await title(page, w('phone:key.title'))
    await checkSymbol(page, 'scan, key')
    const secret = await typedKey(page)
    await fill(page, 'phone:key.password', 'bea')
    await page.getByLabel(w('phone:key.passcodeSix')).fill(passcode(secret, { steps: 100 }))
    await page
      .getByText(w('phone:wrong.mismatch'))
      .or(page.getByText(w('phone:wrong.tooShort')))
      .first()
      .waitFor()
    await check(visitor, 'scan, key')
    await fill(page, 'phone:key.password', goodPassword)
    await page.getByLabel(w('phone:key.passcodeSix')).fill('')
    await page.getByLabel(w('phone:key.passcodeSix')).fill(passcode(secret))
    await title(page, w('phone:codes.title'))
    await press(page, 'phone:codes.saved')
    await says(page, 'phone:codes.sureText')
    await check(visitor, 'scan, recovery codes')
    await press(page, 'phone:codes.written')
    await title(page, w('phone:done.title'))
    await check(visitor, 'scan, done')
    await page.goto(code.url as string)
    await title(page, w('phone:state.own'))
    await check(visitor, 'scan, used here')
    await visitor.context.close()

    const stranger = await visit()
    const other = stranger.page
    await other.goto(code.url as string)
    await title(other, w('phone:state.used'))
    await check(stranger, 'scan, used')
    const next = async (more = {}) => (await olga.browser.call(contract.enrolUser, { id: bea.id, factor: 'totp', ...more })).code
    const later = await next({ notBefore: new Date(Date.now() + 300_000).toISOString() })
    await other.goto(later.url as string)
    await title(other, w('phone:state.notYet'))
    await check(stranger, 'scan, not yet valid')
    await olga.browser.call(contract.revokeCode, { id: later.id, reason: 'a mistake' })
    await other.reload()
    await title(other, w('phone:state.revoked'))
    await check(stranger, 'scan, revoked')
    const short = await next()
    await server.sql(`update code set expires_at = now() - interval '1 second' where revoked_at is null and claimed_at is null`)
    await other.goto(short.url as string)
    await title(other, w('phone:state.expired'))
    await check(stranger, 'scan, expired')
    const letter = await next({ deliver: 'letter' })
    await other.goto(letter.url as string)
    await title(other, w('phone:live.titleFor', { name: 'bea' }))
    const number = (Number(letter.activation) + 1) % 100_000_000
    await fill(other, 'phone:activation.label', String(number).padStart(8, '0'))
    await press(other, 'phone:live.tap')
    await says(other, 'phone:activation.wrong')
    await check(stranger, 'scan, by letter, a wrong number')
    for (let n = 0; n < 4; n++) {
      const answered = other.waitForResponse((answer) => answer.url().endsWith('/api/codes/claim'))
      await press(other, 'phone:live.tap')
      await answered
    }
    await title(other, w('phone:state.fiveWrong'))
    await check(stranger, 'scan, five wrong numbers')
    await other.goto(`${server.origin}/c/${short.id}#${partsOf(later.url as string).secret}`)
    await title(other, w('phone:state.unknown'))
    await check(stranger, 'scan, not ours')
    await other.evaluate('sessionStorage.clear()')
    await other.goto('about:blank')
    await other.goto(`${server.origin}/c/${later.id}`)
    await title(other, w('phone:state.noSecret'))
    await check(stranger, 'scan, part missing')
    await other.route('**/api/codes/inspect', (route) => route.fulfill({ status: 503, body: '{}' }))
    await other.goto(short.url as string)
    await title(other, w('phone:unreachable.title'))
    await check(stranger, 'scan, unreachable')
    await other.unroute('**/api/codes/inspect')
    await other.goto(`${server.origin}/apps`)
    await title(other, w('enrol:advanced.table'))
    await check(stranger, 'what apps do with other settings')
    await other.goto(`${server.origin}/check`)
    await title(other, w('check:title'))
    await check(stranger, 'is this code ours')
    await fill(other, 'check:content', `${server.origin.replace('http:', 'https:')}/c/x`)
    await press(other, 'check:check')
    await says(other, 'check:verdict.look-alike')
    await check(stranger, 'is this code ours, a look-alike')
    await press(other, 'check:report')
    await says(other, 'check:reported')
    await check(stranger, 'is this code ours, reported')
    await press(other, 'check:again')
    const symbol = await symbolPng(olga.browser, painted.id)
    const photo = (buffer: Buffer) =>
      other.locator('input[type=file]').setInputFiles({ name: 'wall.png', mimeType: 'image/png', buffer })
    await other.route('**/api/codes/check', async (route) => {
      await judging
      await route.continue()
    })
    let judge = () => {}
    const judging = new Promise<void>((resolve) => {
      judge = resolve
    })
    await photo(symbol)
    await says(other, 'check:looking')
    await check(stranger, 'is this code ours, its look is judged')
    judge()
    await says(other, 'check:look.title')
    await check(stranger, 'is this code ours, its look')
    await other.unroute('**/api/codes/check')
    await press(other, 'check:again')
    await photo(await sharp(symbol).modulate({ hue: 150 }).png().toBuffer())
    await says(other, 'check:look.decides')
    await check(stranger, 'is this code ours, in another look')
    await press(other, 'check:again')
    await other.route('**/api/codes/check', (route) =>
      route.request().postDataJSON().image ? route.fulfill({ status: 503, body: '{}' }) : route.continue(),
    )
    await photo(symbol)
    await says(other, 'check:look.unseen')
    await check(stranger, 'is this code ours, its look not judged')
    await other.unroute('**/api/codes/check')
    await stranger.context.close()
    await fresh.context.close()
  }
  for (const part of [people, things, oneself, scans])
    await part().catch((error: Error) => faults.push(`(${language}) ${error.stack}`))
  return states
}

describe('WCAG 2.2 AA', { concurrency: true }, () => {
  for (const language of ['en', 'pl'] as const)
    test(`axe finds nothing, every control has a name, nothing is too wide, every symbol is paper: in ${language}`, async () => {
      const states = await tour(language)
      if (states <= 45) faults.push(`(${language}) only ${states} states were looked at`)
      const own = [...new Set(faults.filter((line) => line.includes(`(${language}`)))]
      assert.deepEqual(own, [])
    })
})
