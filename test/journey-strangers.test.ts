import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import { from } from './support/attack.ts'
import { eventually, newVisitor, openChromium } from './support/chromium.ts'
import { firstOperator, forgetStep, newPerson, partsOf } from './support/people.ts'
import { enterPasscode, title, typePassword } from './support/screens.ts'
import { startServer } from './support/server.ts'

/** What strangers and people write, on the screens of those who watch them (threat 51). */
const chromium = await openChromium()
const server = await startServer()
const olga = await firstOperator(server)
const markup = (where: string): string => `<img src=x onerror="window.hit='${where}'"><script>window.hit='${where}'</script>`

test('markup in every name, reason and agent is text on every page of the console', async () => {
  const marked = await newPerson(server, olga, 'marked')
  const { version } = await olga.browser.call(contract.getUser, { id: marked.id })
  await olga.browser.call(
    contract.updateUser,
    { id: marked.id, displayName: markup('display name') },
    { headers: { 'if-match': `"${version}"` } },
  )
  await olga.browser.call(contract.createToken, { name: markup('token').slice(0, 100), scopes: ['auditor'] })
  const { code } = await olga.browser.call(contract.enrolUser, { id: marked.id, factor: 'totp' })
  await olga.browser.call(contract.revokeCode, { id: code.id, reason: markup('reason') })
  const stranger = from(server, '81.2.69.142')
  stranger.headers['user-agent'] = `${markup('agent')} Chrome/${markup('version')}`
  await stranger.fetch('GET', `/c/${marked.codeId}`)
  await stranger.try(contract.inspectCode, partsOf(code.url as string))
  await stranger.call(contract.openSignIn, { username: markup('opened') })
  await stranger.try(contract.provePassword, { username: markup('typed'), password: 'some wrong password' })
  marked.browser.headers['user-agent'] = stranger.headers['user-agent']
  await marked.browser.call(contract.stepUp, {})
  await olga.browser.call(contract.suspendUser, { id: marked.id, reason: markup('suspended') })
  await olga.browser.call(contract.resumeUser, { id: marked.id, reason: markup('resumed') })

  const visitor = await newVisitor(chromium)
  const { page } = visitor
  await page.goto(`${server.origin}/sign-in?returnTo=${encodeURIComponent(`javascript:${markup('returnTo')}`)}`)
  await title(page, 'Sign in')
  await forgetStep(server, olga)
  await typePassword(page, olga)
  await enterPasscode(page, olga.secret)
  await page.waitForURL((url) => url.pathname !== '/sign-in')
  const [typed] = (await olga.browser.call(contract.listEvents, { type: 'sign-in.password', outcome: 'failure' })).items
  const [revoked] = (await olga.browser.call(contract.listEvents, { type: 'code.revoked' })).items
  for (const [path, shown] of [
    ['/users', 'display name'],
    [`/users/${marked.id}`, 'display name'],
    ['/users?q=%3Cimg', 'display name'],
    ['/events', 'typed'],
    [`/events?codeId=${code.id}`, undefined],
    [`/events/${typed?.id}`, 'typed'],
    [`/events/${revoked?.id}`, 'reason'],
    ['/codes', undefined],
    [`/codes/${marked.codeId}`, undefined],
    ['/sessions', undefined],
    ['/settings/tokens', 'token'],
    ['/', undefined],
  ] as const) {
    await page.goto(server.origin + path)
    // neither the list nor the event says that a person of this name did it
    if (shown === 'typed') await page.getByText('a name that was typed').first().waitFor()
    if (shown)
      await eventually(
        () => page.locator('body').innerText(),
        (text) => text.includes(`window.hit='${shown}'`),
        `${path} does not show what was written`,
      )
    else await page.getByRole('heading', { level: 1 }).waitFor()
    assert.equal(await page.evaluate('window.hit'), undefined, path)
    assert.equal(await page.locator('img[src="x"]').count(), 0, path)
  }
  assert.deepEqual(visitor.complaints, [])
})
