import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp from 'sharp'
import { drawIcons } from '../scripts/draw-icons.ts'
import { newVisitor, openChromium } from './support/chromium.ts'
import { phone } from './support/screens.ts'
import { startServer } from './support/server.ts'

/** The phone page as people keep it: its manifest and icons, as a browser takes them. */
const server = await startServer()
type Manifest = {
  id: string
  name: string
  start_url: string
  scope: string
  display: string
  icons: { src: string; sizes: string; type: string; purpose?: string }[]
}
const manifest = async () => {
  const answer = await fetch(`${server.origin}/phone/manifest.webmanifest`)
  return { answer, value: (await answer.json()) as Manifest }
}

test('Chromium finds the manifest of /phone without fault, under the name of the deployment, with a colour for each scheme', async () => {
  await server.sql(`update authentication_settings set issuer = 'Harbour Works'`)
  const chromium = await openChromium()
  const visitor = await newVisitor(chromium, phone)
  const { page } = visitor
  for (const path of ['/phone', '/phone/me']) {
    await page.goto(server.origin + path)
    const devtools = await page.context().newCDPSession(page)
    const { url, errors, data } = await devtools.send('Page.getAppManifest')
    assert.deepEqual([url, errors], [`${server.origin}/phone/manifest.webmanifest`, []], path)
    const { name, start_url, scope, display } = JSON.parse(data as string) as Manifest
    assert.deepEqual([name, start_url, scope, display], ['Harbour Works', '/phone', '/phone', 'standalone'])
    const { installabilityErrors } = await devtools.send('Page.getInstallabilityErrors')
    // a private window keeps nothing; there is no other reason against it
    assert.deepEqual(
      installabilityErrors.map(({ errorId }) => errorId).filter((id) => id !== 'in-incognito'),
      [],
    )
    const colour = () =>
      page.evaluate(
        `[...document.querySelectorAll('meta[name=theme-color]')].find((meta) => matchMedia(meta.media).matches)?.content`,
      )
    const surface = () =>
      page.evaluate(
        `'#' + getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map((part) => Number(part).toString(16).padStart(2, '0')).join('')`,
      )
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      assert.equal(await colour(), await surface(), `${path}, ${colorScheme}`)
    }
    // the name in the head is the one that a code's own page has
    assert.equal(await page.locator('.top b').innerText(), 'Harbour Works')
    assert.equal(await page.evaluate(`navigator.serviceWorker.getRegistrations().then((all) => all.length)`), 0)
  }
  assert.deepEqual(visitor.complaints, [])
  // a code that is scanned is nothing to keep
  await page.goto(`${server.origin}/c/cod_01jd0000000000000000000000`)
  const devtools = await page.context().newCDPSession(page)
  assert.equal((await devtools.send('Page.getAppManifest')).url, '')
  await visitor.context.close()
})

test('manifest and icons come as what they are, from our own origin, and the icons are what the drawing draws', async () => {
  const { answer, value } = await manifest()
  assert.match(String(answer.headers.get('content-type')), /^application\/manifest\+json/)
  assert.equal(answer.headers.get('cache-control'), 'no-cache')
  const drawn = await drawIcons()
  const pixels = (png: Buffer) => sharp(png).ensureAlpha().raw().toBuffer()
  for (const { src, sizes, type } of [
    ...value.icons,
    { src: '/phone/icons/phone-180.png', sizes: '180x180', type: 'image/png' },
  ]) {
    const icon = await fetch(server.origin + src)
    assert.deepEqual([icon.status, icon.headers.get('content-type')?.split(';')[0]], [200, type], src)
    assert.equal(icon.headers.get('x-content-type-options'), 'nosniff')
    if (sizes === 'any') continue
    const bytes = Buffer.from(await icon.arrayBuffer())
    const { width, height } = await sharp(bytes).metadata()
    assert.equal(`${width}x${height}`, sizes, src)
    const [now, then] = [await pixels(drawn[src.split('/').at(-1) as string] as Buffer), await pixels(bytes)]
    const off = now.reduce((sum, byte, at) => sum + Math.abs(byte - (then[at] as number)), 0) / now.length
    assert.ok(off < 1, `${src} is not what phone.svg draws: node scripts/draw-icons.ts`)
  }
  const policy = async (path: string) => String((await fetch(server.origin + path)).headers.get('content-security-policy'))
  assert.match(await policy('/phone'), /default-src 'none'.*manifest-src 'self'/)
  assert.doesNotMatch(await policy('/c/x'), /manifest-src/)
  assert.equal((await fetch(`${server.origin}/phone/icons/../../../package.json`)).status, 404)
})
