import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import * as contract from '@postern/contract'
import type { Page } from 'playwright-core'
import { eventually, newVisitor, openChromium, overflow, type Visitor } from './support/chromium.ts'
import { onLocalhost } from './support/hosts.ts'
import { firstOperator, goodPassword, partsOf, passcode } from './support/people.ts'
import { enrolHere, enterPasscode, phone, press, recoveryCodesOn, title, typedKey } from './support/screens.ts'
import { startServer } from './support/server.ts'

/** The page `/c/ID` of every scan, in each of its states, on a phone. */
const chromium = await openChromium()
const server = await startServer()
const olga = await firstOperator(server)

let people = 0
const newCode = async (more: { notBefore?: string } = {}) => {
  const username = `anna${++people}`
  const user = await olga.browser.call(contract.createUser, { username })
  const { code } = await olga.browser.call(contract.enrolUser, { id: user.id, factor: 'totp', ...more })
  return { username, id: code.id, url: code.url as string, secret: partsOf(code.url as string).secret }
}
const stateOf = async (id: string) => (await olga.browser.call(contract.getCode, { id: id as never })).state
const aPhone = () => newVisitor(chromium, phone)
const opened = async (url: string, who?: Visitor): Promise<Visitor> => {
  const visitor = who ?? (await aPhone())
  await visitor.page.goto(url)
  return visitor
}
const words = (page: Page) => page.getByRole('main').innerText()
const nothingWrong = async ({ complaints, context }: Visitor) => {
  assert.deepEqual(complaints, [])
  await context.close()
}

test('opening a code says who, for whom and until when, and claims nothing until the tap', async () => {
  const code = await newCode()
  const visitor = await aPhone()
  const asked: string[] = []
  visitor.page.on('request', (request) => asked.push(`${request.method()} ${new URL(request.url()).pathname}`))
  await opened(code.url, visitor)
  await title(visitor.page, `Set up an authenticator for ${code.username}`)
  const said = await words(visitor.page)
  for (const word of ['Postern', code.username, 'Good until', 'This page uses the code only when you tap.'])
    assert.ok(said.includes(word), word)
  // tabbing, hovering and waiting are no taps; only what was looked at was sent
  await visitor.page.keyboard.press('Tab')
  await visitor.page.keyboard.press('Tab')
  await visitor.page.getByRole('button', { name: 'Get my key' }).hover()
  assert.deepEqual(
    asked.filter((call) => call.includes('/api/')),
    ['POST /api/codes/inspect'],
  )
  assert.equal(await stateOf(code.id), 'live')
  assert.doesNotMatch(await visitor.page.content(), /[A-Z2-7]{32}|otpauth/)
  await nothingWrong(visitor)
})

test('the secret leaves the address bar at once, and is in no request line, title or link', async () => {
  const code = await newCode()
  const visitor = await aPhone()
  const urls: string[] = []
  visitor.page.on('request', (request) => urls.push(request.url(), request.headers().referer ?? ''))
  await opened(code.url, visitor)
  await title(visitor.page, /^Set up an authenticator/)
  assert.equal(visitor.page.url(), `${server.origin}/c/${code.id}`)
  // Chromium lists the navigation itself with its fragment, which is never sent
  assert.deepEqual(
    urls.filter((url) => url.includes(code.secret) && url !== code.url),
    [],
  )
  assert.ok(!(await visitor.page.content()).includes(code.secret))
  await visitor.page.goto(`${server.origin}/healthz`)
  await visitor.page.goBack()
  await title(visitor.page, /^Set up an authenticator/)
  assert.equal(visitor.page.url(), `${server.origin}/c/${code.id}`)
  await nothingWrong(visitor)
})

test('a person enrols on the phone, and a reload keeps the key and then the recovery codes', async () => {
  const code = await newCode()
  const visitor = await opened(code.url)
  const { page } = visitor
  await title(page, /^Set up an authenticator/)
  await press(page, 'Get my key')
  const key = await typedKey(page)
  await page.reload()
  assert.equal(await typedKey(page), key)
  await page.getByLabel('Password').fill(goodPassword)
  await enterPasscode(page, key)
  const codes = await recoveryCodesOn(page)
  await page.reload()
  assert.deepEqual(await recoveryCodesOn(page), codes)
  await press(page, 'I have saved them')
  assert.ok((await words(page)).includes('Not copied, downloaded or printed yet'))
  await press(page, 'I wrote them down by hand')
  await title(page, 'You are set up')
  // shown once: the tab has forgotten them, and says in softer words that this browser used the code
  await page.goto(code.url)
  await title(page, 'You used this code here')
  for (const recoveryCode of codes) assert.ok(!(await page.content()).includes(recoveryCode))
  assert.ok(!(await words(page)).includes('Somebody may hold your key'))
  await nothingWrong(visitor)
})

test('a used code says so to others, without a name, a device or a place', async () => {
  const code = await newCode()
  const first = await opened(code.url)
  await enrolHere(first.page, { username: code.username })
  const visitor = await aPhone()
  const answer = await visitor.page.goto(code.url)
  assert.equal(answer?.status(), 200)
  await title(visitor.page, 'This code was already used')
  const said = await words(visitor.page)
  assert.ok(said.includes('Nothing was opened and nothing has changed.'))
  assert.ok(said.includes('Not you, or not sure?'))
  assert.ok(!said.includes(code.username))
  assert.doesNotMatch(said, /Android|Chrome|Pixel|not found|404/)
  assert.equal(visitor.page.url(), `${server.origin}/c/${code.id}`)
  await nothingWrong(first)
  await nothingWrong(visitor)
})

test('a code that does not work yet says when it will, and cannot be tapped', async () => {
  const code = await newCode({ notBefore: new Date(Date.now() + 5 * 60_000).toISOString() })
  const visitor = await opened(code.url)
  await title(visitor.page, 'This code does not work yet')
  assert.match(await words(visitor.page), /This code starts to work on \d+ \w+ \d{4}/)
  assert.equal(await visitor.page.getByRole('button', { name: 'Get my key' }).count(), 0)
  await nothingWrong(visitor)
})

test('an expired code says how to get a new one, also when it expires under a waiting page', async () => {
  const code = await newCode()
  const visitor = await opened(code.url)
  await title(visitor.page, /^Set up an authenticator/)
  await server.sql(`update code set expires_at = now() - interval '1 second' where id = $1`, [await uuidOf(code.id)])
  await press(visitor.page, 'Get my key')
  await title(visitor.page, 'This code has expired')
  assert.ok((await words(visitor.page)).includes('How to get a new code'))
  await visitor.page.reload()
  await title(visitor.page, 'This code has expired')
  assert.ok(!(await words(visitor.page)).includes('npx postern'), 'that is for whoever runs the server')
  await nothingWrong(visitor)
})

test('an expired link of the first operator says how they make themselves another', async () => {
  const own = await startServer()
  const link = await own.bootstrapUrl()
  await own.sql(`update code set expires_at = now() - interval '1 second'`)
  const visitor = await opened(link)
  await title(visitor.page, 'This code has expired')
  assert.ok((await words(visitor.page)).includes('npx postern bootstrap'))
  await nothingWrong(visitor)
})

test('whose page it is stays said from the first word to the last, also after a reload', async () => {
  const own = await startServer()
  const operator = await firstOperator(own)
  await own.sql(`update authentication_settings set issuer = 'Acme Grid'`)
  const user = await operator.browser.call(contract.createUser, { username: 'zed' })
  const { code } = await operator.browser.call(contract.enrolUser, { id: user.id, factor: 'totp' })
  const visitor = await opened(code.url as string)
  const { page } = visitor
  const sender = () => page.locator('.top b').innerText()
  await title(page, /^Set up an authenticator/)
  assert.equal(await sender(), 'Acme Grid')
  await press(page, 'Get my key')
  const key = await typedKey(page)
  await page.getByLabel('Password').fill(goodPassword)
  await enterPasscode(page, key)
  await recoveryCodesOn(page)
  assert.equal(await sender(), 'Acme Grid')
  await page.reload()
  await recoveryCodesOn(page)
  assert.equal(await sender(), 'Acme Grid')
  await nothingWrong(visitor)
})

test('a revoked code opens nothing and says whom to ask', async () => {
  const code = await newCode()
  await olga.browser.call(contract.revokeCode, { id: code.id, reason: 'sent to the wrong person' })
  const visitor = await opened(code.url)
  await title(visitor.page, 'This code was revoked')
  const said = await words(visitor.page)
  assert.ok(said.includes('opens nothing'))
  assert.ok(!said.includes('sent to the wrong person'))
  assert.ok(!said.includes(code.username))
  await nothingWrong(visitor)
})

test('an unknown id, a wrong secret and a mangled address are told alike; a missing part is told as such', async () => {
  const code = await newCode()
  const unknown = `cod_${'0'.repeat(26)}`
  const visitor = await opened(`${server.origin}/c/${code.id}#${'A'.repeat(43)}`)
  await title(visitor.page, 'This code is not ours')
  const said = await words(visitor.page)
  for (const address of [
    `${unknown}#${code.secret}`,
    `what-is-this#${code.secret}`,
    `${code.id}#%zz`, // no text that a browser can unescape
    `${unknown}#%00`,
    `${code.id}#${'A'.repeat(5_000)}`,
  ]) {
    const url = `${server.origin}/c/${address}`
    await visitor.page.goto(url)
    await title(visitor.page, 'This code is not ours')
    assert.equal(await words(visitor.page), said)
  }
  // whose page it is stands in its head all the same
  await server.sql(`update authentication_settings set issuer = 'Depot of Kraków'`)
  try {
    await visitor.page.reload()
    await title(visitor.page, 'This code is not ours')
    assert.match(await visitor.page.getByRole('banner').innerText(), /^Depot of Kraków/)
  } finally {
    await server.sql(`update authentication_settings set issuer = 'Postern'`)
  }
  const other = await opened(`${server.origin}/c/${code.id}`)
  await title(other.page, 'Part of the address is missing')
  assert.equal(await stateOf(code.id), 'live')
  await nothingWrong(visitor)
  await nothingWrong(other)
})

test('five wrong passcodes end the set-up, with the tries counted down', async () => {
  const code = await newCode()
  const visitor = await opened(code.url)
  const { page } = visitor
  await press(page, 'Get my key')
  const key = await typedKey(page)
  await page.getByLabel('Password').fill(goodPassword)
  const wrong = [0, 1, 2, 3].map((by) => passcode(key, { steps: 100 + by }))
  for (const left of [4, 3, 2, 1]) {
    await page.getByLabel(/^Enter the six digits/).fill(wrong[left - 1] as string)
    await page.getByText(`${left} ${left === 1 ? 'try' : 'tries'} left`).waitFor()
    // what was typed is kept, and the key has not changed
    assert.equal(await page.getByLabel('Password').inputValue(), goodPassword)
    assert.equal(await typedKey(page), key)
  }
  await page.getByLabel(/^Enter the six digits/).fill(passcode(key, { steps: 200 }))
  await title(page, 'This set-up has ended')
  assert.ok((await words(page)).includes('How to get a new code'))
  // nor does the link lead back into it
  await page.goto(code.url)
  await title(page, 'This set-up has ended')
  await nothingWrong(visitor)
})

test('who types the last digit under a password that is refused is led up to it', async () => {
  const code = await newCode()
  const visitor = await opened(code.url)
  const { page } = visitor
  await press(page, 'Get my key')
  const key = await typedKey(page)
  const field = page.getByLabel('Password')
  await field.fill('short')
  for (const wrong of ['At least 15 characters.', 'At least 15 characters.']) {
    await page.getByLabel(/^Enter the six digits/).fill('')
    await page.getByLabel(/^Enter the six digits/).fill(passcode(key))
    await page.getByText(wrong).waitFor()
    await eventually(
      () => field.evaluate((input) => input === input.ownerDocument.activeElement),
      (focused) => focused,
      'the password has not the focus',
    )
    const { y, height } = (await page.getByText(wrong).boundingBox()) as { y: number; height: number }
    assert.ok(y >= 0 && y + height <= 844, `the reason stands at ${y}`)
  }
  await nothingWrong(visitor)
})

test('how strong a password is, is said while it is typed', async () => {
  const code = await newCode()
  const visitor = await opened(code.url)
  const { page } = visitor
  await press(page, 'Get my key')
  await title(page, 'Set up your authenticator')
  const field = page.getByLabel('Password')
  for (const [typed, said] of [
    ['violet', 'Strength: too short, 9 to go'],
    // a sign counts once, however many units it takes
    ['🦊🐢🦉🐝🦄🐙🦋🐳', 'Strength: too short, 7 to go'],
    ['passwordpassword', 'Strength: weak, it would be among the first guesses'],
    [goodPassword, 'Strength: strong'],
  ] as const) {
    await field.fill(typed)
    await page.getByText(said).waitFor()
  }
  // and nothing but the page has seen it: the code is claimed, no password is set
  assert.equal((await olga.browser.call(contract.listUsers, { q: code.username })).items[0]?.factors.password, false)
  await nothingWrong(visitor)
})

test('an answer that got lost burns nothing: the second tap brings the same key', async () => {
  const code = await newCode()
  const visitor = await opened(code.url)
  const { page } = visitor
  await title(page, /^Set up an authenticator/)
  await page.route(
    '**/api/codes/claim',
    async (route) => {
      assert.equal((await route.fetch()).status(), 200)
      await route.abort()
    },
    { times: 1 },
  )
  await press(page, 'Get my key')
  await page.getByText('The answer got lost. Tap again: nothing is burnt.').waitFor()
  assert.equal(await stateOf(code.id), 'used')
  await press(page, 'Get my key')
  const key = await typedKey(page)
  await page.getByLabel('Password').fill(goodPassword)
  await enterPasscode(page, key)
  assert.equal((await recoveryCodesOn(page)).length, 10)
  // the browser itself says that the call came to nothing; the page had words for it
  const ours = visitor.complaints.filter((line) => !line.includes('net::ERR_FAILED'))
  assert.deepEqual(ours, [])
  await visitor.context.close()
})

test('a server that does not answer is told as such, and the code is not lost', async () => {
  const code = await newCode()
  const visitor = await aPhone()
  await visitor.page.route('**/api/codes/inspect', (route) => route.abort(), { times: 1 })
  await opened(code.url, visitor)
  await title(visitor.page, 'The server did not answer')
  await press(visitor.page, 'Try again')
  await title(visitor.page, /^Set up an authenticator/)
  await visitor.context.close()
})

test('a page that did not arrive whole says so in two languages, and goes on with its code when it is loaded again', async () => {
  const code = await newCode()
  const visitor = await aPhone()
  const { page, context } = visitor
  const first = await (await fetch(new URL(code.url))).text()
  // what the page asks for by itself, once its first scripts run
  const isLater = ({ pathname }: URL) => pathname.startsWith('/assets/') && pathname.endsWith('.js') && !first.includes(pathname)
  await page.route(isLater, (route) => route.abort())
  await opened(code.url, visitor)
  await page.getByText('A part of this page has not arrived.').waitFor()
  await page.getByText('Część tej strony nie dotarła.').waitFor()
  assert.equal(await overflow(page), 0)
  await page.unroute(isLater)
  await page.getByRole('link', { name: 'Load it again' }).click()
  await title(page, `Set up an authenticator for ${code.username}`)
  assert.equal(await stateOf(code.id), 'live')
  await context.close()
})

test('a page none of whose script arrived says so by itself after a while, and its code is there when it is reloaded', async () => {
  const code = await newCode()
  const visitor = await aPhone()
  const { page, context } = visitor
  const scripts = ({ pathname }: URL) => pathname.startsWith('/assets/') && pathname.endsWith('.js')
  await page.route(scripts, (route) => route.abort())
  await opened(code.url, visitor)
  const notice = page.getByText('A part of this page has not arrived.')
  await notice.waitFor({ state: 'attached' })
  assert.equal(await notice.isVisible(), false, 'it may be on its way still')
  // eight seconds go by
  await page.evaluate('for (const each of document.getAnimations()) each.finish()')
  await notice.waitFor()
  await page.getByText('Część tej strony nie dotarła.').waitFor()
  // a link would leave behind what stands in the address alone
  assert.equal(await page.getByRole('link').count(), 0)
  assert.equal(await overflow(page), 0)
  await page.unroute(scripts)
  await page.reload()
  await title(page, `Set up an authenticator for ${code.username}`)
  assert.equal(await stateOf(code.id), 'live')
  await context.close()
})

test('without JavaScript the page says that nothing was used, in two languages', async () => {
  const code = await newCode()
  const visitor = await newVisitor(chromium, { ...phone, javaScriptEnabled: false })
  await opened(code.url, visitor)
  await title(visitor.page, 'You opened a code')
  const said = await words(visitor.page)
  assert.ok(said.includes('A code is used only when somebody taps on this page.'))
  assert.ok(said.includes('this page needs JavaScript'))
  assert.ok(said.includes('włącz JavaScript'))
  assert.equal(await stateOf(code.id), 'live')
  await nothingWrong(visitor)
})

test('a link of the first operator is dead once an operator exists', async () => {
  const own = await startServer()
  const [early, late] = [await own.bootstrapUrl(), await own.bootstrapUrl()]
  const visitor = await opened(early)
  await title(visitor.page, 'This code was revoked')
  const desk = await newVisitor(chromium)
  await desk.page.goto(late)
  await enrolHere(desk.page, { username: 'olga', first: true })
  await visitor.page.goto(late)
  await title(visitor.page, 'This code was already used')
  assert.equal(await visitor.page.getByLabel('User name').count(), 0)
  await nothingWrong(visitor)
  await nothingWrong(desk)
})

test('on plain http elsewhere than localhost both pages say what will not work and what to do', async () => {
  const host = await onLocalhost((port) => [`http://postern.test:${port}`])
  const visitor = await aPhone()
  const { page } = visitor
  const other = new URL(host.printed().link)
  other.hostname = 'postern.test'
  await page.goto(other.href)
  assert.equal(await page.evaluate('isSecureContext'), false)
  await title(page, 'This address cannot set up a phone')
  const said = await words(page)
  for (const word of ['https', 'http://localhost', 'adb reverse', 'The code has not been used.'])
    assert.ok(said.includes(word), word)
  assert.ok(!page.url().includes('#'))
  await page.goto(`http://${other.host}/sign-in`)
  await title(page, 'Postern cannot work on this address')
  assert.ok((await words(page)).includes('What to do'))
  assert.equal(await overflow(page), 0)
  assert.equal(await page.getByRole('textbox').count(), 0)
  // what the browser says of headers that need https is what this page is about
  const ours = visitor.complaints.filter((line) => !/Cross-Origin-Opener-Policy|Origin-Agent-Cluster/.test(line))
  assert.deepEqual(ours, [])
})

test('two codes in one tab: the second begins anew', async () => {
  const [one, two] = [await newCode(), await newCode()]
  const visitor = await opened(one.url)
  await title(visitor.page, `Set up an authenticator for ${one.username}`)
  await opened(two.url, visitor)
  await title(visitor.page, `Set up an authenticator for ${two.username}`)
  await nothingWrong(visitor)
})

test('what a phone has to load is small: under 60 kB of JavaScript, and no font', async () => {
  const visitor = await aPhone()
  const loaded: string[] = []
  visitor.page.on('response', (answer) => loaded.push(new URL(answer.url()).pathname))
  await opened((await newCode()).url, visitor)
  await title(visitor.page, /^Set up an authenticator/)
  const dist = join(import.meta.dirname, '../web/dist')
  const size = (path: string) => gzipSync(readFileSync(join(dist, path))).length
  const scripts = loaded.filter((path) => path.endsWith('.js'))
  assert.ok(scripts.length > 0)
  const total = scripts.reduce((sum, path) => sum + size(path), 0)
  assert.ok(total < 60_000, `${total} bytes in ${scripts}`)
  assert.deepEqual(
    loaded.filter((path) => path.endsWith('.woff2')),
    [],
  )
  await nothingWrong(visitor)
})

test('everything to tap on the page of a scan is 48 px high', async () => {
  const visitor = await opened((await newCode()).url)
  const { page } = visitor
  await title(page, /^Set up an authenticator/)
  const small = async () =>
    eventually(
      async () =>
        (await page.evaluate(`[...document.querySelectorAll('button, .button, input, summary')]
          .filter((it) => it.checkVisibility())
          .map((it) => [it.innerText || it.id, Math.round(it.getBoundingClientRect().height)])
          .filter(([, height]) => height < 48)`)) as unknown[],
      () => true,
      '',
    )
  assert.deepEqual(await small(), [])
  await press(page, 'Get my key')
  await title(page, 'Set up your authenticator')
  assert.deepEqual(await small(), [])
  await nothingWrong(visitor)
})

/** The id as the tables have it. */
const uuidOf = async (id: string): Promise<string> => {
  const { fromId } = await import('../server/src/platform/ids.ts')
  return fromId(id as never)
}
