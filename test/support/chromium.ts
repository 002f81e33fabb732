import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after } from 'node:test'
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core'
import { scratchFolder } from './cluster.ts'
import { certificates, homeThatTrusts, hostName } from './hosts.ts'

/**
 * Of this switch the last one counts, so what Playwright turns off stands here too. The two at the end: the address bar's own
 * pages, which each window loads and nobody sees, at more work than most pages of ours.
 */
const turnedOff = [
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose',
  'HttpsUpgrades',
  'HttpsFirstBalancedModeAutoEnable',
  'LensOverlay',
  'MediaRouter',
  'PaintHolding',
  'ThirdPartyStoragePartitioning',
  'AvoidCorsURLLoaderRestartOnRedirect',
  'OptimizationHints',
  'NetworkTimeServiceQuerying',
  'AimEnabled',
  'PreconnectToSearch',
  'WebUIOmniboxPopup',
  'WebUIOmniboxAimPopup',
]
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  `--disable-features=${turnedOff}`,
  `--host-resolver-rules=MAP ${hostName} 127.0.0.1`,
]

/** Debian's Chromium; it trusts the test's authority and finds its name here. */
export const launchChromium = (more: string[] = []): Promise<Browser> =>
  chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [...flags, ...more],
    env: { PATH: process.env.PATH ?? '', LANG: 'C.UTF-8', HOME: homeThatTrusts(certificates().ca) },
  })
/** One a test file, which it ends with. */
export const openChromium = async (more: string[] = []): Promise<Browser> => {
  const browser = await launchChromium(more)
  after(() => browser.close())
  return browser
}

/** Somebody's browser: cookies and keys of its own. Whatever its pages complain about is in `complaints`, and must be nothing. */
export type Visitor = { context: BrowserContext; page: Page; complaints: string[]; watch: (page: Page) => void }
type VisitorOptions = BrowserContextOptions & { address?: string }

/** What Chromium itself says of an answer that refuses; a refusal is an answer, and pages say it in their own words. */
const refusals = /^Failed to load resource: the server responded with a status of (40[0134569]|410|412|413|415|42[1289]|503)/
export const newVisitor = async (browser: Browser, { address, ...options }: VisitorOptions = {}): Promise<Visitor> => {
  const context = await browser.newContext({
    locale: 'en-GB',
    timezoneId: 'Europe/Warsaw',
    viewport: { width: 1280, height: 832 },
    reducedMotion: 'reduce',
    ...(address ? { extraHTTPHeaders: { 'x-forwarded-for': address } } : {}),
    ...options,
  })
  // a busy machine may take long; what never comes fails all the same
  context.setDefaultTimeout(90_000)
  const complaints: string[] = []
  const watch = (page: Page): void => {
    page.on('pageerror', (error) => complaints.push(`${page.url()}: ${error.stack ?? error.message}`))
    page.on('console', (message) => {
      if (!['error', 'warning'].includes(message.type()) || refusals.test(message.text())) return
      complaints.push(`${page.url()}: ${message.type()}: ${message.text()} (${message.location().url})`)
    })
  }
  context.on('page', watch)
  const page = await context.newPage()
  return { context, page, complaints, watch }
}

/** Keeps the first words of an answer or page from being waited for blindly: an assertion that is tried until it holds. */
export const eventually = async <T>(what: () => Promise<T> | T, holds: (value: T) => boolean, why: string): Promise<T> => {
  const deadline = Date.now() + 90_000
  for (;;) {
    const value = await what()
    if (holds(value)) return value
    if (Date.now() > deadline) throw new Error(`${why}: ${JSON.stringify(value)}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

let pictures: string | undefined
/** What zbarimg, a reader of its own, finds in a picture. */
export const readSymbols = (picture: Buffer): string[] => {
  pictures ??= scratchFolder()
  const file = join(pictures, 'picture')
  writeFileSync(file, picture)
  try {
    return execFileSync('zbarimg', ['--quiet', '--raw', '-Sdisable', '-Sqrcode.enable', file], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
      .toString()
      .split('\n')
      .filter((line) => line !== '')
  } catch {
    return []
  }
}
/** The one symbol that a page shows, read off a screenshot as a phone would. */
export const symbolOn = async (page: Page | Locator): Promise<string> => {
  const [found, ...others] = await eventually(
    async () => readSymbols(await page.screenshot()),
    (symbols) => symbols.length > 0,
    'no symbol can be read off the screen',
  )
  if (others.length > 0) throw new Error(`more than one symbol: ${[found, ...others]}`)
  return found as string
}
/** The symbol among lines of half blocks, as a terminal with light ink on dark shows it. */
export const symbolInTerminal = (output: string): string | undefined => {
  const lines = output.split('\n').filter((line) => /^[█▀▄ ]+$/.test(line) && /[█▀▄]/.test(line))
  const width = Math.max(...lines.map((line) => line.length))
  const scale = 4
  const pixel = (row: number, column: number): number => {
    const [line, sign] = [Math.floor(row / 2), lines[Math.floor(row / 2)]?.[column] ?? ' ']
    return line < lines.length && (sign === '█' || sign === (row % 2 === 0 ? '▀' : '▄')) ? 255 : 0
  }
  const bytes: number[] = []
  for (let y = 0; y < lines.length * 2 * scale; y++)
    for (let x = 0; x < width * scale; x++) bytes.push(pixel(Math.floor(y / scale), Math.floor(x / scale)))
  return readSymbols(Buffer.concat([Buffer.from(`P5 ${width * scale} ${lines.length * 2 * scale} 255\n`), Buffer.from(bytes)]))[0]
}

/** The source of axe-core, to be evaluated in a page: as a script tag it would be refused by the content policy. */
let axeSource: string | undefined
type Violation = { id: string; help: string; nodes: { html: string; failureSummary?: string }[] }
const rules = {
  all: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] },
  /** What another colour scheme can change. */
  colours: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] },
}
/** What axe-core finds on a page by the rules of WCAG 2.0 to 2.2, A and AA, as lines. */
export const axe = async (page: Page, which: keyof typeof rules = 'all'): Promise<string[]> => {
  axeSource ??= readFileSync(join(import.meta.dirname, '../../node_modules/axe-core/axe.min.js'), 'utf8')
  if (!(await page.evaluate('typeof axe === "object"'))) await page.evaluate(axeSource)
  const violations = (await page.evaluate(
    `axe.run(document, { runOnly: ${JSON.stringify(rules[which])}, resultTypes: ['violations'] }).then(({ violations }) => violations)`,
  )) as Violation[]
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary?.replaceAll(/\s+/g, ' ') ?? ''}`),
  )
}

type AxNode = { ignored: boolean; role?: { value: string }; name?: { value: string }; backendDOMNodeId?: number }
const controls = new Set(
  'button link textbox searchbox checkbox radio combobox listbox option menuitem tab switch slider spinbutton dialog img'.split(
    ' ',
  ),
)
/** Controls in Chromium's accessibility tree that have a role and no name. */
export const nameless = async (page: Page): Promise<string[]> => {
  const session = await page.context().newCDPSession(page)
  const { nodes } = (await session.send('Accessibility.getFullAXTree')) as { nodes: AxNode[] }
  const found = nodes.filter(({ ignored, role, name }) => !ignored && controls.has(role?.value ?? '') && !name?.value?.trim())
  const lines: string[] = []
  for (const { role, backendDOMNodeId } of found) {
    const html = backendDOMNodeId
      ? await session.send('DOM.getOuterHTML', { backendNodeId: backendDOMNodeId }).then(
          ({ outerHTML }) => outerHTML.slice(0, 160),
          () => 'gone',
        )
      : ''
    lines.push(`${role?.value} without a name: ${html}`)
  }
  await session.detach()
  return lines
}
/** By how much a page is wider than its window. What floats follows a new width a frame or two later. */
export const overflow = (page: Page): Promise<number> =>
  page.evaluate(`new Promise((resolve) => {
    const look = (frames) => {
      const wider = document.documentElement.scrollWidth - document.documentElement.clientWidth
      if (wider <= 0 || frames === 0) resolve(wider)
      else requestAnimationFrame(() => look(frames - 1))
    }
    look(60)
  })`)

/** Until fades and slides have ended: a colour half-way is nobody's. */
export const atRest = (page: Page): Promise<unknown> =>
  page.evaluate(`Promise.race([
    Promise.all(document.getAnimations().map(({ finished }) => finished.catch(() => {}))),
    new Promise((resolve) => setTimeout(resolve, 1000)),
  ])`)

/** Grey values of a picture, a byte a pixel. */
const greys = (picture: Buffer): { width: number; height: number; pixels: Buffer } => {
  const raw = execFileSync(
    'ffmpeg',
    ['-loglevel', 'error', '-i', '-', '-f', 'image2pipe', '-pix_fmt', 'gray', '-c:v', 'pgm', '-'],
    {
      input: picture,
    },
  )
  const [head, width, height] = /^P5\s(\d+)\s(\d+)\s255\s/.exec(raw.subarray(0, 40).toString('latin1')) as unknown as [
    string,
    string,
    string,
  ]
  return { width: Number(width), height: Number(height), pixels: raw.subarray(head.length) }
}
/** How a symbol's picture stands on the screen: shades of ink and paper, and its quiet zone in modules. */
export const lookOfSymbol = (picture: Buffer, modules: number): { paper: number; ink: number; quiet: number } => {
  const { width, height, pixels } = greys(picture)
  const at = (x: number, y: number): number => pixels[y * width + x] as number
  const rows = Array.from({ length: height }, (_, y) => y).filter((y) =>
    pixels.subarray(y * width, (y + 1) * width).some((grey) => grey < 128),
  )
  const columns = Array.from({ length: width }, (_, x) => x).filter((x) => rows.some((y) => at(x, y) < 128))
  const [left, right, top, bottom] = [columns[0], columns.at(-1), rows[0], rows.at(-1)] as [number, number, number, number]
  const module = (right - left + 1) / modules
  return {
    paper: at(1, 1),
    ink: at(left + Math.round(module / 2), top + Math.round(module / 2)),
    quiet: Math.min(left, top, width - 1 - right, height - 1 - bottom) / module,
  }
}
