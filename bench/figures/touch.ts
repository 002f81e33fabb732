import { join } from 'node:path'
import * as contract from '@postern/contract'
import type { Browser as Chromium, Page, Request } from 'playwright-core'
import { buildWeb } from '../../scripts/build-web.ts'
import { Browser } from '../../test/support/browser.ts'
import { launchChromium, newVisitor, symbolOn } from '../../test/support/chromium.ts'
import { type Film, newFilm } from '../../test/support/film.ts'
import { enrolByCode } from '../../test/support/people.ts'
import { filmed, numberOn, readByCamera } from '../../test/support/screen-to-phone.ts'
import { phone, press, registerHere, title } from '../../test/support/screens.ts'
import { addAuthenticator } from '../../test/support/virtual-authenticator.ts'
import { type Figure, milliseconds, type Row } from '../lib/figure.ts'
import { quantile } from '../lib/load.ts'
import { freePort, type Running } from '../lib/processes.ts'
import { isReady, scratchFolder, serve } from '../lib/servers.ts'

const warming = 2
const measured = 15
/** One round in so many the camera reads the code, which takes it some seconds; else a reader of symbols, off a picture of the page. */
const byCameraEvery = 6
const longestMs = 300
const username = 'marek'

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
    running.push(await serve(env, ready))
  }
  return {
    origins,
    link: link as string,
    stop: async () => {
      for (const each of running) await each.stop()
    },
  }
}

// The clock of this machine, as both pages read it.
const now = 'performance.timeOrigin + performance.now()'
/** The touch: the authenticator has answered the page of the phone. */
const noteTouch = `{
  const { get } = CredentialsContainer.prototype
  CredentialsContainer.prototype.get = async function (...given) {
    const answer = await get.apply(this, given)
    globalThis.touchedAt = ${now}
    return answer
  }
}`
/** Signed in: the frame is drawn in which the page that was asked for stands, with its title and the name of its person. */
const noteSignedIn = `globalThis.signedInAt = new Promise((resolve) => {
  const look = () => {
    const main = document.querySelector('main')
    if (location.pathname !== '/me' || !main?.querySelector('h1') || !main.innerText.includes('${username}')) return
    watch.disconnect()
    // what is posted within a frame arrives when it has been drawn
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => resolve(${now})
    requestAnimationFrame(() => port2.postMessage(undefined))
  }
  const watch = new MutationObserver(look)
  watch.observe(document, { childList: true, subtree: true })
})`
/** The next call of a page to this path: when it was sent, and when its whole answer was there. */
const nextCall = async (page: Page, path: string): Promise<{ sent: number; answered: number }> => {
  const request: Request = await page.waitForRequest((each) => new URL(each.url()).pathname === path)
  await (await request.response())?.finished()
  const { startTime, responseEnd } = request.timing()
  return { sent: startTime, answered: startTime + responseEnd }
}

/** Milliseconds: the whole, its parts one after the other, and beside them what the phone waits for its answer. */
type Round = { whole: number; heard: number; collected: number; session: number; drawn: number; answer: number }
const rounds = async (chromium: Chromium, film: Film, { origins, link }: Deployment): Promise<Round[]> => {
  const [atPhone, atDesk] = [origins[0] as string, origins.at(-1) as string]
  const operator = await enrolByCode(new Browser(atPhone), link, { username: 'olga' })
  const { id } = await operator.browser.call(contract.createUser, { username })
  const { code } = await operator.browser.call(contract.enrolUser, { id, factor: 'device' })
  const mobile = await newVisitor(chromium, { ...phone, permissions: ['camera'] })
  const desk = await newVisitor(chromium)
  await mobile.page.addInitScript(noteTouch)
  await desk.page.addInitScript(noteSignedIn)
  await addAuthenticator(mobile.page)
  await registerHere(mobile.page, code.url as string)
  const measure = async (byCamera: boolean): Promise<Round> => {
    // signed out, in a browser that has been here before
    await desk.context.clearCookies()
    await desk.page.goto(`${atDesk}/sign-in`)
    if (byCamera) await readByCamera(mobile.page, atPhone, filmed(film, desk.page))
    else {
      await mobile.page.goto(await symbolOn(desk.page))
      await press(mobile.page, 'Continue')
    }
    for (const digit of await numberOn(desk.page)) await press(mobile.page, digit)
    await desk.page.getByText('Scanned. Now confirm on your phone.').first().waitFor()
    const calls = Promise.all([
      nextCall(mobile.page, '/api/approvals'),
      nextCall(desk.page, '/api/sign-ins/current/collect'),
      nextCall(desk.page, '/api/session'),
    ])
    await press(mobile.page, 'Approve')
    const [approve, collect, session] = await calls
    await desk.page.waitForURL(`${atDesk}/me`)
    const signedIn: number = await desk.page.evaluate('signedInAt')
    const touched: number = await mobile.page.evaluate('touchedAt')
    await title(mobile.page, 'Approved. Look at the computer.')
    return {
      whole: signedIn - touched,
      heard: collect.sent - touched,
      collected: collect.answered - collect.sent,
      session: session.answered - collect.answered,
      drawn: signedIn - session.answered,
      answer: approve.answered - touched,
    }
  }
  const all: Round[] = []
  for (let at = 0; at < warming + measured; at++) all.push(await measure(at % byCameraEvery === 0))
  const complaints = [...desk.complaints, ...mobile.complaints]
  if (complaints.length > 0) throw new Error(`the pages complain: ${complaints.join('\n')}`)
  await desk.context.close()
  await mobile.context.close()
  return all.slice(warming)
}

const row = (where: string, all: readonly Round[]): Row => {
  const of = (part: keyof Round, q = 0.5): number =>
    quantile(
      all.map((round) => round[part]),
      q,
    )
  const whole = of('whole')
  return {
    figure: `touch to signed in, ${where}; of ${all.length} the 90th percentile ${milliseconds(of('whole', 0.9))}; medians of the parts: approved and heard ${milliseconds(of('heard'))}, collected ${milliseconds(of('collected'))}, session read ${milliseconds(of('session'))}, drawn ${milliseconds(of('drawn'))}; the phone has its answer after ${milliseconds(of('answer'))}`,
    ours: milliseconds(whole),
    reference: '',
    ratio: '',
    goal: `< ${longestMs} ms`,
    met: whole < longestMs,
  }
}
/** Sign-in by phone as its person sees it on two screens: from the touch on the phone until the computer is signed in. */
export const touch: Figure = async ({ cluster }) => {
  buildWeb()
  const film = newFilm()
  const chromium = await launchChromium(film.flags)
  const at = async (where: string, processes: number, databaseUrl?: string): Promise<Row> => {
    const deployment = await startDeployment(processes, databaseUrl)
    try {
      return row(where, await rounds(chromium, film, deployment))
    } finally {
      await deployment.stop()
    }
  }
  try {
    return [
      await at('embedded database', 1),
      await at('DATABASE_URL', 1, await cluster.newDatabase('postern_touch')),
      await at('DATABASE_URL, phone and computer at two processes', 2, await cluster.newDatabase('postern_touch_two')),
    ]
  } finally {
    await chromium.close()
  }
}
