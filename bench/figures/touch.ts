import { join } from 'node:path'
import * as contract from '@postern/contract'
import type { Browser as Chromium, Page, Request } from 'playwright-core'
import { buildWeb } from '../../scripts/build-web.ts'
import { Browser } from '../../test/support/browser.ts'
import { launchChromium, newVisitor, symbolOn, type Visitor } from '../../test/support/chromium.ts'
import { type Film, newFilm } from '../../test/support/film.ts'
import { enrolByCode } from '../../test/support/people.ts'
import { numberOn, readByCamera } from '../../test/support/screen-to-phone.ts'
import { phone, press, registerHere, title } from '../../test/support/screens.ts'
import { addAuthenticator } from '../../test/support/virtual-authenticator.ts'
import { type Figure, milliseconds, type Row } from '../lib/figure.ts'
import { median, quantile } from '../lib/load.ts'
import { freePort, type Running, start } from '../lib/processes.ts'
import { isReady, postern, scratchFolder } from '../lib/servers.ts'

const warming = 2
const measured = 15
/** Each so many rounds the code is read by the camera, which takes it some seconds; else by a reader of symbols, off a picture of the page. */
const cameraEvery = 6
const longestMs = 300

/** Processes of one deployment: the phone is at the first, whose origin stands in the codes, the computer at the last. */
type Deployment = { origins: string[]; link: string; stop: () => Promise<void> }
const startDeployment = async (processes: number, databaseUrl?: string): Promise<Deployment> => {
  const ports: number[] = []
  for (let k = 0; k < processes; k++) ports.push(await freePort())
  const origins = ports.map((port) => `http://localhost:${port}`)
  const data = scratchFolder()
  const running: Running[] = []
  let link: string | undefined
  for (const [at, port] of ports.entries()) {
    const env = {
      POSTERN_DATA: data,
      POSTERN_KEY_FILE: join(data, 'master.key'),
      POSTERN_ORIGIN: origins.join(','),
      POSTERN_LISTEN: `127.0.0.1:${port}`,
      POSTERN_LOG: 'warn',
      ...(databaseUrl ? { DATABASE_URL: databaseUrl } : {}),
      ...(at > 0 ? { POSTERN_BOOTSTRAP: 'off' } : {}),
    }
    const ready = (output: string) => {
      link ??= /http:\S+\/c\/cod_\S+#\S+/.exec(output)?.[0]
      return link !== undefined && isReady(port)
    }
    running.push(await start(process.execPath, [postern, 'serve'], env, ready))
  }
  return {
    origins,
    link: link as string,
    stop: async () => {
      for (const each of running) await each.stop()
    },
  }
}

// One clock for both pages: of the machine, as a page reads it. The touch is the answer of the authenticator.
const noteTouch = `{
  const { get } = CredentialsContainer.prototype
  CredentialsContainer.prototype.get = async function (...given) {
    const answer = await get.apply(this, given)
    globalThis.touchedAt = performance.timeOrigin + performance.now()
    return answer
  }
}`
/** The first frame that shows the page that was asked for: its title, and under it the name of the person. */
const noteSignedIn = (username: string): string => `if (location.pathname !== '/sign-in') globalThis.signedInAt = new Promise((resolve) => {
  const look = () => {
    const main = document.querySelector('main')
    if (!main?.querySelector('h1') || !main.innerText.includes(${JSON.stringify(username)})) return
    watch.disconnect()
    // what is posted within a frame comes when it has been drawn
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => resolve(performance.timeOrigin + performance.now())
    requestAnimationFrame(() => port2.postMessage(undefined))
  }
  const watch = new MutationObserver(look)
  watch.observe(document, { childList: true, subtree: true })
})`

/** The answered requests of a page: when each was sent and answered, by the same clock. */
const requestsOf = (page: Page) => {
  const seen: { path: string; request: Request }[] = []
  page.on('request', (request) => seen.push({ path: new URL(request.url()).pathname, request }))
  return {
    clear: () => {
      seen.length = 0
    },
    all: () => seen.map(({ path, request }) => {
      const { startTime, responseStart, responseEnd } = request.timing()
      return { path, sent: startTime, began: startTime + responseStart, answered: startTime + responseEnd }
    }),
  }
}

type Journey = { desk: Visitor; mobile: Visitor; film: Film; deployment: Deployment }
export const debug = async (chromium: Chromium, film: Film, deployment: Deployment) => {
  const { origins, link } = deployment
  const [atPhone, atDesk] = [origins[0] as string, origins.at(-1) as string]
  const olga = await enrolByCode(new Browser(atPhone), link, { username: 'olga' })
  const username = 'marek'
  const { id } = await olga.browser.call(contract.createUser, { username })
  const { code } = await olga.browser.call(contract.enrolUser, { id, factor: 'device' })
  const mobile = await newVisitor(chromium, { ...phone, permissions: ['camera'] })
  const desk = await newVisitor(chromium)
  await mobile.page.addInitScript(noteTouch)
  await desk.page.addInitScript(noteSignedIn(username))
  await addAuthenticator(mobile.page)
  await registerHere(mobile.page, code.url as string)
  const ofPhone = requestsOf(mobile.page)
  const ofDesk = requestsOf(desk.page)
  const totals: number[] = []
  for (let round = 0; round < Number(process.env.ROUNDS ?? 5); round++) {
    const began = performance.now()
    await desk.context.clearCookies()
    await desk.page.goto(`${atDesk}/sign-in`)
    if (round === 0) await readByCamera(mobile.page, atPhone, film, desk.page)
    else {
      await mobile.page.goto(await symbolOn(desk.page))
      await press(mobile.page, 'Continue')
    }
    for (const digit of await numberOn(desk.page)) await press(mobile.page, digit)
    await desk.page.getByText('Scanned. Now confirm on your phone.').first().waitFor()
    ofPhone.clear(); ofDesk.clear()
    const prep = performance.now() - began
    await press(mobile.page, 'Approve')
    await desk.page.waitForURL(`${atDesk}/me`)
    const signedIn = (await desk.page.evaluate('signedInAt')) as number
    await title(mobile.page, 'Approved. Look at the computer.')
    const touched = (await mobile.page.evaluate('touchedAt')) as number
    await desk.page.waitForLoadState('networkidle')
    totals.push(signedIn - touched)
    console.log(`round ${round} prep ${prep.toFixed(0)} total ${(signedIn - touched).toFixed(1)}`)
    const paint = await desk.page.evaluate(`performance.getEntriesByType('paint').map((e) => [e.name, performance.timeOrigin + e.startTime - ${touched}])`)
    if (round > 2 && round < 6) {
    const show = (list: ReturnType<typeof ofPhone.all>) => { for (const r of list) console.log('   ', r.path.padEnd(60), (r.sent - touched).toFixed(1), (r.began - touched).toFixed(1), (r.answered - touched).toFixed(1)) }
    show(ofPhone.all()); show(ofDesk.all()); console.log(paint)
    }
  }
  console.log('median', median(totals), 'p90', quantile(totals, 0.9), desk.complaints, mobile.complaints)
}

export const touch: Figure = async ({ cluster }) => {
  buildWeb()
  const film = newFilm()
  const chromium = await launchChromium(film.flags)
  try {
    for (const [n, url] of [[1], [1, await cluster.newDatabase('postern_touch')], [2, await cluster.newDatabase('postern_touch_2')]] as const) {
      const deployment = await startDeployment(n, url)
      await debug(chromium, film, deployment)
      await deployment.stop()
    }
    return []
  } finally {
    await chromium.close()
  }
}
